package org.gatehouse.session;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gatehouse.store.Sha256;

/**
 * The token with which a client continues its session. All refresh tokens of a session share their first 128 random
 * bits; the other 256 bits differ.
 *
 * <p>The shared part identifies the session and is not part of access tokens. If a client sends the shared part with an
 * unknown second part, the client knows an earlier refresh token of the session.
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

    /** Parses a client's text; returns empty if the text does not have the format of a refresh token. */
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

    /** Returns the bytes of the whole token. */
    byte[] bytes() {
        return bytes.clone();
    }

    /** Returns the token as 64 characters of base64url (RFC 4648, section 5). Gatehouse does not store this text. */
    String text() {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Returns the SHA-256 of the shared part. A slow hash is not needed, because the bits are random. */
    byte[] familyHash() {
        return Sha256.of(Arrays.copyOf(bytes, FAMILY_BYTES));
    }

    /** Returns the SHA-256 of the whole token. */
    byte[] hash() {
        return Sha256.of(bytes);
    }

    @Override
    public String toString() {
        return "[REDACTED]";
    }
}
