package org.gatehouse.factor;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Authentication.Method;
import org.gatehouse.json.Json;
import org.gatehouse.user.FactorEvent;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Adds factors that their users have proved. */
final class FactorEnrolment {
    /** The maximum number of factors of one type. It is far above what a user needs, and keeps the document small. */
    static final int MAX_PER_TYPE = 10;

    private static final Logger log = LoggerFactory.getLogger(FactorEnrolment.class);

    private final FactorContext context;
    private final SessionUpgrade sessions;

    FactorEnrolment(FactorContext context, SessionUpgrade sessions) {
        this.context = context;
        this.sessions = sessions;
    }

    /** A factor as added, and the new codes if it is the first factor of the account. */
    private record Added(Factor factor, @Nullable List<String> recoveryCodes) {}

    /**
     * Adds a factor to the caller's account in one write, and records that the caller's session has passed it. The first
     * factor of an account comes with recovery codes.
     *
     * @param verify receives the current state and returns the proved factor; runs again after a concurrent write, and
     *     may throw to reject the factor
     * @return the factor, the recovery codes if they are new, and the members of {@link SessionUpgrade} unless it fails
     * @throws GatehouseException {@code INSUFFICIENT_USER_AUTHENTICATION}, {@code SESSION_ENDED}, {@code FACTOR_LIMIT},
     *     or any exception that {@code verify} throws
     */
    ObjectNode add(UserCaller caller, Function<StoredFactors, Factor> verify) {
        AtomicReference<@Nullable Added> added = new AtomicReference<>();
        Optional<User> changed = context.factors().add(caller.id(), account -> {
            context.requireAllowed(caller, account);
            Factor factor = verify.apply(account);
            requireCapacity(account, factor.type());
            List<String> codes = account.count() == 0 ? RecoveryCodes.draw(context.random()) : null;
            added.set(new Added(factor, codes));
            return EnrolmentDocument.add(
                    account,
                    factor,
                    codes == null ? List.of() : RecoveryCodes.hashes(codes),
                    context.notice(account.user(), FactorEvent.ADDED, factor.name(), caller),
                    caller.clientInfo());
        });
        User after = changed.orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED)); // deleted meanwhile
        Added result = Optional.ofNullable(added.get()).orElseThrow();
        context.mails().handOver(after.id());
        context.events().added(caller, after, result.factor());
        ObjectNode response = FactorJson.write(result.factor());
        if (result.recoveryCodes() != null) {
            response.set("recoveryCodes", FactorJson.texts(result.recoveryCodes()));
        }
        return response.setAll(tokens(caller, after, result.factor()));
    }

    /**
     * Returns the members of {@link SessionUpgrade}; none if it fails. The factor is stored already, and only this
     * response has the recovery codes.
     */
    private ObjectNode tokens(UserCaller caller, User after, Factor factor) {
        try {
            return sessions.upgrade(caller, after, methods(factor));
        } catch (RuntimeException failed) {
            log.warn("A factor was added, but its session has no new token; the user can step up instead", failed);
            return Json.MAPPER.createObjectNode();
        }
    }

    /** Returns the methods that the factor adds to a session, however the session began. */
    private static Set<Method> methods(Factor factor) {
        Set<Method> methods = EnumSet.copyOf(factor.type().afterPassword());
        methods.remove(Method.PWD);
        return methods;
    }

    /**
     * Requires that the account may have another factor of this type.
     *
     * @throws GatehouseException {@code FACTOR_LIMIT}
     */
    static void requireCapacity(StoredFactors account, FactorType type) {
        long present = account.factors().values().stream()
                .filter(factor -> factor.type() == type)
                .count();
        if (present >= MAX_PER_TYPE) {
            throw new GatehouseException(ErrorCode.FACTOR_LIMIT);
        }
    }
}
