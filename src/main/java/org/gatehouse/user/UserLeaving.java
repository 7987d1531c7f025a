package org.gatehouse.user;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.UserId;

/**
 * Lets users delete their own accounts, and undo this within {@link #PERIOD}.
 *
 * <p>Each step is one conditional write. If an undo and a deletion happen at the same time, one of them fails and changes
 * nothing.
 */
public final class UserLeaving {
    /** Long enough for the owner to notice that another person has deleted the account. */
    public static final Duration PERIOD = Duration.ofDays(7);

    private static final String REASON = "left";

    private final UserDaos users;
    private final LastAdministratorRule lastAdministrator;
    private final StepUp stepUp;
    private final AuditLog audit;
    private final Clock clock;

    UserLeaving(UserDaos users, LastAdministratorRule lastAdministrator, StepUp stepUp, AuditLog audit, Clock clock) {
        this.users = users;
        this.lastAdministrator = lastAdministrator;
        this.stepUp = stepUp;
        this.audit = audit;
        this.clock = clock;
    }

    /**
     * Plans the deletion of the caller's account, and ends all sessions of the caller in the same write.
     *
     * @param precondition throws if the user is not in the state that the caller expects
     * @return the user with the status {@code leaving} and the time of the deletion
     * @throws GatehouseException {@code LAST_ADMINISTRATOR}, {@code SESSION_ENDED}, or any exception that {@link StepUp}
     *     or the precondition throws
     */
    User leave(UserCaller caller, Consumer<User> precondition) {
        Instant time = clock.instant().plus(PERIOD);
        check(users.cached().findLinearizable(caller.id()).orElseThrow(UserLeaving::ended), time, precondition);
        stepUp.require(caller);
        User after = lastAdministrator
                .exclusively(() -> users.proofs().change(caller.id(), user -> {
                    if (!caller.isStillAuthorized(user)) {
                        throw ended();
                    }
                    return UserEdit.of(check(user, time, precondition), List.of());
                }))
                .orElseThrow(UserLeaving::ended);
        audit.record(caller.auditEvent(AuditType.USER_LEAVING).on(after.id(), after.username()));
        return after;
    }

    private User check(User user, Instant time, Consumer<User> precondition) {
        precondition.accept(user);
        User after = user.leaving(time);
        lastAdministrator.require(user, after, Set.of());
        return after;
    }

    private static GatehouseException ended() {
        return new GatehouseException(ErrorCode.SESSION_ENDED);
    }

    /**
     * Cancels the deletion of a leaving user who has just authenticated.
     *
     * @param credential the user as read for the authentication
     * @param rejected returns the exception if the user has been deleted, disabled or given another password since
     * @throws GatehouseException the exception of {@code rejected}
     */
    public void stay(Credential credential, ClientInfo client, Supplier<GatehouseException> rejected) {
        UserId id = credential.user().id();
        long epoch = credential.user().epoch().number();
        AtomicBoolean active = new AtomicBoolean();
        Optional<User> changed = users.proofs().change(id, user -> {
            if (!user.mayAuthenticate() || user.epoch().number() != epoch) {
                throw rejected.get();
            }
            active.set(user.isActive()); // another login has cancelled the deletion
            return UserEdit.of(user.isActive() ? user : user.staying(), List.of());
        });
        if (changed.isEmpty() && !active.get()) {
            throw rejected.get();
        }
        changed.ifPresent(user -> audit.record(
                AuditEvent.of(AuditType.USER_STAYED, client).by(user.id()).on(user.id(), user.username())));
    }

    /** Deletes a leaving user if the time has come. Several nodes may call this at the same time. */
    public void deleteIfDue(UserId id) {
        Instant now = clock.instant();
        Consumer<User> check = user -> {
            Instant time = user.deletedAfter();
            if (time == null || time.isAfter(now)) {
                throw new GatehouseException(ErrorCode.VERSION_MISMATCH);
            }
        };
        try {
            users.cached()
                    .delete(id, check)
                    .ifPresent(gone -> audit.record(AuditEvent.ofService(AuditType.USER_DELETED)
                            .on(id, gone.username())
                            .with(Detail.REASON, REASON)));
        } catch (GatehouseException notDue) {
            if (notDue.code() != ErrorCode.VERSION_MISMATCH) {
                throw notDue;
            }
        }
    }
}
