package org.gatehouse.session;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gatehouse.store.Sha256;

/**
 * The token with which a client continues its session. It has 128 random bits that all refresh tokens of the session
 * share, and 256 bits of its own.
 *
 * <p>The shared part identifies the session and is not in any access token. A client that presents it with a different
 * second part therefore holds, or held, an earlier refresh token of the session.
 */
final class RefreshToken {
    private static final int FAMILY_BYTES = 16;
    private static final int SECRET_BYTES = 32;
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{64}");

    private final byte[] bytes;

    private RefreshToken(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Creates the first token of a new session. */
    static RefreshToken draw(SecureRandom random) {
        byte[] bytes = new byte[FAMILY_BYTES + SECRET_BYTES];
        random.nextBytes(bytes);
        return new RefreshToken(bytes);
    }

    /** Parses a client's text; empty if it is not a refresh token. */
    static Optional<RefreshToken> parse(String text) {
        return FORM.matcher(text).matches()
                ? Optional.of(new RefreshToken(Base64.getUrlDecoder().decode(text)))
                : Optional.empty();
    }

    /** Returns a token of the same session with another second part. */
    RefreshToken withSecret(byte[] secret) {
        byte[] next = Arrays.copyOf(bytes, FAMILY_BYTES + SECRET_BYTES);
        System.arraycopy(secret, 0, next, FAMILY_BYTES, SECRET_BYTES);
        return new RefreshToken(next);
    }

    /** The whole token, from which other values are derived. */
    byte[] bytes() {
        return bytes.clone();
    }

    /** The token as 64 characters of base64url (RFC 4648, section 5). Gatehouse does not store this text. */
    String text() {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** The SHA-256 of the part that all tokens of the session share. Random bits do not need a slow hash. */
    byte[] familyHash() {
        return Sha256.of(Arrays.copyOf(bytes, FAMILY_BYTES));
    }

    /** The SHA-256 of the whole token. */
    byte[] hash() {
        return Sha256.of(bytes);
    }

    @Override
    public String toString() {
        return "[REDACTED]";
    }
}
