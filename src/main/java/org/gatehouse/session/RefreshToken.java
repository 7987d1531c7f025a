package org.gatehouse.session;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gatehouse.store.Sha256;

/**
 * What a client shows to go on with its session: 128 random bits that all refresh tokens of a session share, and 256 of
 * its own.
 *
 * <p>The shared part finds the session, and is in no access token. So whoever shows it with another second part holds,
 * or held, a refresh token of this session: an old one, shown again.
 */
final class RefreshToken {
    private static final int FAMILY_BYTES = 16;
    private static final int SECRET_BYTES = 32;
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{64}");

    private final byte[] bytes;

    private RefreshToken(byte[] bytes) {
        this.bytes = bytes;
    }

    /** The first of a new session. */
    static RefreshToken draw(SecureRandom random) {
        byte[] bytes = new byte[FAMILY_BYTES + SECRET_BYTES];
        random.nextBytes(bytes);
        return new RefreshToken(bytes);
    }

    /** The token in a caller's text; empty when it is none. */
    static Optional<RefreshToken> parse(String text) {
        return FORM.matcher(text).matches()
                ? Optional.of(new RefreshToken(Base64.getUrlDecoder().decode(text)))
                : Optional.empty();
    }

    /** The token of the same session with another second part. */
    RefreshToken withSecret(byte[] secret) {
        byte[] next = Arrays.copyOf(bytes, FAMILY_BYTES + SECRET_BYTES);
        System.arraycopy(secret, 0, next, FAMILY_BYTES, SECRET_BYTES);
        return new RefreshToken(next);
    }

    /** The whole token, to derive other values from it. */
    byte[] bytes() {
        return bytes.clone();
    }

    /** 64 characters of base64url (RFC 4648, section 5); exists only here and at the client. */
    String text() {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** SHA-256 of what all tokens of the session share; random bits need no slow hash. */
    byte[] familyHash() {
        return Sha256.of(Arrays.copyOf(bytes, FAMILY_BYTES));
    }

    /** SHA-256 of the whole token. */
    byte[] hash() {
        return Sha256.of(bytes);
    }

    @Override
    public String toString() {
        return "[REDACTED]";
    }
}
