package org.gatehouse.dev;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.icegreen.greenmail.mail.MailAddress;
import com.icegreen.greenmail.mail.MovingMessage;
import com.icegreen.greenmail.user.UserImpl;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * A mail server in this process, on a free port of the loopback address. It accepts mails to every address, and keeps
 * the newest in memory.
 */
public final class EmbeddedSmtp implements AutoCloseable {
    static {
        // The log would contain each new address, and a stack trace for each client that closes its connection.
        ((Logger) LoggerFactory.getLogger("com.icegreen.greenmail")).setLevel(Level.OFF);
    }

    /** More mails are not readable on one page. */
    static final int MAX_MAILS = 200;

    private static final int ANY_PORT = 0;

    private final GreenMail server = new GreenMail(new ServerSetup(ANY_PORT, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
    private final Deque<ReceivedMail> mails = new ArrayDeque<>();
    private int received;

    private EmbeddedSmtp() {
        server.getUserManager().setMessageDeliveryHandler((message, to) -> new Recipient(to));
        server.start();
    }

    /** Starts a server and waits until it accepts connections. */
    public static EmbeddedSmtp start() {
        return new EmbeddedSmtp();
    }

    public int port() {
        return server.getSmtp().getPort();
    }

    /** Returns the address of the server in the format of the setting {@code SMTP_URL}. */
    public String uri() {
        return "smtp://127.0.0.1:" + port() + "?starttls=never";
    }

    /** Returns the newest mails, in the order of arrival beginning with the last. */
    public synchronized List<ReceivedMail> mails() {
        return List.copyOf(mails);
    }

    /** Returns the mail with this number, unless too many newer mails have arrived. */
    synchronized Optional<ReceivedMail> mail(int number) {
        return mails.stream().filter(mail -> mail.number() == number).findFirst();
    }

    private synchronized void add(String to, MovingMessage message) {
        try {
            mails.addFirst(ReceivedMail.of(received + 1, to, message.getMessage(), Instant.now()));
        } catch (MessagingException malformed) {
            throw new IllegalArgumentException(malformed);
        } catch (IOException malformed) {
            throw new UncheckedIOException(malformed);
        }
        received++;
        if (mails.size() > MAX_MAILS) {
            mails.removeLast();
        }
    }

    /** Stops the server and closes its connections. The threads of the connections end shortly afterwards. */
    @Override
    public void close() {
        server.stop();
    }

    /** A recipient without a mailbox. GreenMail's own recipients would keep all mails. */
    private final class Recipient extends UserImpl {
        Recipient(MailAddress address) {
            super(
                    address.getEmail(),
                    address.getEmail(),
                    "",
                    server.getUserManager().getImapHostManager());
        }

        @Override
        public void deliver(MovingMessage message) {
            add(getEmail(), message);
        }
    }
}
