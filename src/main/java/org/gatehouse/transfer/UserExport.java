package org.gatehouse.transfer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;
import org.gatehouse.password.StoredPassword;
import org.gatehouse.user.Caller;
import org.gatehouse.user.Credential;
import org.gatehouse.user.MongoUserDao;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDocument;
import org.gatehouse.user.UserJson;

/**
 * Exports all users, one per line, in the order of their ids.
 *
 * <p>Each page is read when it is needed, so concurrent changes may or may not be included. A user that exists during
 * the whole export is included exactly once.
 */
final class UserExport {
    /** The number of users in a page. A page takes about 16 MB if every user has custom fields of the maximum size. */
    private static final int PAGE = 1_000;

    /** See {@link org.gatehouse.factor.FactorTransfer#write}. */
    @FunctionalInterface
    interface FactorWriter {
        Map<UserId, ObjectNode> write(Collection<UserId> users, boolean withSecrets);
    }

    private final MongoUserDao users;
    private final FactorWriter factors;
    private final AuditLog audit;
    private final Predicate<Caller> stillAllowed;

    /** @param stillAllowed checked before each page is sent, because the caller may lose the role meanwhile */
    UserExport(MongoUserDao users, FactorWriter factors, AuditLog audit, Predicate<Caller> stillAllowed) {
        this.users = users;
        this.factors = factors;
        this.audit = audit;
        this.stillAllowed = stillAllowed;
    }

    /**
     * Starts an export. The audit log contains the export when this method returns.
     *
     * @param hashes whether password hashes, and the secrets of second factors, are included
     * @throws GatehouseException {@code STORE_UNAVAILABLE}, or {@code FORBIDDEN} if the caller has just lost the role
     */
    StreamingOutput start(Caller caller, boolean hashes) {
        List<Credential> first = users.page(null, PAGE, hashes);
        audit.recordOrFail(caller.auditEvent(AuditType.USERS_EXPORTED).with(Detail.HASHES, hashes ? "yes" : "no"));
        requireAllowed(caller);
        return output -> write(caller, first, hashes, output);
    }

    private void write(Caller caller, List<Credential> first, boolean hashes, OutputStream output) throws IOException {
        List<Credential> page = first;
        while (true) {
            Map<UserId, ObjectNode> ofFactors = factorsOf(page, hashes);
            for (Credential user : page) {
                ObjectNode line = line(user);
                line.setAll(ofFactors.getOrDefault(user.user().id(), Json.MAPPER.createObjectNode()));
                Json.writeLine(line, output);
            }
            if (page.size() < PAGE) {
                return;
            }
            UserId last = page.get(page.size() - 1).user().id();
            page = users.page(last, PAGE, hashes);
            requireAllowed(caller);
        }
    }

    private Map<UserId, ObjectNode> factorsOf(List<Credential> page, boolean hashes) {
        List<UserId> ids = page.stream()
                .map(Credential::user)
                .filter(User::hasFactor)
                .map(User::id)
                .toList();
        return factors.write(ids, hashes);
    }

    private void requireAllowed(Caller caller) {
        if (!stillAllowed.test(caller)) {
            throw new GatehouseException(ErrorCode.FORBIDDEN);
        }
    }

    /** Returns the fields of {@code GET /user/{id}} and the password hash. Plain passwords are never exported. */
    private static ObjectNode line(Credential credential) {
        ObjectNode line = UserJson.write(credential.user());
        StoredPassword password = credential.password();
        if (password != null && !password.plain()) {
            line.put(UserDocument.PASSWORD_HASH, password.text());
        }
        return line;
    }
}
