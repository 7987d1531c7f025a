package org.gatehouse.identity;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The id of a session: 128 random bits. It is the {@code sid} of a token and the {@code _id} of the session's document.
 *
 * @param text 22 characters of base64url (RFC 4648, section 5)
 */
public record SessionId(String text) {
    private static final int BYTES = 16;
    private static final Pattern FORMAT = Pattern.compile("[A-Za-z0-9_-]{22}");

    public SessionId {
        if (!FORMAT.matcher(text).matches()) {
            throw new IllegalArgumentException("not 22 characters of base64url");
        }
    }

    public static SessionId draw(SecureRandom random) {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return new SessionId(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
    }

    /** Parses a client's text; returns empty if the text is not a session id. */
    public static Optional<SessionId> parse(String text) {
        return FORMAT.matcher(text).matches() ? Optional.of(new SessionId(text)) : Optional.empty();
    }

    @Override
    public String toString() {
        return text;
    }
}
