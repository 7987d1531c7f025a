package org.gatehouse.dev;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Multipart;
import jakarta.mail.Part;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A mail that {@link EmbeddedSmtp} has received for one recipient.
 *
 * @param number the position in the order of arrival, which begins with 1
 * @param to the recipient of the SMTP envelope
 * @param kind the header {@code X-Gatehouse-Mail}
 * @param source the mail as it was received
 */
@JsonPropertyOrder({"to", "from", "subject", "kind", "text", "html", "receivedAt"})
public record ReceivedMail(
        @JsonIgnore int number,
        String to,
        String from,
        String subject,
        @Nullable String kind,
        @Nullable String text,
        @Nullable String html,
        String receivedAt,
        @JsonIgnore byte[] source) {
    private static final String KIND = "X-Gatehouse-Mail";

    static ReceivedMail of(int number, String to, MimeMessage message, Instant receivedAt)
            throws MessagingException, IOException {
        ByteArrayOutputStream source = new ByteArrayOutputStream();
        message.writeTo(source);
        @Nullable String subject = message.getSubject();
        return new ReceivedMail(
                number,
                to,
                senders(message),
                subject == null ? "" : subject,
                message.getHeader(KIND, ", "),
                find(message, "text/plain"),
                find(message, "text/html"),
                receivedAt.truncatedTo(ChronoUnit.MILLIS).toString(),
                source.toByteArray());
    }

    private static String senders(MimeMessage message) throws MessagingException {
        Address @Nullable [] senders = message.getFrom();
        return senders == null
                ? ""
                : Arrays.stream(senders).map(ReceivedMail::text).collect(Collectors.joining(", "));
    }

    private static String text(Address sender) {
        return sender instanceof InternetAddress address ? address.toUnicodeString() : sender.toString();
    }

    /** Returns the text of the first part of this type; null if there is none. */
    private static @Nullable String find(Part part, String type) throws MessagingException, IOException {
        if (part.isMimeType(type)) {
            return part.getContent().toString();
        }
        if (part.isMimeType("multipart/*") && part.getContent() instanceof Multipart parts) {
            for (int i = 0; i < parts.getCount(); i++) {
                @Nullable String found = find(parts.getBodyPart(i), type);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }
}
