package org.gatehouse.config;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gatehouse.identity.EmailAddress;
import org.jspecify.annotations.Nullable;

/**
 * The sender of mails.
 *
 * @param name the displayed name, without control characters; null if there is none
 */
public record MailFrom(@Nullable String name, EmailAddress address) {
    /** A name, which may be quoted, and an address in angle brackets. */
    private static final Pattern NAMED =
            Pattern.compile("(?:\"([^\"\\\\<>\\p{Cntrl}]{1,100})\"|([^\"\\\\<>\\p{Cntrl}]{1,100}?))?\\s*<([^<>]+)>");

    /**
     * Parses {@code address} or {@code Name <address>}.
     *
     * @throws IllegalArgumentException if the text is invalid; the message is the reason
     */
    public static MailFrom parse(String text) {
        Matcher named = NAMED.matcher(text);
        if (!named.matches()) {
            return new MailFrom(null, address(text));
        }
        String name = named.group(1) == null ? named.group(2) : named.group(1);
        return new MailFrom(name == null || name.isBlank() ? null : name.strip(), address(named.group(3)));
    }

    /** Returns the sender if this text, such as the user name of a mail server, is an address. */
    static Optional<MailFrom> ofUser(@Nullable String user) {
        return Optional.ofNullable(user).flatMap(EmailAddress::parse).map(address -> new MailFrom(null, address));
    }

    private static EmailAddress address(String text) {
        return EmailAddress.parse(text)
                .orElseThrow(() -> new IllegalArgumentException(
                        "must be an address such as accounts@example.com, or a name of at most 100 characters and an"
                                + " address, such as Example <accounts@example.com>"));
    }
}
