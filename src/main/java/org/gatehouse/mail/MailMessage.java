package org.gatehouse.mail;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.gatehouse.identity.EmailAddress;
import org.jspecify.annotations.Nullable;

/**
 * One mail that is ready to be composed and sent.
 *
 * @param id the id of the row, 24 hexadecimal digits; the header {@code Message-ID} contains it
 * @param locale the preferred language; the built-in templates choose the closest language that they have
 */
public record MailMessage(String id, MailKind kind, EmailAddress to, Locale locale, Values values) {
    /**
     * The values that templates may use. A value that the kind does not need is null.
     *
     * @param link the link with the proof
     * @param validity how long the link is valid
     * @param address the new address, in a notice about a change of address
     * @param event the event in a notice
     */
    public record Values(
            @Nullable String username,
            @Nullable String link,
            @Nullable Duration validity,
            @Nullable String address,
            Event event) {
        public static final Values NONE = new Values(null, null, null, null, Event.NONE);

        @Override
        public String toString() {
            return "Values[REDACTED]";
        }
    }

    /**
     * The event about which a notice informs. A value that the kind does not need is null.
     *
     * @param device the browser and the system of the client, such as {@code Firefox on Linux}
     * @param ip the address of the client
     * @param at the time of the event
     * @param factor what happened to a second factor
     */
    public record Event(
            @Nullable String device,
            @Nullable String ip,
            @Nullable Instant at,
            MailRequest.@Nullable FactorDetails factor) {
        public static final Event NONE = new Event(null, null, null, null);

        @Override
        public String toString() {
            return "Event[REDACTED]";
        }
    }
}
