package org.gatehouse.auth;

import org.gatehouse.auth.AccessToken.UserSession;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Authentication;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.user.Caller;
import org.gatehouse.user.FactorRule;
import org.gatehouse.user.UserCaller;
import org.jspecify.annotations.Nullable;

/**
 * Rejects users who must add a second factor first.
 *
 * <p>A login without a required factor returns a token for enrolment only. The token stays limited after the user has
 * added a factor in another session, because this session has not passed a factor.
 */
final class EnrolmentCheck {
    private final FactorRule rule;
    private final CachedSessions sessions;

    EnrolmentCheck(FactorRule rule, CachedSessions sessions) {
        this.rule = rule;
        this.sessions = sessions;
    }

    /**
     * Requires that the user has a factor if a role requires one, and that the session of an enrolment token has passed
     * one. The store is read for enrolment tokens, and for users whose cached copy has no factor.
     *
     * @param token null for a service that sent its id and a secret
     * @throws GatehouseException {@code FACTOR_ENROLMENT_REQUIRED}; {@code STORE_UNAVAILABLE}
     */
    void require(@Nullable AccessToken token, Caller caller) {
        boolean enrolment = token != null && token.enrolment() && !hasPassedFactor(token);
        if (enrolment || !isSatisfied(caller)) {
            throw new GatehouseException(ErrorCode.FACTOR_ENROLMENT_REQUIRED);
        }
    }

    /** Returns whether the caller is a service, or a user who has a factor or does not need one. */
    boolean isSatisfied(Caller caller) {
        return !(caller instanceof UserCaller user) || !rule.requiresEnrolment(user.user());
    }

    private boolean hasPassedFactor(AccessToken token) {
        return token.subject() instanceof UserSession session
                && sessions.authentication(session.sessionId())
                        .filter(Authentication::withFactor)
                        .isPresent();
    }
}
