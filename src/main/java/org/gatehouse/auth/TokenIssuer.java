package org.gatehouse.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.gatehouse.config.Settings;
import org.gatehouse.identity.AccountId;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.key.SigningKey;
import org.gatehouse.key.SigningKeys;
import org.gatehouse.user.ServiceCaller;

/** Signs access tokens with the claims of RFC 9068. The id and the roles are the only data of an account in a token. */
public final class TokenIssuer {
    /** The claim with the number that a service's account must still have. Tokens of users have a session instead. */
    static final String EPOCH = "epoch";

    /** The time of the latest authentication, in seconds (OpenID Connect Core 1.0, section 2). */
    static final String AUTH_TIME = "auth_time";

    /** The methods of the authentication (RFC 8176). */
    static final String AMR = "amr";

    /** The class of the authentication (OpenID Connect Core 1.0, section 2). */
    static final String ACR = "acr";

    private final SigningKeys keys;
    private final JOSEObjectType type;
    private final String issuer;
    private final String audience;
    private final Duration lifetime;
    private final Clock clock;

    /** @param type the {@code typ} of the tokens, which {@link TokenVerifier} must accept */
    public TokenIssuer(SigningKeys keys, String type, String issuer, String audience, Duration lifetime, Clock clock) {
        this.keys = keys;
        this.type = new JOSEObjectType(type);
        this.issuer = issuer;
        this.audience = audience;
        this.lifetime = lifetime;
        this.clock = clock;
    }

    /**
     * A token for the client.
     *
     * @param lifetime how long the token is valid after its time of issue
     */
    public record Issued(String token, Duration lifetime) {
        @Override
        public String toString() {
            return "Issued[" + lifetime + "]";
        }
    }

    /**
     * Issues a new token for this session.
     *
     * @param roles a claim for services that verify the token; Gatehouse itself uses the user's current roles
     * @param authentication the latest authentication in the session
     * @param sessionEnds when the session ends; the token expires at or before this time
     * @throws org.gatehouse.error.GatehouseException {@code STORE_UNAVAILABLE} if no trusted signing key is available
     */
    public Issued issue(
            UserId userId, SessionId sessionId, Set<String> roles, Authentication authentication, Instant sessionEnds) {
        return issue(claims(sessionId, authentication), audience, userId, roles, sessionEnds);
    }

    /**
     * Issues a token with which the user can only add a second factor. Other services reject it, because of its
     * audience. Parameters and errors are those of {@link #issue}.
     */
    public Issued issueForEnrolment(
            UserId userId, SessionId sessionId, Authentication authentication, Instant sessionEnds) {
        JWTClaimsSet.Builder claims = claims(sessionId, authentication);
        return issue(claims, Settings.ENROLMENT_AUDIENCE, userId, Set.of(), sessionEnds);
    }

    private JWTClaimsSet.Builder claims(SessionId sessionId, Authentication authentication) {
        return new JWTClaimsSet.Builder()
                .claim("sid", sessionId.text())
                .claim("client_id", audience)
                .claim(AUTH_TIME, authentication.time().getEpochSecond())
                .claim(AMR, authentication.amr())
                .claim(ACR, authentication.acr());
    }

    /**
     * Issues a new token for a service.
     *
     * @param scope the roles that the token grants; the service has the role only as long as its account has it
     * @throws org.gatehouse.error.GatehouseException {@code STORE_UNAVAILABLE} if no trusted signing key is available
     */
    Issued issue(ServiceCaller service, Set<String> scope) {
        JWTClaimsSet.Builder claims = new JWTClaimsSet.Builder()
                .claim(EPOCH, service.epoch())
                .claim("client_id", service.id().hex());
        if (!scope.isEmpty()) {
            claims.claim("scope", Scope.text(scope));
        }
        return issue(claims, audience, service.id(), scope, Instant.MAX);
    }

    private Issued issue(
            JWTClaimsSet.Builder more, String recipient, AccountId subject, Set<String> roles, Instant latest) {
        SigningKey key = keys.current();
        Instant now = clock.instant();
        Instant expires = now.plus(lifetime).isBefore(latest) ? now.plus(lifetime) : latest;
        JWTClaimsSet claims = more.issuer(issuer)
                .subject(subject.hex())
                .audience(recipient)
                .issueTime(Date.from(now))
                .expirationTime(Date.from(expires))
                .jwtID(UUID.randomUUID().toString())
                .claim("roles", roles.stream().sorted().toList())
                .build();
        JWSHeader header = new JWSHeader.Builder(key.algorithm())
                .type(type)
                .keyID(key.id())
                .build();
        SignedJWT token = new SignedJWT(header, claims);
        try {
            token.sign(Objects.requireNonNull(key.signer()));
        } catch (JOSEException impossible) {
            throw new IllegalStateException("the signing key does not sign", impossible);
        }
        return new Issued(token.serialize(), Duration.between(now, expires));
    }
}
