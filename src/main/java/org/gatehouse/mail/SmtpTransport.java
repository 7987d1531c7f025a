package org.gatehouse.mail;

import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocketFactory;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.config.MailSettings;
import org.gatehouse.config.Secret;
import org.gatehouse.config.SmtpUrl;
import org.gatehouse.store.StoreRefusedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends mails to the server of {@code SMTP_URL}, each over a connection of its own.
 *
 * <p>Callers may rely on this: once the host name is resolved, {@link #send} ends within {@link #MAIL_TIMEOUT}, because a
 * watchdog closes the connection. A failure is permanent only if the server rejected this mail. Rejected credentials,
 * certificates and connections are temporary failures, because the operator can correct them.
 */
final class SmtpTransport implements MailTransport, AutoCloseable {
    /** The limit for one mail. A row of the queue is leased for twice this time. */
    static final Duration MAIL_TIMEOUT = Duration.ofSeconds(60);

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    /** The limit for one response and for one write. */
    private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(20);

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);

    /** Codes about authentication (RFC 4954, section 6). A server may send them as a reply to {@code MAIL}. */
    private static final Set<Integer> AUTHENTICATION_CODES = Set.of(530, 534, 535, 538);

    private static final Logger log = LoggerFactory.getLogger(SmtpTransport.class);

    private final SmtpUrl smtp;
    private final String ownName;
    private final MailComposer composer;
    private final SSLSocketFactory tls;
    private final Limits limits;
    private final ScheduledThreadPoolExecutor watchdog =
            new ScheduledThreadPoolExecutor(1, Threads.factory("mail-watchdog"));
    private final Set<SocketWatch> open = ConcurrentHashMap.newKeySet();

    /** The limits of a connection: for connecting, for one response or write, and for everything. */
    record Limits(Duration connect, Duration response, Duration total) {
        static final Limits OF_MAIL = new Limits(CONNECT_TIMEOUT, RESPONSE_TIMEOUT, MAIL_TIMEOUT);

        /** Returns limits that end before the link of the mail expires, because the mail is useless after that. */
        Limits within(@Nullable Duration validity) {
            return validity == null || validity.compareTo(total) > 0 ? this : new Limits(connect, response, validity);
        }
    }

    SmtpTransport(MailSettings settings, MailTemplates templates, InstantSource clock) {
        this(settings, templates, clock, (SSLSocketFactory) SSLSocketFactory.getDefault(), Limits.OF_MAIL);
    }

    SmtpTransport(
            MailSettings settings, MailTemplates templates, InstantSource clock, SSLSocketFactory tls, Limits limits) {
        this.smtp = settings.smtp();
        this.ownName = settings.from().address().domain();
        this.composer = new MailComposer(templates, settings.from(), clock);
        this.tls = tls;
        this.limits = limits;
        watchdog.setRemoveOnCancelPolicy(true);
    }

    @Override
    public Optional<MailFailure> send(MailMessage message) {
        Limits allowed = limits.within(message.values().validity());
        return connected(allowed, composer.needsUtf8(message), connection -> connection.send(message));
    }

    /**
     * Connects, waits for the greeting and for STARTTLS if it is used, and disconnects. Does not authenticate.
     *
     * @throws StoreRefusedException if the server rejects the connection, or if TLS fails
     * @throws IllegalStateException if the server does not respond
     */
    void requireAvailable(Duration timeout) {
        Optional<MailFailure> failure = connected(new Limits(timeout, timeout, timeout), false, Connection::probe);
        failure.ifPresent(present -> {
            if (Reason.NO_ANSWER.contains(present.reason())) {
                throw new IllegalStateException(present.reason());
            }
            throw new StoreRefusedException(present.reason(), null);
        });
    }

    private interface Use {
        Optional<MailFailure> run(Connection connection);
    }

    private Optional<MailFailure> connected(Limits allowed, boolean utf8, Use use) {
        SocketWatch sockets = new SocketWatch();
        open.add(sockets);
        Thread thread = Thread.currentThread();
        ClassLoader previous = thread.getContextClassLoader();
        Future<?> limit = null;
        try {
            limit = watchdog.schedule(sockets::close, allowed.total().toMillis(), TimeUnit.MILLISECONDS);
            // Jakarta Mail finds its parts through this class loader.
            thread.setContextClassLoader(SmtpTransport.class.getClassLoader());
            Session session = Session.getInstance(properties(allowed, utf8, sockets));
            try (Connection connection = new Connection(session, sockets)) {
                return use.run(connection);
            }
        } catch (RejectedExecutionException stopped) {
            return Optional.of(new MailFailure(false, Reason.LOST));
        } finally {
            thread.setContextClassLoader(previous);
            if (limit != null) {
                limit.cancel(false);
            }
            open.remove(sockets);
        }
    }

    private Properties properties(Limits allowed, boolean utf8, SocketWatch sockets) {
        Properties properties = new Properties();
        properties.put("mail.smtp.socketFactory", sockets.plainSockets());
        properties.put("mail.smtp.socketFactory.fallback", "false");
        properties.put("mail.smtp.ssl.socketFactory", sockets.tlsSockets(tls));
        properties.put("mail.smtp.ssl.enable", String.valueOf(smtp.tls() == SmtpUrl.Tls.IMPLICIT));
        properties.put("mail.smtp.ssl.checkserveridentity", "true");
        properties.put(
                "mail.smtp.starttls.enable",
                String.valueOf(smtp.tls() == SmtpUrl.Tls.REQUIRED || smtp.tls() == SmtpUrl.Tls.OFFERED));
        properties.put("mail.smtp.starttls.required", String.valueOf(smtp.tls() == SmtpUrl.Tls.REQUIRED));
        properties.put(
                "mail.smtp.connectiontimeout", String.valueOf(allowed.connect().toMillis()));
        properties.put("mail.smtp.timeout", String.valueOf(allowed.response().toMillis()));
        properties.put(
                "mail.smtp.writetimeout", String.valueOf(allowed.response().toMillis()));
        properties.put("mail.smtp.executor.writetimeout", watchdog); // otherwise, each connection has its own thread
        properties.put("mail.smtp.auth.mechanisms", "PLAIN LOGIN"); // others are obsolete, or need more than a password
        properties.put("mail.smtp.localhost", ownName); // otherwise, a lookup in DNS finds the name of the machine
        properties.put("mail.smtp.quitwait", "false"); // because the mail is accepted before QUIT
        properties.put("mail.mime.allowutf8", String.valueOf(utf8));
        return properties;
    }

    /** Ends open connections. A mail that is sent later fails temporarily. */
    @Override
    public void close() {
        Threads.stop(watchdog, STOP_TIMEOUT);
        open.forEach(SocketWatch::close);
    }

    /** The reasons of failures. None of them contains text of the server, which may contain addresses. */
    private static final class Reason {
        static final String SLOW = "The mail server did not respond in time.";
        static final String UNREACHABLE = "The mail server cannot be reached.";
        static final String UNKNOWN_HOST = "The name of the mail server is unknown.";
        static final String CERTIFICATE = "The certificate of the mail server is not trusted.";
        static final String TLS = "The mail server and this node could not agree on TLS.";
        static final String NO_STARTTLS = "The mail server does not offer STARTTLS.";
        static final String LOST = "The connection to the mail server was lost.";
        static final String NO_UTF8 =
                "The mail server does not accept addresses with other than ASCII letters (SMTPUTF8).";
        static final Set<String> NO_ANSWER = Set.of(SLOW, UNREACHABLE, UNKNOWN_HOST, LOST);
        static final String NOT_COMPOSED = "The mail could not be composed.";

        private Reason() {}
    }

    private final class Connection implements AutoCloseable {
        private final Session session;
        private final SocketWatch sockets;
        private final SMTPTransport transport;

        Connection(Session session, SocketWatch sockets) {
            this.session = session;
            this.sockets = sockets;
            this.transport = new SMTPTransport(session, null);
        }

        Optional<MailFailure> probe() {
            return connect(null, null);
        }

        Optional<MailFailure> send(MailMessage message) {
            MimeMessage composed;
            try {
                composed = composer.compose(message, session);
            } catch (MessagingException | RuntimeException failed) {
                log.error("The mail {} of kind {} could not be composed", message.id(), message.kind(), failed);
                return failure(true, Reason.NOT_COMPOSED);
            }
            Secret password = smtp.password();
            return connect(smtp.user(), password == null ? null : password.reveal())
                    .or(() -> send(composed, composer.needsUtf8(message)));
        }

        private Optional<MailFailure> connect(@Nullable String user, @Nullable String password) {
            try {
                transport.connect(smtp.host(), smtp.port(), user, password);
                return Optional.empty();
            } catch (MessagingException failed) {
                log.debug("The connection to the mail server failed", failed);
                return reply("the connection", failed).or(() -> failure(false, reason(failed, missesStartTls())));
            }
        }

        private boolean missesStartTls() {
            return smtp.tls() == SmtpUrl.Tls.REQUIRED && isPositive() && !transport.supportsExtension("STARTTLS");
        }

        private boolean isPositive() {
            return transport.getLastReturnCode() / 100 == 2;
        }

        private Optional<MailFailure> send(MimeMessage composed, boolean utf8) {
            if (utf8 && !transport.supportsExtension("SMTPUTF8")) {
                return failure(true, Reason.NO_UTF8);
            }
            try {
                transport.sendMessage(composed, composed.getAllRecipients());
                return Optional.empty();
            } catch (MessagingException failed) {
                log.debug("The mail server did not accept a mail", failed);
                return reply("the mail", failed).or(() -> failure(false, reason(failed, false)));
            }
        }

        /** Returns the failure if the server sent a negative reply. */
        private Optional<MailFailure> reply(String subject, MessagingException failed) {
            int code = transport.getLastReturnCode();
            if (code < 400 || code > 599 || cause(failed, IOException.class)) {
                return Optional.empty();
            }
            boolean permanent = subject.equals("the mail") && code >= 500 && !AUTHENTICATION_CODES.contains(code);
            String rejected = AUTHENTICATION_CODES.contains(code) ? "the credentials" : subject;
            return failure(permanent, "The mail server rejected " + rejected + " (" + code + ").");
        }

        private String reason(MessagingException failed, boolean missesStartTls) {
            if (sockets.isClosed() || cause(failed, SocketTimeoutException.class)) {
                return Reason.SLOW;
            }
            if (cause(failed, CertificateException.class)) {
                return Reason.CERTIFICATE;
            }
            if (cause(failed, SSLException.class)) {
                return Reason.TLS;
            }
            if (cause(failed, UnknownHostException.class)) {
                return Reason.UNKNOWN_HOST;
            }
            if (cause(failed, ConnectException.class) || cause(failed, NoRouteToHostException.class)) {
                return Reason.UNREACHABLE;
            }
            return missesStartTls ? Reason.NO_STARTTLS : Reason.LOST;
        }

        private static boolean cause(Throwable failed, Class<? extends Throwable> type) {
            for (Throwable next = failed; next != null; next = next.getCause()) {
                if (type.isInstance(next)) {
                    return true;
                }
            }
            return false;
        }

        private static Optional<MailFailure> failure(boolean permanent, String reason) {
            return Optional.of(new MailFailure(permanent, reason));
        }

        /** Sends {@code QUIT} and disconnects. The result of the mail is known before. */
        @Override
        public void close() {
            try {
                transport.close();
            } catch (MessagingException failed) {
                log.debug("The connection to the mail server did not end regularly", failed);
            } finally {
                sockets.close();
            }
        }
    }
}
