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
import org.gatehouse.identity.AccountId;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.key.SigningKey;
import org.gatehouse.key.SigningKeys;
import org.gatehouse.user.ServiceCaller;

/** Signs access tokens with the claims of RFC 9068. The id and the roles are the only data of an account in a token. */
public final class TokenIssuer {
    /** The claim with the number that a service's account must still have. Tokens of users have a session instead. */
    static final String EPOCH = "epoch";

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
     * @param sessionEnds when the session ends; the token expires at or before this time
     * @throws org.gatehouse.error.GatehouseException {@code STORE_UNAVAILABLE} if no trusted signing key is available
     */
    public Issued issue(UserId userId, SessionId sessionId, Set<String> roles, Instant sessionEnds) {
        JWTClaimsSet.Builder claims =
                new JWTClaimsSet.Builder().claim("sid", sessionId.text()).claim("client_id", audience);
        return issue(claims, userId, roles, sessionEnds);
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
        return issue(claims, service.id(), scope, Instant.MAX);
    }

    private Issued issue(JWTClaimsSet.Builder more, AccountId subject, Set<String> roles, Instant latest) {
        SigningKey key = keys.current();
        Instant now = clock.instant();
        Instant expires = now.plus(lifetime).isBefore(latest) ? now.plus(lifetime) : latest;
        JWTClaimsSet claims = more.issuer(issuer)
                .subject(subject.hex())
                .audience(audience)
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
