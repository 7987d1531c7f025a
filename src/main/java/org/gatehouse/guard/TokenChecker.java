package org.gatehouse.guard;

/** Determines the caller of a request from its token: {@link OfflineChecker} or {@link IntrospectingChecker}. */
interface TokenChecker {
    /**
     * Returns the caller.
     *
     * @throws Rejection 401 if the token is not valid
     * @throws IssuerException if the token could not be checked
     */
    GuardPrincipal check(String token) throws Rejection, IssuerException;
}
