package org.gatehouse.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
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
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.gatehouse.auth.AccessToken.Service;
import org.gatehouse.auth.AccessToken.Subject;
import org.gatehouse.auth.AccessToken.UserSession;
import org.gatehouse.config.Settings;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.ServiceId;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.key.SigningKey;
import org.gatehouse.key.SigningKeys;
import org.jspecify.annotations.Nullable;

/**
 * Verifies that Gatehouse issued a token and that the token is still valid.
 *
 * <p>A token cannot influence how it is verified (RFC 8725). Its {@code kid} selects one of Gatehouse's keys, and the
 * key determines the algorithm. The parameters {@code jku}, {@code x5u} and {@code jwk} are ignored, and a token with
 * {@code crit} is rejected. The signature is verified before the claims. A token expires exactly at {@code exp}, but
 * {@code nbf} and {@code iat} may be up to {@link #CLOCK_SKEW} in the future.
 *
 * <p>Verified tokens are cached, so each node normally verifies each signature only once. The expiry of the token and
 * the validity of its key are checked at each call.
 */
final class TokenVerifier {
    /** The clock of the node that issued the token may be ahead of this node's clock by this much. */
    static final Duration CLOCK_SKEW = Duration.ofSeconds(30);

    /** Ten times the length of Gatehouse's tokens. Longer tokens are rejected without parsing, to save time. */
    static final int MAX_LENGTH = 8 * 1024;

    /** The maximum number of characters in the cache: about 25,000 tokens, whose claims take as much memory again. */
    private static final long MAX_CACHED = 16L * 1024 * 1024;

    private static final Set<String> TYPES = Set.of("at+jwt", "jwt");
    private static final String MEDIA_TYPE_PREFIX = "application/";

    private final SigningKeys keys;
    private final Set<String> issuers;
    private final String audience;
    private final Clock clock;
    private final VerificationBulkhead bulkhead;
    private final Cache<String, CachedToken> remembered;

    /** A token with a verified signature, and the id of its key. The key's validity is checked at each use. */
    private record CachedToken(AccessToken token, String keyId) {}

    /** @param issuers the accepted issuers: the current one, and the previous one if there is one */
    public TokenVerifier(
            SigningKeys keys, Set<String> issuers, String audience, Clock clock, VerificationBulkhead bulkhead) {
        this.keys = keys;
        this.issuers = Set.copyOf(issuers);
        this.audience = audience;
        this.clock = clock;
        this.bulkhead = bulkhead;
        this.remembered = Caffeine.newBuilder()
                .maximumWeight(MAX_CACHED)
                .weigher((String text, CachedToken known) -> text.length())
                .expireAfter(Expiry.creating((String text, CachedToken known) ->
                        Duration.between(clock.instant(), known.token().expiresAt())))
                .build();
    }

    /**
     * Returns the claims of a token that Gatehouse issued and that is still valid.
     *
     * @param source the sender of the token; {@link VerificationBulkhead} limits senders of many bad tokens
     * @throws GatehouseException a {@code TOKEN_*} code that describes the problem; {@code BUSY} or
     *     {@code STORE_UNAVAILABLE} if the token could not be checked
     */
    public AccessToken verify(String token, String source) {
        AccessToken verified = verifyEvenIfExpired(token, source);
        if (!clock.instant().isBefore(verified.expiresAt())) {
            // An expired token is not cached, so each repetition costs a signature check. Therefore the failure is
            // counted.
            bulkhead.countFailure(source);
            throw GatehouseException.expired(verified.expiresAt());
        }
        return verified;
    }

    /**
     * Like {@link #verify}, but accepts an expired token.
     *
     * @throws GatehouseException as {@link #verify}
     */
    AccessToken verifyEvenIfExpired(String token, String source) {
        if (token.length() > MAX_LENGTH) {
            throw new GatehouseException(ErrorCode.TOKEN_MALFORMED);
        }
        CachedToken known = remembered.getIfPresent(token);
        if (known != null) {
            if (keys.find(known.keyId()).isEmpty()) {
                throw invalidSignature();
            }
            return known.token();
        }
        SignedJWT signed = parse(token);
        try {
            AccessToken good = check(signed, source);
            remembered.put(token, new CachedToken(good, signed.getHeader().getKeyID()));
            return good;
        } catch (GatehouseException rejected) {
            if (rejected.code() == ErrorCode.TOKEN_INVALID) {
                bulkhead.countFailure(source);
            }
            throw rejected;
        }
    }

