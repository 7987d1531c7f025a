package org.gatehouse.mail;

import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.UnsupportedEncodingException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Date;
import org.gatehouse.config.MailFrom;
import org.gatehouse.identity.EmailAddress;
import org.jspecify.annotations.Nullable;

/** Composes messages of RFC 5322 with a part in plain text and one in HTML. */
final class MailComposer {
    private static final String UTF_8 = StandardCharsets.UTF_8.name();

    private final MailTemplates templates;
    private final MailFrom from;
    private final InstantSource clock;

    MailComposer(MailTemplates templates, MailFrom from, InstantSource clock) {
        this.templates = templates;
        this.from = from;
        this.clock = clock;
    }

    /** Returns whether the message needs a server with SMTPUTF8 (RFC 6531). */
    boolean needsUtf8(MailMessage message) {
        return !isAscii(message.to().mailbox()) || !isAscii(from.address().mailbox());
    }

    MimeMessage compose(MailMessage message, Session session) throws MessagingException {
        RenderedMail content = templates.render(message);
        MimeMessage composed = new IdentifiedMessage(
                session, "<" + message.id() + "@" + from.address().domain() + ">");
        composed.setFrom(internetAddress(from.address(), from.name()));
        composed.setRecipient(Message.RecipientType.TO, internetAddress(message.to(), null));
        composed.setSubject(content.subject(), UTF_8);
        composed.setSentDate(Date.from(clock.instant()));
        composed.setHeader("Auto-Submitted", "auto-generated"); // RFC 3834, section 5
        composed.setHeader("X-Gatehouse-Mail", message.kind().text());
        composed.setHeader("Content-Language", content.language().toLanguageTag());
        composed.setContent(
                new MimeMultipart("alternative", part(content.text(), "plain"), part(content.html(), "html")));
        composed.saveChanges();
        return composed;
    }

    private static MimeBodyPart part(String text, String subtype) throws MessagingException {
        MimeBodyPart part = new MimeBodyPart();
        part.setText(text, UTF_8, subtype);
        // Lines of any length survive this encoding, and servers without 8BITMIME accept it.
        part.setHeader("Content-Transfer-Encoding", "quoted-printable");
        return part;
    }

    private static InternetAddress internetAddress(EmailAddress address, @Nullable String name) {
        InternetAddress composed = new InternetAddress();
        composed.setAddress(address.mailbox());
        try {
            composed.setPersonal(name, UTF_8);
        } catch (UnsupportedEncodingException impossible) {
            throw new IllegalStateException(impossible);
        }
        return composed;
    }

    private static boolean isAscii(String text) {
        return StandardCharsets.US_ASCII.newEncoder().canEncode(text);
    }

    /** A message with the same {@code Message-ID} at each attempt, by which a receiver recognizes a repetition. */
    private static final class IdentifiedMessage extends MimeMessage {
        private final String id;

        IdentifiedMessage(Session session, String id) {
            super(session);
            this.id = id;
        }

        @Override
        protected void updateMessageID() throws MessagingException {
            setHeader("Message-ID", id);
        }
    }
}
