package org.gatehouse.auth;

import java.time.Duration;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.session.AuthenticatedSession;
import org.gatehouse.user.FactorRule;
import org.gatehouse.user.User;

/** Issues the access tokens of users. A user who must add a second factor gets a token that only allows this. */
public final class UserTokens {
    private final TokenIssuer issuer;
    private final FactorRule rule;

    UserTokens(TokenIssuer issuer, FactorRule rule) {
        this.issuer = issuer;
        this.rule = rule;
    }

    /**
     * An access token for the client.
     *
     * @param lifetime how long the token is valid after its time of issue
     * @param enrolment whether the token only allows to add a second factor; the client gets no refresh token then
     */
    public record Granted(String token, Duration lifetime, boolean enrolment) {
        @Override
        public String toString() {
            return "Granted[" + lifetime + "]";
        }
    }

    /**
     * Issues an access token for a session.
     *
     * @param user the current user
     * @throws GatehouseException {@code STORE_UNAVAILABLE} if no trusted signing key is available
     */
    public Granted issue(User user, AuthenticatedSession session) {
        boolean enrolment = rule.requiresEnrolment(user);
        TokenIssuer.Issued issued = enrolment
                ? issuer.issueForEnrolment(user.id(), session.id(), session.authentication(), session.expiresAt())
                : issuer.issue(user.id(), session.id(), user.roles(), session.authentication(), session.expiresAt());
        return new Granted(issued.token(), issued.lifetime(), enrolment);
    }

    /** Returns whether the user must add a second factor before anything else. */
    public boolean requiresEnrolment(User user) {
        return rule.requiresEnrolment(user);
    }

    /**
     * Rejects a user who must add a second factor first.
     *
     * @throws GatehouseException {@code FACTOR_ENROLMENT_REQUIRED}
     */
    public void requireEnrolled(User user) {
        rule.requireEnrolled(user);
    }
}
