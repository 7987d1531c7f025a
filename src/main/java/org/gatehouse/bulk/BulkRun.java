package org.gatehouse.bulk;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Page;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.UserId;
import org.gatehouse.user.Caller;
import org.gatehouse.user.User;
import org.gatehouse.user.UserService;

/**
 * Executes one bulk request. Each user is changed by a write of its own, with the rules and the audit entry of the call
 * for a single user. A user that cannot be changed does not prevent the other changes.
 */
final class BulkRun {
    /** The failures that concern one user. Other failures end the request. */
    private static final Set<ErrorCode> FAILURES_OF_ONE_USER =
            EnumSet.of(ErrorCode.USER_NOT_FOUND, ErrorCode.LAST_ADMINISTRATOR, ErrorCode.VALIDATION_FAILED);

    private final BulkContext context;
    private final Caller caller;
    private final BulkRequest request;
    private final BulkResult result;

    /** The administrators that this dry run would remove. */
    private final Set<UserId> removed = new HashSet<>();

    BulkRun(BulkContext context, Caller caller, BulkRequest request) {
        this.context = context;
        this.caller = caller;
        this.request = request;
        this.result = new BulkResult(request.dryRun());
    }

    /**
     * Returns the result as JSON.
     *
     * @throws GatehouseException {@code FORBIDDEN} if the caller loses the permission meanwhile, {@code SESSION_ENDED},
     *     {@code STORE_UNAVAILABLE}; some users may have been changed even then
     */
    ObjectNode run() {
        if (request.selection() instanceof BulkRequest.Filtered filtered) {
            return runPage(filtered);
        }
        BulkRequest.Named named = (BulkRequest.Named) request.selection();
        named.ids().forEach(id -> process(id, context.users().find(id)));
        return result.json(null);
    }

    private ObjectNode runPage(BulkRequest.Filtered filtered) {
        List<User> found = context.lists().page(filtered.filter(), filtered.after(), filtered.limit() + 1);
        Page<User> page = Page.of(found, filtered.limit());
        page.entries().forEach(user -> process(user.id(), Optional.of(user)));
        return result.json(
                page.hasNext()
                        ? filtered.cursor(
                                page.entries().get(page.entries().size() - 1).id())
                        : null);
    }

    private void process(UserId id, Optional<User> seen) {
        context.requireAllowed(caller);
        String username = seen.map(User::username).orElse(null);
        try {
            User user = seen.orElseThrow(() -> new GatehouseException(ErrorCode.USER_NOT_FOUND));
            if (caller.is(id) && locksOut(user)) {
                result.fail(id, username, ErrorCode.FORBIDDEN, "Bulk actions skip the caller.");
            } else {
                result.count(request.dryRun() ? wouldChange(user) : change(id));
            }
        } catch (GatehouseException failed) {
            if (!FAILURES_OF_ONE_USER.contains(failed.code())) {
                throw failed;
            }
            result.fail(id, username, failed.code(), message(failed));
        }
    }

    /** Whether the action would end the caller's own sessions or take the permission for bulk requests. */
    private boolean locksOut(User self) {
        User after = request.edit(self);
        return request.action() == BulkAction.END_SESSIONS
                || !after.isActive()
                || !Permission.USERS_WRITE.isHeldBy(after.roles());
    }

    private boolean change(UserId id) {
        if (request.action() == BulkAction.END_SESSIONS) {
            context.sessions().endAllOf(caller, id.hex());
            return true;
        }
        return context.users().changeRights(caller, id, request::edit).isChanged();
    }

    private boolean wouldChange(User user) {
        if (request.action() == BulkAction.END_SESSIONS) {
            return true;
        }
        UserService.Change change = context.users().tryRights(user, request::edit, removed);
        if (change.before().isActiveAdministrator() && !change.after().isActiveAdministrator()) {
            removed.add(user.id());
        }
        return change.isChanged();
    }

    /** Returns the message of a failure. The reason of an invalid change is in the error of the field. */
    private static String message(GatehouseException failed) {
        return Stream.concat(
                        failed.errors().stream().map(error -> error.field() + " " + error.message()),
                        Stream.of(Objects.requireNonNullElse(failed.getMessage(), "")))
                .findFirst()
                .orElseThrow();
    }
}
