package org.gatehouse.mail;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.GreenMailUtil;
import com.icegreen.greenmail.util.ServerSetup;
import jakarta.mail.Message.RecipientType;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.slf4j.LoggerFactory;

/** A mail server on a free port of the loopback address, which keeps the mails that it receives. */
public final class MailServer implements AutoCloseable {
    static {
        // The log would contain each new address, and a stack trace for each client that closes its connection.
        ((Logger) LoggerFactory.getLogger("com.icegreen.greenmail")).setLevel(Level.OFF);
    }

    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final Pattern LINK =
            Pattern.compile("https://app\\.example\\.com/(\\w+)#proof=([\\w-]{59})(?![\\w-])");

    private final GreenMail server;

    /** A received mail. */
    public record Received(
            String id, String to, String kind, String subject, String text, String html, Instant receivedAt) {
        /** Returns the proof in the link, which has the given purpose. */
        public String proof(String purpose) {
            Matcher link = LINK.matcher(text);
            if (!link.find() || !link.group(1).equals(purpose)) {
                throw new AssertionError("no link for " + purpose + " in " + text);
            }
            return link.group(2);
        }
    }

    private MailServer(GreenMail server) {
        this.server = server;
    }

    public static MailServer start() {
        GreenMail server = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
        server.start();
        return new MailServer(server);
    }

    /** Starts a server on the port where another one was stopped. */
    public static MailServer startOn(int port) {
        GreenMail server = new GreenMail(new ServerSetup(port, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
        server.start();
        return new MailServer(server);
    }

    /** Adds an account with which clients can authenticate. Clients without credentials can still send mails. */
    public void addUser(String name, String password) {
        server.setUser(name, name, password);
    }

    public int port() {
        return server.getSmtp().getPort();
    }

    /** Returns the settings with which a node uses this server. */
    public Map<String, String> settings() {
        return settings(port());
    }

    /** Returns the settings with which a node uses the server on this port. */
    public static Map<String, String> settings(int port) {
        return Map.of(
                "SMTP_URL", "smtp://127.0.0.1:" + port + "?starttls=never",
                "MAIL_FROM", "Gatehouse <accounts@example.com>",
                "MAIL_LINKS", "https://app.example.com/{purpose}#proof={proof}");
    }

    /** Returns the mails received so far. */
    public List<Received> received() {
        return Stream.of(server.getReceivedMessages()).map(MailServer::read).toList();
    }

    /** Returns the mails of this kind to this address. */
    public List<Received> received(String to, String kind) {
        return Stream.of(server.getReceivedMessages())
                .filter(message -> isTo(message, to))
                .map(MailServer::read)
                .filter(mail -> mail.kind().equals(kind))
                .toList();
    }

    private static boolean isTo(MimeMessage message, String to) {
        try {
            return to.equals(message.getHeader("To", null));
        } catch (MessagingException malformed) {
            throw new AssertionError(malformed);
        }
    }

    /** Waits for a mail of this kind to this address, and returns the latest one. */
    public Received await(String to, String kind) {
        return await(to, kind, 1);
    }

    /** Waits until there are this many mails of this kind to this address, and returns the latest one. */
    public Received await(String to, String kind, int count) {
        Awaitility.await().atMost(TIMEOUT).until(() -> received(to, kind).size() >= count);
        List<Received> mails = received(to, kind);
        return mails.get(mails.size() - 1);
    }

    private static Received read(MimeMessage message) {
        try {
            MimeMultipart parts = (MimeMultipart) message.getContent();
            return new Received(
                    message.getMessageID(),
                    message.getRecipients(RecipientType.TO)[0].toString(),
                    message.getHeader("X-Gatehouse-Mail", null),
                    message.getSubject(),
                    (String) parts.getBodyPart(0).getContent(),
                    (String) parts.getBodyPart(1).getContent(),
                    message.getReceivedDate() == null
                            ? message.getSentDate().toInstant()
                            : message.getReceivedDate().toInstant());
        } catch (MessagingException | IOException malformed) {
            throw new AssertionError(GreenMailUtil.getWholeMessage(message), malformed);
        }
    }

    /** Closes the port and all connections. */
    public void stop() {
        server.stop();
    }

    @Override
    public void close() {
        stop();
    }
}
