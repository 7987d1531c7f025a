package org.gatehouse.overview;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.gatehouse.audit.AuditType;
import org.gatehouse.concurrent.SideThreads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Page;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;
import org.gatehouse.login.FailedLogins;
import org.gatehouse.mail.MailRow;
import org.gatehouse.mail.MailRows;
import org.gatehouse.user.Caller;
import org.gatehouse.user.Credential;
import org.gatehouse.user.User;
import org.gatehouse.user.UserJson;

/**
 * Collects everything about one user that the caller may see. The reads of the stores run at the same time, so the
 * parts may show slightly different moments.
 */
final class UserOverview {
    /** The entries of each list. The calls of the parts return further ones. */
    private static final int MAX_ENTRIES = 20;

    private static final int MAX_FAILURES = 10;

    private final OverviewModule.Parts sources;
    private final SideThreads side;

    UserOverview(OverviewModule.Parts sources, SideThreads side) {
        this.sources = sources;
        this.side = side;
    }

    /** The reads of one overview. */
    private record Reads(
            Supplier<Credential> credential,
            Supplier<ObjectNode> factors,
            Supplier<Boolean> mustEnrol,
            Supplier<Optional<UserId>> addressOwner,
            Supplier<Page<ObjectNode>> sessions,
            Supplier<Optional<FailedLogins>> failures,
            Supplier<Page<MailRow>> mails,
            Supplier<Page<ObjectNode>> audit,
            Supplier<Page<ObjectNode>> events,
            Supplier<Page<ObjectNode>> lastFailures,
            Supplier<Page<ObjectNode>> statusChanges) {}

    /**
     * Returns the overview of a user.
     *
     * @param id the id of a user, or {@code me}
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code FORBIDDEN}, {@code STORE_UNAVAILABLE}
     */
    ObjectNode of(Caller caller, String id) {
        UserId userId =
                sources.userService().find(caller, id, Permission.USERS_READ).id();
        // The cached user may show an earlier login.
        User user = sources.users().stored().findLinearizable(userId).orElseThrow(UserOverview::deleted);
        Set<Part> visible = Part.of(caller);
        Reads reads = start(caller, user, visible);
        ObjectNode json = Json.MAPPER.createObjectNode();
        List<String> more = new ArrayList<>();
        json.set("user", UserJson.write(user));
        json.set("login", login(user, reads, visible));
        if (visible.contains(Part.SESSIONS)) {
            put(json, Part.SESSIONS, reads.sessions().get(), more);
        }
        if (visible.contains(Part.FACTORS)) {
            json.setAll(reads.factors().get());
        }
        reads.failures()
                .get()
                .ifPresent(failures -> json.set(Part.THROTTLE.field(), Json.MAPPER.valueToTree(failures)));
        if (visible.contains(Part.MAILS)) {
            put(json, Part.MAILS, json(reads.mails().get()), more);
        }
        if (visible.contains(Part.AUDIT)) {
            put(json, Part.AUDIT, reads.audit().get(), more);
        }
        json.set("more", Json.MAPPER.valueToTree(more));
        return json;
    }

    private Reads start(Caller caller, User user, Set<Part> visible) {
        UserId id = user.id();
        boolean seesAudit = visible.contains(Part.AUDIT);
        return new Reads(
                side.start(() -> sources.users().cached().findCredential(id).orElseThrow(UserOverview::deleted)),
                side.start(() -> sources.factors().find(id).orElseThrow(UserOverview::deleted)),
                side.start(() -> sources.factorRule().requiresEnrolment(user)),
                side.start(() -> addressOwner(user)),
                page(visible.contains(Part.SESSIONS), () -> sources.sessions().latest(caller, user, MAX_ENTRIES)),
                side.start(() -> visible.contains(Part.THROTTLE)
                        ? Optional.of(sources.login().failedLogins(user, sources.factors()))
                        : Optional.empty()),
                page(visible.contains(Part.MAILS), () -> sources.mails().latest(id, MAX_ENTRIES)),
                page(seesAudit, () -> sources.audit().latest(id, MAX_ENTRIES)),
                audit(seesAudit, id, LoginDiagnosis.EVENTS, LoginDiagnosis.MAX_EVENTS),
                audit(seesAudit, id, LoginDiagnosis.FAILURES, MAX_FAILURES),
                audit(seesAudit && !user.isActive(), id, LoginDiagnosis.endsOfActivity(user), MAX_ENTRIES));
    }

    private <T> Supplier<Page<T>> page(boolean isVisible, Supplier<Page<T>> read) {
        return isVisible ? side.start(read) : () -> new Page<>(List.of(), false);
    }

    private Supplier<Page<ObjectNode>> audit(boolean isVisible, UserId id, Set<AuditType> types, int limit) {
        return page(isVisible, () -> sources.audit().latest(id, types, limit));
    }

    private Optional<UserId> addressOwner(User user) {
        return user.email().flatMap(sources.users().proofs()::findVerified).map(User::id);
    }

    private ObjectNode login(User user, Reads reads, Set<Part> visible) {
        Credential credential = reads.credential().get();
        List<String> types = new ArrayList<>();
        reads.factors()
                .get()
                .path("factors")
                .forEach(factor -> types.add(factor.path("type").asText()));
        UserId owner = reads.addressOwner()
                .get()
                .filter(found -> !found.equals(user.id()))
                .orElse(null);
        LoginFacts facts = new LoginFacts(
                user,
                credential.password() != null,
                types.stream().distinct().sorted().toList(),
                reads.mustEnrol().get(),
                owner,
                reads.failures().get().orElse(null),
                affecting(user, reads.events().get()),
                affecting(user, reads.statusChanges().get()),
                json(reads.mails().get()).entries());
        List<Cause> causes = LoginDiagnosis.causes(facts);
        ObjectNode login = Json.MAPPER.createObjectNode();
        login.put("can", causes.stream().noneMatch(cause -> cause.severity() == Cause.Severity.BLOCKS));
        login.set("causes", Json.MAPPER.valueToTree(causes));
        if (visible.contains(Part.AUDIT)) {
            login.set("lastFailures", array(affecting(user, reads.lastFailures().get())));
        }
        return login;
    }

    /** Omits the entries of what this user did to others. */
    private static List<ObjectNode> affecting(User user, Page<ObjectNode> entries) {
        return entries.entries().stream()
                .filter(entry -> entry.path("user").asText().equals(user.id().hex()))
                .toList();
    }

    private static Page<ObjectNode> json(Page<MailRow> rows) {
        return new Page<>(rows.entries().stream().map(MailRows::json).toList(), rows.hasNext());
    }

    private static void put(ObjectNode json, Part part, Page<ObjectNode> page, List<String> more) {
        json.set(part.field(), array(page.entries()));
        if (page.hasNext()) {
            more.add(part.field());
        }
    }

    private static ArrayNode array(List<? extends JsonNode> entries) {
        return Json.MAPPER.createArrayNode().addAll(entries);
    }

    private static GatehouseException deleted() {
        return new GatehouseException(ErrorCode.USER_NOT_FOUND);
    }
}
