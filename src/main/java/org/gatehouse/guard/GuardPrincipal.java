package org.gatehouse.guard;

import java.security.Principal;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The caller of a request, as its access token or its introspection describes it. Instances are immutable.
 *
 * <p>This is not a record. Java keeps a reference to a record class whose {@code equals} has run, which would keep the
 * web application in memory after its redeployment.
 */
public final class GuardPrincipal implements Principal {
    private final String issuer;
    private final String subject;
    private final @Nullable String username;
    private final @Nullable String clientId;
    private final Set<String> roles;
    private final Instant expiresAt;
    private final CallerAuthentication authentication;

    GuardPrincipal(
            String issuer,
            String subject,
            @Nullable String username,
            @Nullable String clientId,
            Set<String> roles,
            Instant expiresAt,
            CallerAuthentication authentication) {
        this.issuer = issuer;
        this.subject = subject;
        this.username = username;
        this.clientId = clientId;
        this.roles = Set.copyOf(roles);
        this.expiresAt = expiresAt;
        this.authentication = authentication;
    }

    /**
     * Returns the claim {@code sub}: the id of the user or of the service. It is the same in both modes, never changes,
     * and is never given to another user.
     */
    @Override
    public String getName() {
        return subject;
    }

    /** Returns the claim {@code iss}, which equals the configured issuer. */
    public String issuer() {
        return issuer;
    }

    /** Returns the user's current username. It is present only in the mode {@code introspect}, and only for users. */
    public Optional<String> username() {
        return Optional.ofNullable(username);
    }

    /** Returns the claim {@code client_id} (RFC 9068, section 2.2), if the token has one. */
    public Optional<String> clientId() {
        return Optional.ofNullable(clientId);
    }

    /**
     * Returns the roles, in no particular order. In the mode {@code introspect} these are the user's roles at most 2 s
     * ago. In the mode {@code offline} they are the roles at the time when the token was issued.
     */
    public Set<String> roles() {
        return roles;
    }

    /** Returns the claim {@code exp}, in whole seconds. */
    public Instant expiresAt() {
        return expiresAt;
    }

    /**
     * Returns the claim {@code auth_time} in whole seconds: the time of the latest authentication, if it is known. A
     * service authenticates when its token is issued.
     */
    public Optional<Instant> authenticatedAt() {
        return Optional.ofNullable(authentication.time);
    }

    /**
     * Returns the claim {@code acr}: {@code urn:gatehouse:2} if the user authenticated with a second factor or a passkey,
     * {@code urn:gatehouse:1} if not. Services have no class.
     */
    public Optional<String> authenticationClass() {
        return Optional.ofNullable(authentication.acr);
    }

    CallerAuthentication authentication() {
        return authentication;
    }

    /** Principals are equal if they have the same issuer and the same subject. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof GuardPrincipal that && issuer.equals(that.issuer) && subject.equals(that.subject);
    }

    @Override
    public int hashCode() {
        return Objects.hash(issuer, subject);
    }

    /** Returns the subject. */
    @Override
    public String toString() {
        return subject;
    }
}
