package org.gatehouse.user;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.throttle.Throttle;
import org.jspecify.annotations.Nullable;

/** Creates the user that one valid request describes. */
final class UserCreation {
    private final UserDao users;
    private final PasswordHasher hasher;
    private final @Nullable UserThrottle registrations;
    private final UserMails mails;
    private final AuditLog audit;
    private final Request request;
    private Throttle.@Nullable Permit permit;

    /**
     * The request that creates the user.
     *
     * @param caller null for a request without a token
     * @param input the input, without violations
     */
    record Request(@Nullable Caller caller, ClientInfo clientInfo, UserInput input) {}

    /** @param registrations the throttle; null for an administrator, because administrators are not limited */
    UserCreation(
            UserDao users,
            PasswordHasher hasher,
            @Nullable UserThrottle registrations,
            UserMails mails,
            AuditLog audit,
            Request request) {
        this.users = users;
        this.hasher = hasher;
        this.registrations = registrations;
        this.mails = mails;
        this.audit = audit;
        this.request = request;
    }

    /**
     * Returns the owner of an idempotency key. The response contains a user, so only the caller that first used the key
     * may receive the response. For a request without a token, the owner is the source of the request. A repeated
     * request must also have the same body, which contains the password.
     */
    String scope() {
        Caller caller = request.caller();
        if (caller == null) {
            return "source " + request.clientInfo().source();
        }
        return (caller instanceof ServiceCaller ? "service " : "user ")
                + caller.id().hex();
    }

    /** Creates the user if the throttle permits it. */
    User admitted(Supplier<User> creation) {
        if (registrations != null) {
            permit = registrations.acquireRegistration(request.clientInfo().source());
        }
        try {
            return creation.get();
        } catch (GatehouseException failed) {
            // The error USERNAME_TAKEN reveals that the name is taken, so this attempt counts. Other failed attempts do
            // not count.
            if (failed.code() != ErrorCode.USERNAME_TAKEN) {
                refund();
            }
            throw failed;
        }
    }

    Optional<User> find(UserId id) {
        return users.findLinearizable(id);
    }

    /** Stores the user with this id, or returns the user that a repetition of the request has stored meanwhile. */
    User insertOrFind(UserId id) {
        try {
            return insert(id);
        } catch (GatehouseException failed) {
            if (failed.code() != ErrorCode.USERNAME_TAKEN) {
                throw failed;
            }
            User twin = find(id).orElseThrow(() -> failed);
            refund();
            return twin;
        }
    }

    private void refund() {
        if (permit != null) {
            permit.refund();
        }
    }

    User insert(UserId id) {
        String password = Objects.requireNonNull(request.input().password()).reveal();
        NewUser newUser = newUser(id, hasher.hash(password));
        String language = Objects.requireNonNullElse(
                newUser.locale(), request.clientInfo().language());
        User user = users.insert(newUser.withMails(mails.verification(id, newUser.email(), language)));
        mails.handOver(id);
        AuditEvent event = AuditEvent.of(AuditType.USER_CREATED, request.clientInfo())
                .on(user.id(), user.username())
                .with(Detail.TO, Roles.text(user.roles()));
        Caller caller = request.caller();
        audit.record(caller == null ? event : event.by(caller.id()));
        return user;
    }

    /** Returns the user as it was at its creation. */
    User asCreated(UserId id, Instant at) {
        return UserDocument.read(UserDocument.of(newUser(id, ""), at));
    }

    private NewUser newUser(UserId id, String hash) {
        return request.input().newUser(id, hash, NewUser.Imported.NONE);
    }
}
