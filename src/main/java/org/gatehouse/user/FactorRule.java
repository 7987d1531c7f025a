package org.gatehouse.user;

import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which users must have a second factor: those with one of the roles in {@code FACTOR_REQUIRED_ROLES}. Until
 * such a user has added a factor, all other calls are rejected.
 */
public final class FactorRule {
    private static final Logger log = LoggerFactory.getLogger(FactorRule.class);

    private final Set<String> roles;
    private final Function<UserId, Optional<User>> stored;

    /**
     * @param roles the roles whose users need a factor
     * @param stored returns a user as stored, not as cached
     */
    public FactorRule(Set<String> roles, Function<UserId, Optional<User>> stored) {
        this.roles = Set.copyOf(roles);
        this.stored = stored;
    }

    /** Recommends in the log to require a factor of administrators and support if no role requires one. */
    public void recommend() {
        if (roles.isEmpty()) {
            log.info(
                    "No role requires a second factor. FACTOR_REQUIRED_ROLES={},{} is recommended.",
                    Roles.ADMIN,
                    Roles.SUPPORT);
        }
    }

    /** Returns whether a role of the user requires a factor, even if the user has one. */
    public boolean mustHaveFactor(User user) {
        return !Collections.disjoint(roles, user.roles());
    }

    /**
     * Returns whether a role of the user requires a factor and the user has none. The store decides before a user is
     * rejected, because a cache entry of version 0.1.0 does not show factors.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    public boolean requiresEnrolment(User user) {
        return lacksFactor(user)
                && stored.apply(user.id()).map(this::lacksFactor).orElse(true);
    }

    private boolean lacksFactor(User user) {
        return !user.hasFactor() && mustHaveFactor(user);
    }

    /**
     * Rejects a user who must add a factor first.
     *
     * @throws GatehouseException {@code FACTOR_ENROLMENT_REQUIRED}
     */
    public void requireEnrolled(User user) {
        if (requiresEnrolment(user)) {
            throw new GatehouseException(ErrorCode.FACTOR_ENROLMENT_REQUIRED);
        }
    }
}
