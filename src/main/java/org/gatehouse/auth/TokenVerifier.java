package org.gatehouse.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.JWTParser;
import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/**
 * Decides whether a token is ours and still valid.
 *
 * <p>Nothing a token says about how it should be checked is believed: algorithm and key are fixed here, and
 * {@code jku}, {@code x5u} and {@code jwk} are not read (RFC 8725). The signature is checked before any claim.
 */
public final class TokenVerifier {
    /** For the {@code nbf} of an issuer whose clock runs ahead; an expired token gets no leeway. */
    private static final Duration CLOCK_SKEW = Duration.ofSeconds(30);

    private final SigningKey key;
    private final String issuer;
    private final String audience;
    private final Clock clock;

    public TokenVerifier(SigningKey key, String issuer, String audience, Clock clock) {
        this.key = key;
        this.issuer = issuer;
        this.audience = audience;
        this.clock = clock;
    }

    /**
     * What the token says, if it is ours and still valid.
     *
     * @throws GatehouseException a {@code TOKEN_*} code that says what is wrong with the token
     */
    public AccessToken verify(String token) {
        AccessToken verified = verifyEvenIfExpired(token);
        if (!clock.instant().isBefore(verified.expiresAt())) {
            throw GatehouseException.expired(verified.expiresAt());
        }
        return verified;
    }

    /**
     * The same for a token that may have expired.
     *
     * @throws GatehouseException a {@code TOKEN_*} code that says what is wrong with the token
     */
    public AccessToken verifyEvenIfExpired(String token) {
        SignedJWT signed = parse(token);
        requireOurSignature(signed);
        try {
            JWTClaimsSet claims = signed.getJWTClaimsSet();
            requireMeantForUs(signed, claims);
            requireValidNow(claims);
            return read(claims);
        } catch (ParseException malformed) {
            throw undecodable();
        }
    }

    private static AccessToken read(JWTClaimsSet claims) throws ParseException {
        UserId userId = Optional.ofNullable(claims.getSubject())
                .flatMap(UserId::parse)
                .orElseThrow(() -> invalid("jwt subject invalid"));
        SessionId sessionId = Optional.ofNullable(claims.getStringClaim("sid"))
                .flatMap(SessionId::parse)
                .orElseThrow(() -> invalid("jwt session invalid"));
        String id = Optional.ofNullable(claims.getJWTID()).orElseThrow(() -> invalid("jwt id missing"));
        Date issued =
                Optional.ofNullable(claims.getIssueTime()).orElseThrow(() -> invalid("jwt time of issue missing"));
        return new AccessToken(
                id,
                userId,
                sessionId,
                roles(claims),
                issued.toInstant(),
                claims.getExpirationTime().toInstant());
    }

    private static Set<String> roles(JWTClaimsSet claims) throws ParseException {
        List<String> roles = claims.getStringListClaim("roles");
        return roles == null
                ? Set.of()
                : roles.stream().filter(Objects::nonNull).collect(Collectors.toSet());
    }

    private static SignedJWT parse(String token) {
        if (token.split("\\.", -1).length != 3) {
            throw new GatehouseException(ErrorCode.TOKEN_MALFORMED);
        }
        JWT parsed;
        try {
            parsed = JWTParser.parse(token);
        } catch (ParseException | RuntimeException undecodable) {
            // The library's own words quote the token.
            throw undecodable();
        }
        if (parsed instanceof SignedJWT signed) {
            return signed;
        }
        throw invalid(ErrorCode.TOKEN_INVALID.message()); // alg:none
    }

    /** Decoders pass over foreign characters and spare bits; then one signature would have many spellings. */
    private static boolean isCanonical(Base64URL base64) {
        return Base64URL.encode(base64.decode()).equals(base64);
    }

    private void requireOurSignature(SignedJWT signed) {
        boolean ours = key.algorithm().equals(signed.getHeader().getAlgorithm())
                && key.id().equals(signed.getHeader().getKeyID())
                && isCanonical(signed.getSignature());
        try {
            if (!ours || !signed.verify(key.verifier())) {
                throw invalid(ErrorCode.TOKEN_INVALID.message());
            }
        } catch (JOSEException | IllegalStateException unverifiable) {
            throw invalid(ErrorCode.TOKEN_INVALID.message());
        }
    }

    private void requireMeantForUs(SignedJWT signed, JWTClaimsSet claims) {
        if (!TokenIssuer.ACCESS_TOKEN.equals(signed.getHeader().getType())) {
            throw invalid("jwt type invalid");
        }
        if (!issuer.equals(claims.getIssuer())) {
            throw invalid("jwt issuer invalid");
        }
        if (!claims.getAudience().contains(audience)) {
            throw invalid("jwt audience invalid");
        }
    }

    private void requireValidNow(JWTClaimsSet claims) {
        Instant now = clock.instant();
        Date expires = claims.getExpirationTime();
        if (expires == null) {
            throw invalid("jwt expiry missing");
        }
        Date notBefore = claims.getNotBeforeTime();
        if (notBefore != null && now.plus(CLOCK_SKEW).isBefore(notBefore.toInstant())) {
            throw invalid("jwt not active");
        }
    }

    private static GatehouseException invalid(String message) {
        return new GatehouseException(ErrorCode.TOKEN_INVALID, message);
    }

    private static GatehouseException undecodable() {
        return new GatehouseException(ErrorCode.TOKEN_MALFORMED, "invalid token");
    }
}
