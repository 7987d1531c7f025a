package org.gatehouse.identity;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The id of a user: 24 hexadecimal digits. It is the {@code sub} of a token and the {@code _id} of the user's document.
 *
 * @param hex the digits in lower case
 */
public record UserId(String hex) implements AccountId {
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{24}");

    public UserId {
        if (!HEX.matcher(hex).matches()) {
            throw new IllegalArgumentException("not 24 hexadecimal digits in lower case");
        }
    }

    /** Parses a client's text in upper or lower case; returns empty if the text is not a user id. */
    public static Optional<UserId> parse(String text) {
        String hex = text.toLowerCase(Locale.ROOT);
        return HEX.matcher(hex).matches() ? Optional.of(new UserId(hex)) : Optional.empty();
    }

    @Override
    public String toString() {
        return hex;
    }
}
