package org.gatehouse.identity;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The id of a service account: 24 hexadecimal digits. It is the {@code client_id} (RFC 6749, section 2.2) and the
 * {@code sub} of its tokens.
 *
 * @param hex the digits in lower case
 */
public record ServiceId(String hex) implements AccountId {
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{24}");

    public ServiceId {
        if (!HEX.matcher(hex).matches()) {
            throw new IllegalArgumentException("not 24 hexadecimal digits in lower case");
        }
    }

    /** Parses a client's text in upper or lower case; returns empty if the text is not the id of a service. */
    public static Optional<ServiceId> parse(String text) {
        String hex = text.toLowerCase(Locale.ROOT);
        return HEX.matcher(hex).matches() ? Optional.of(new ServiceId(hex)) : Optional.empty();
    }

    @Override
    public String toString() {
        return hex;
    }
}
