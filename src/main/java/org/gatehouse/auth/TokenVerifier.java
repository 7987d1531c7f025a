package org.gatehouse.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
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
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.key.SigningKey;
import org.gatehouse.key.SigningKeys;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a token is ours and still valid.
 *
 * <p>Nothing a token says about how it should be checked is believed: its {@code kid} chooses among our own keys, the
 * key has its algorithm, {@code jku}, {@code x5u} and {@code jwk} are not read, and a token with {@code crit} is refused
 * (RFC 8725). The signature is checked before any claim, and claims are compared as they are: an expired token gets no
 * leeway, one from the future ({@code nbf}, {@code iat}) that of {@link #CLOCK_SKEW}.
 *
 * <p>A token that was found good is remembered, so that its signature is checked once on each node; that its time has
 * not run out and that its key still stands is looked at each time.
 */
public final class TokenVerifier {
    /** For the node that issued it and whose clock runs ahead. */
    static final Duration CLOCK_SKEW = Duration.ofSeconds(30);

    /** Ten times what our tokens measure; header and claims of more are not worth parsing. */
    static final int MAX_LENGTH = 8 * 1024;

    /** In characters of tokens; some 25,000 tokens, with what they say about as much again. */
    private static final long MAX_REMEMBERED = 16L * 1024 * 1024;

    private final SigningKeys keys;
    private final String issuer;
    private final String audience;
    private final Clock clock;
    private final VerificationBulkhead bulkhead;
    private final Cache<String, Remembered> remembered;

    /** A token whose signature was good, and the key that must still stand for it to be so. */
    private record Remembered(AccessToken token, String keyId) {}

    public TokenVerifier(SigningKeys keys, String issuer, String audience, Clock clock, VerificationBulkhead bulkhead) {
        this.keys = keys;
        this.issuer = issuer;
        this.audience = audience;
        this.clock = clock;
        this.bulkhead = bulkhead;
        this.remembered = Caffeine.newBuilder()
                .maximumWeight(MAX_REMEMBERED)
                .weigher((String text, Remembered known) -> text.length())
                .expireAfter(Expiry.creating((String text, Remembered known) -> remaining(known.token())))
                .build();
    }

    /**
     * What the token says, if it is ours and still valid.
     *
     * @param source the address it comes from; those that send many bad tokens wait for each other
     * @throws GatehouseException a {@code TOKEN_*} code that says what is wrong with the token; {@code BUSY} or
     *     {@code STORE_UNAVAILABLE} when it could not be checked
     */
    public AccessToken verify(String token, String source) {
        AccessToken verified = verifyEvenIfExpired(token, source);
        if (!clock.instant().isBefore(verified.expiresAt())) {
            // Counted as well: an expired token is not remembered, and can be sent again and again.
            bulkhead.countFailure(source);
            throw GatehouseException.expired(verified.expiresAt());
        }
        return verified;
    }

    /**
     * The same for a token that may have expired.
     *
     * @throws GatehouseException as {@link #verify}
     */
    AccessToken verifyEvenIfExpired(String token, String source) {
        if (token.length() > MAX_LENGTH) {
            throw new GatehouseException(ErrorCode.TOKEN_MALFORMED);
        }
        Remembered known = remembered.getIfPresent(token);
        if (known != null) {
            return stillGood(known);
        }
        SignedJWT signed = parse(token);
        try {
            AccessToken good = check(signed, source);
            remembered.put(token, new Remembered(good, signed.getHeader().getKeyID()));
            return good;
        } catch (GatehouseException refused) {
            if (refused.code() == ErrorCode.TOKEN_INVALID) {
                bulkhead.countFailure(source);
            }
            throw refused;
        }
    }

    private AccessToken stillGood(Remembered known) {
        if (keys.find(known.keyId()).isEmpty()) {
            throw invalidSignature();
        }
        return known.token();
    }

    private Duration remaining(AccessToken token) {
        return Duration.between(clock.instant(), token.expiresAt());
    }

    private AccessToken check(SignedJWT signed, String source) {
        requireOurSignature(signed, source);
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
        throw invalidSignature(); // alg:none
    }

    /** Decoders pass over foreign characters and spare bits; then one signature would have many spellings. */
    private static boolean isCanonical(Base64URL base64) {
        return Base64URL.encode(base64.decode()).equals(base64);
    }

    private void requireOurSignature(SignedJWT signed, String source) {
        JWSHeader header = signed.getHeader();
        SigningKey key = keyOf(header, source).orElseThrow(TokenVerifier::invalidSignature);
        boolean plausible = key.algorithm().equals(header.getAlgorithm())
                && (header.getCriticalParams() == null
                        || header.getCriticalParams().isEmpty())
                && isCanonical(signed.getSignature());
        if (!plausible || !bulkhead.check(source, () -> isSignedWith(key, signed))) {
            throw invalidSignature();
        }
    }

    private Optional<SigningKey> keyOf(JWSHeader header, String source) {
        String keyId = header.getKeyID();
        if (keyId == null) {
            return Optional.empty();
        }
        // Who has invented some keys already does not make us look for another.
        return bulkhead.isSuspect(source) ? keys.find(keyId) : keys.findEvenIfNew(keyId);
    }

    private static boolean isSignedWith(SigningKey key, SignedJWT signed) {
        try {
            return signed.verify(key.verifier());
        } catch (JOSEException | IllegalStateException unverifiable) {
            return false;
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
        Instant latest = now.plus(CLOCK_SKEW);
        if (isAfter(claims.getNotBeforeTime(), latest) || isAfter(claims.getIssueTime(), latest)) {
            throw invalid("jwt not active");
        }
    }

    private static boolean isAfter(@Nullable Date time, Instant latest) {
        return time != null && time.toInstant().isAfter(latest);
    }

    private static GatehouseException invalidSignature() {
        return invalid(ErrorCode.TOKEN_INVALID.message());
    }

    private static GatehouseException invalid(String message) {
        return new GatehouseException(ErrorCode.TOKEN_INVALID, message);
    }

    private static GatehouseException undecodable() {
        return new GatehouseException(ErrorCode.TOKEN_MALFORMED, "invalid token");
    }
}
