package org.gatehouse.factor;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;
import org.gatehouse.user.Caller;
import org.gatehouse.user.FactorEvent;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;
import org.gatehouse.user.UserService;
import org.jspecify.annotations.Nullable;

/** Lists and removes factors, and replaces recovery codes. Each change is one write. */
final class FactorService {
    private final FactorContext context;
    private final UserService users;
    private final Predicate<User> mustHaveFactor;

    /** @param mustHaveFactor whether a role of the user requires a factor */
    FactorService(FactorContext context, UserService users, Predicate<User> mustHaveFactor) {
        this.context = context;
        this.users = users;
        this.mustHaveFactor = mustHaveFactor;
    }

    /** Returns the caller's factors and the number of the unused recovery codes. */
    ObjectNode list(UserCaller caller) {
        return list(caller.id());
    }

    /**
     * Returns the factors of a user as {@link #list(UserCaller)} does.
     *
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code FORBIDDEN}
     */
    ObjectNode listOf(Caller caller, String userId) {
        return list(users.find(caller, userId, Permission.FACTORS_READ).id());
    }

    private ObjectNode list(UserId id) {
        return FactorJson.write(
                context.factors().find(id).orElseThrow(() -> new GatehouseException(ErrorCode.USER_NOT_FOUND)));
    }

    /**
     * Removes one of the caller's factors. The last one takes the recovery codes with it.
     *
     * @throws GatehouseException {@code INSUFFICIENT_USER_AUTHENTICATION}, {@code SESSION_ENDED},
     *     {@code FACTOR_NOT_FOUND}, {@code FACTOR_REQUIRED_BY_ROLE}
     */
    void remove(UserCaller caller, String factorId) {
        context.stepUp().require(caller);
        remove(caller, caller.id(), factorId, account -> {
            context.requireAllowed(caller, account);
            if (account.count() == 1 && mustHaveFactor.test(account.user())) {
                throw new GatehouseException(ErrorCode.FACTOR_REQUIRED_BY_ROLE);
            }
            return account.user();
        });
    }

    /**
     * Removes a factor of another user, for example of a lost device, and ends all sessions of that user. Roles do not
     * prevent this. If a role requires a factor, the user must add one at the next login.
     *
     * @throws GatehouseException {@code INSUFFICIENT_USER_AUTHENTICATION}, {@code SESSION_ENDED},
     *     {@code USER_NOT_FOUND}, {@code FACTOR_NOT_FOUND}; {@code FACTOR_REQUIRED_BY_ROLE} for the caller's own factor
     */
    void removeOf(Caller caller, String userId, String factorId) {
        User user = users.find(caller, userId, Permission.FACTORS_REMOVE);
        if (caller.is(user.id())) {
            remove(caller.requireUser(), factorId);
            return;
        }
        context.stepUp().require(caller);
        remove(caller, user.id(), factorId, account -> account.user().withoutSessions(null));
    }

    /** Returns the user after the removal, or throws to reject the removal. */
    @FunctionalInterface
    private interface Removal {
        User apply(StoredFactors account);
    }

    private void remove(Caller caller, UserId id, String factorId, Removal removal) {
        FactorEvent event = caller.is(id) ? FactorEvent.REMOVED : FactorEvent.REMOVED_BY_ADMINISTRATOR;
        AtomicReference<@Nullable Factor> removed = new AtomicReference<>();
        Optional<User> changed = context.factors().change(id, account -> {
            Factor factor = Optional.ofNullable(account.factors().get(factorId)).orElseThrow(FactorService::notFound);
            removed.set(factor);
            return EnrolmentDocument.remove(
                    account,
                    factor,
                    removal.apply(account),
                    context.notice(account.user(), event, factor.name(), caller));
        });
        User after = changed.orElseThrow(() -> new GatehouseException(ErrorCode.USER_NOT_FOUND));
        context.mails().handOver(id);
        context.events()
                .removed(caller, after, Optional.ofNullable(removed.get()).orElseThrow());
    }

    /**
     * Replaces all recovery codes of the caller.
     *
     * @return the new codes; this is the only response with them
     * @throws GatehouseException {@code INSUFFICIENT_USER_AUTHENTICATION}, {@code SESSION_ENDED}, {@code FACTOR_MISSING}
     */
    ObjectNode replaceRecoveryCodes(UserCaller caller) {
        List<String> codes = RecoveryCodes.draw(context.random());
        User after = context.factors()
                .change(caller.id(), account -> {
                    context.requireAllowed(caller, account);
                    if (account.count() == 0) {
                        throw new GatehouseException(ErrorCode.FACTOR_MISSING);
                    }
                    return EnrolmentDocument.replaceRecoveryCodes(
                            account,
                            RecoveryCodes.hashes(codes),
                            context.notice(account.user(), FactorEvent.RECOVERY_CODES_REPLACED, "", caller));
                })
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED)); // deleted meanwhile
        context.mails().handOver(after.id());
        context.events().recoveryCodesReplaced(caller, after);
        return Json.MAPPER.createObjectNode().set("recoveryCodes", FactorJson.texts(codes));
    }

    static GatehouseException notFound() {
        return new GatehouseException(ErrorCode.FACTOR_NOT_FOUND);
    }
}
