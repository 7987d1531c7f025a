package org.gatehouse.guard;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A token whose form and claims are as required (RFC 9068, section 4). Its signature has not been verified: the checks
 * of this class cost little, so they come first.
 */
final class SignedToken {
    /** The clocks of Gatehouse and of this server may differ by this much. */
    static final Duration CLOCK_SKEW = Duration.ofSeconds(10);

    /** Ten times the length of Gatehouse's tokens, and the limit of Gatehouse itself. */
    static final int MAX_LENGTH = 8 * 1024;

    /** {@code at+jwt} (RFC 9068), also with the prefix of media types, and {@code JWT} for older clients. */
    /** The audience of tokens of users who must add a second factor before anything else. */
    private static final String ENROLMENT_AUDIENCE = "urn:gatehouse:enrolment";

    private static final Set<JOSEObjectType> TYPES =
            Set.of(new JOSEObjectType("at+jwt"), new JOSEObjectType("application/at+jwt"), new JOSEObjectType("JWT"));

    private final SignedJWT jwt;
    private final GuardPrincipal principal;

    private SignedToken(SignedJWT jwt, GuardPrincipal principal) {
        this.jwt = jwt;
        this.principal = principal;
    }

    /** @throws Rejection 401 if the token is malformed, expired, or not for this issuer and audience */
    static SignedToken parse(String token, String issuer, @Nullable String audience, Clock clock) throws Rejection {
        if (token.length() > MAX_LENGTH) {
            throw Rejection.invalidToken("The access token is too long.");
        }
        try {
            SignedJWT jwt = SignedJWT.parse(token);
            JWTClaimsSet claims = jwt.getJWTClaimsSet();
            if (claims == null) {
                throw malformed();
            }
            requireHeader(jwt);
            requireTarget(claims, issuer, audience);
            requireTime(claims, clock);
            return new SignedToken(jwt, principal(claims, issuer));
        } catch (ParseException | RuntimeException undecodable) {
            // The exception is dropped, because its message may contain the token.
            throw malformed();
        }
    }

    private static void requireHeader(SignedJWT jwt) throws Rejection {
        JOSEObjectType type = jwt.getHeader().getType();
        if (type == null || TYPES.stream().noneMatch(known -> known.toString().equalsIgnoreCase(type.toString()))) {
            throw Rejection.invalidToken("The type of the access token is invalid.");
        }
        Set<String> critical = jwt.getHeader().getCriticalParams();
        if (critical != null && !critical.isEmpty()) {
            throw Rejection.invalidToken("The access token has a critical header parameter.");
        }
    }

    private static void requireTarget(JWTClaimsSet claims, String issuer, @Nullable String audience) throws Rejection {
        if (!issuer.equals(claims.getIssuer())) {
            throw Rejection.invalidToken("The issuer of the access token is invalid.");
        }
        if (claims.getAudience().contains(ENROLMENT_AUDIENCE)) {
            throw Rejection.invalidToken("The access token only permits to add a second factor.");
        }
        if (audience != null && !claims.getAudience().contains(audience)) {
            throw Rejection.invalidToken("The access token is for another audience.");
        }
        if (claims.getSubject() == null || claims.getSubject().isBlank()) {
            throw Rejection.invalidToken("The access token has no subject.");
        }
    }

    private static void requireTime(JWTClaimsSet claims, Clock clock) throws Rejection {
        Instant now = clock.instant();
        Date expires = claims.getExpirationTime();
        if (expires == null || !now.isBefore(expires.toInstant().plus(CLOCK_SKEW))) {
            throw expired();
        }
        Date begins = claims.getNotBeforeTime();
        if (begins != null && begins.toInstant().isAfter(now.plus(CLOCK_SKEW))) {
            throw Rejection.invalidToken("The access token is not valid yet.");
        }
    }

    private static GuardPrincipal principal(JWTClaimsSet claims, String issuer) throws ParseException {
        List<String> roles = claims.getStringListClaim("roles");
        Set<String> present = new HashSet<>(roles == null ? List.of() : roles);
        present.removeIf(Objects::isNull);
        String clientId = claims.getStringClaim("client_id");
        Date issued = claims.getIssueTime();
        return new GuardPrincipal(
                issuer,
                claims.getSubject(),
                null,
                clientId,
                present,
                claims.getExpirationTime().toInstant(),
                CallerAuthentication.of(
                        claims.getSubject(),
                        clientId,
                        claims.getLongClaim("auth_time"),
                        issued == null ? null : issued.toInstant().getEpochSecond(),
                        claims.getStringClaim("acr")));
    }

    /** Returns whether the principal's token is still valid, as {@link #parse} checks it. */
    static boolean isExpired(GuardPrincipal principal, Clock clock) {
        return !clock.instant().isBefore(principal.expiresAt().plus(CLOCK_SKEW));
    }

    static Rejection expired() {
        return Rejection.invalidToken("The access token has expired.");
    }

    static Rejection unverified() {
        return Rejection.invalidToken("The signature of the access token is invalid.");
    }

    private static Rejection malformed() {
        return Rejection.invalidToken("The access token is malformed.");
    }

    /** Returns null if the token does not name a key. */
    @Nullable
    String keyId() {
        return jwt.getHeader().getKeyID();
    }

    boolean isSignedWith(VerificationKey key) {
        return key.verifies(jwt);
    }

    /** Returns whether the algorithm is that of a shared secret. */
    boolean isSymmetric() {
        return JWSAlgorithm.Family.HMAC_SHA.contains(jwt.getHeader().getAlgorithm());
    }

    /** Returns the caller, whose claims may be used only if the signature is valid. */
    GuardPrincipal principal() {
        return principal;
    }
}