    private AccessToken check(SignedJWT signed, String source) {
        requireValidSignature(signed, source);
        try {
            JWTClaimsSet claims = signed.getJWTClaimsSet();
            requireAudience(signed, claims);
            requireValidNow(claims);
            return read(claims);
        } catch (ParseException malformed) {
            throw undecodable();
        }
    }

    private static AccessToken read(JWTClaimsSet claims) throws ParseException {
        String id = Optional.ofNullable(claims.getJWTID()).orElseThrow(() -> invalid("jwt id missing"));
        Date issued =
                Optional.ofNullable(claims.getIssueTime()).orElseThrow(() -> invalid("jwt time of issue missing"));
        return new AccessToken(
                id,
                claims.getIssuer(),
                subject(claims),
                Objects.requireNonNullElse(claims.getStringClaim("client_id"), ""),
                roles(claims),
                issued.toInstant(),
                claims.getExpirationTime().toInstant(),
                authentication(claims),
                isForEnrolment(claims));
    }

    private static @Nullable Authentication authentication(JWTClaimsSet claims) throws ParseException {
        Long time = claims.getLongClaim(TokenIssuer.AUTH_TIME);
        List<String> methods = claims.getStringListClaim(TokenIssuer.AMR);
        return time == null || methods == null ? null : Authentication.of(Instant.ofEpochSecond(time), methods);
    }

    /** Returns the service if the token names it as subject and client, as RFC 9068, section 2.2, requires. */
    private static Subject subject(JWTClaimsSet claims) throws ParseException {
        String subject = claims.getSubject();
        if (subject == null) {
            throw invalid("jwt subject invalid");
        }
        Long epoch = claims.getLongClaim(TokenIssuer.EPOCH);
        if (epoch != null && subject.equals(claims.getStringClaim("client_id"))) {
            return new Service(ServiceId.parse(subject).orElseThrow(() -> invalid("jwt subject invalid")), epoch);
        }
        UserId userId = UserId.parse(subject).orElseThrow(() -> invalid("jwt subject invalid"));
        return new UserSession(
                userId,
                Optional.ofNullable(claims.getStringClaim("sid"))
                        .flatMap(SessionId::parse)
                        .orElseThrow(() -> invalid("jwt session invalid")));
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
            // The library's exception is dropped, because its message contains the token.
            throw undecodable();
        }
        if (parsed instanceof SignedJWT signed) {
            return signed;
        }
        throw invalidSignature(); // the token has alg=none
    }

    /** Returns whether this is the canonical encoding. Decoders also accept invalid characters and unused bits. */
    private static boolean isCanonical(Base64URL base64) {
        return Base64URL.encode(base64.decode()).equals(base64);
    }

    private void requireValidSignature(SignedJWT signed, String source) {
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
        // An unknown key causes a read of the store, unless the source has sent many bad tokens.
        return bulkhead.isSuspect(source) ? keys.find(keyId) : keys.findEvenIfNew(keyId);
    }

    private static boolean isSignedWith(SigningKey key, SignedJWT signed) {
        try {
            return signed.verify(key.verifier());
        } catch (JOSEException | IllegalStateException unverifiable) {
            return false;
        }
    }

    private void requireAudience(SignedJWT signed, JWTClaimsSet claims) {
        if (!isAccessToken(signed.getHeader().getType())) {
            throw invalid("jwt type invalid");
        }
        if (claims.getIssuer() == null || !issuers.contains(claims.getIssuer())) {
            throw invalid("jwt issuer invalid");
        }
        if (!claims.getAudience().contains(audience) && !isForEnrolment(claims)) {
            throw invalid("jwt audience invalid");
        }
    }

    private static boolean isForEnrolment(JWTClaimsSet claims) {
        return claims.getAudience().equals(List.of(Settings.ENROLMENT_AUDIENCE));
    }

    /**
     * Returns whether this is a {@code typ} that Gatehouse issues under any value of {@code AUTH_TOKEN_TYPE}. Media
     * types are compared without regard to case, and {@code application/} may be omitted (RFC 7515, section 4.1.9).
     */
    private static boolean isAccessToken(@Nullable JOSEObjectType type) {
        if (type == null) {
            return false;
        }
        String name = type.getType().toLowerCase(Locale.ROOT);
        return TYPES.contains(name.startsWith(MEDIA_TYPE_PREFIX) ? name.substring(MEDIA_TYPE_PREFIX.length()) : name);
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
