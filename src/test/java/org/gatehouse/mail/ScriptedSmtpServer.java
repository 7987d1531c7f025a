package org.gatehouse.mail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/** A mail server that replies to each command as the test wishes. Without a script, it accepts every mail. */
final class ScriptedSmtpServer implements AutoCloseable {
    /** A reply after which the server closes the connection. */
    static final String CLOSE = "close";

    /** The server does not reply, and keeps the connection until it is closed. */
    static final String SILENCE = "silence";

    /** The server sends one character of a reply every few milliseconds, and never ends the line. */
    static final String DRIP = "drip";

    private static final long DRIP_INTERVAL_MS = 20;

    /** Longer than every limit of a test. */
    private static final long MAX_SILENCE_MS = 60_000;

    /** The server accepts the command, but only after {@link #release}. */
    static final String HOLD = "hold";

    static final String GREETING = "greeting";

    /** The end of the content of a mail. */
    static final String END = ".";

    private final ServerSocket listener;
    private volatile boolean shut;
    private final Map<String, String> replies = new ConcurrentHashMap<>();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private final @Nullable SSLSocketFactory tls;
    private final boolean implicit;

    /** The commands and lines of mails, in order. */
    final List<String> received = new CopyOnWriteArrayList<>();

    /** The mails that the server accepted, in order. */
    final List<Accepted> accepted = new CopyOnWriteArrayList<>();

    /** A mail that the server accepted. */
    record Accepted(String to, String messageId, Instant at) {}

    /** The ids of mails whose connections {@link #shut} closed after the mail was accepted. */
    final Set<String> cut = ConcurrentHashMap.newKeySet();

    /** The clock for the times of accepted mails. */
    volatile InstantSource clock = InstantSource.system();

    /** The wait before each greeting and before the end of each mail. */
    volatile Duration delay = Duration.ZERO;

    /** Creates a server without TLS. */
    ScriptedSmtpServer(Map<String, String> script) {
        this(script, null, false);
    }

    /** @param implicit whether TLS begins with the connection, not with STARTTLS */
    ScriptedSmtpServer(Map<String, String> script, @Nullable SSLSocketFactory tls, boolean implicit) {
        this.tls = tls;
        this.implicit = implicit;
        replies.put(GREETING, "220 mail.example ESMTP");
        replies.put(
                "EHLO",
                tls == null || implicit
                        ? "250-mail.example\r\n250 AUTH PLAIN LOGIN"
                        : "250-mail.example\r\n250 STARTTLS");
        replies.put("HELO", "250 mail.example");
        replies.put("STARTTLS", "220 ready");
        replies.put("AUTH", "235 ok");
        replies.put("MAIL", "250 ok");
        replies.put("RCPT", "250 ok");
        replies.put("DATA", "354 go on");
        replies.put(END, "250 accepted");
        replies.put("RSET", "250 ok");
        replies.put("QUIT", "221 bye");
        replies.putAll(script);
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        start(this::acceptAll);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Sets the reply to all commands with this name, or to one command line; {@code ". a@b"} is the end of a mail to a@b. */
    void reply(String command, String reply) {
        replies.put(command, reply);
    }

    /** Accepts all commands that wait because of {@link #HOLD}. */
    void release() {
        released.countDown();
    }

    /**
     * Closes all connections, and each new one before its greeting, until {@link #reopen}. The port stays open, because
     * another test could take a free port.
     */
    void shut() {
        shut = true;
        disconnect();
    }

    void reopen() {
        shut = false;
    }

    /** Closes all connections. */
    void disconnect() {
        try {
            for (Socket socket : sockets) {
                sockets.remove(socket);
                socket.close();
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "scripted-smtp");
        thread.setDaemon(true);
        thread.start();
    }

    private void acceptAll() {
        try {
            while (true) {
                Socket socket = listener.accept();
                sockets.add(socket);
                if (shut) {
                    disconnect();
                } else {
                    start(() -> serve(socket));
                }
            }
        } catch (IOException ended) {
            // the server is closed
        }
    }

    private void serve(Socket socket) {
        @Nullable Session session = null;
        try (socket) {
            session = new Session(implicit ? secure(socket) : socket);
            session.pause();
            if (session.reply(GREETING)) {
                session.run();
            }
        } catch (IOException ended) {
            // the client has disconnected
        } finally {
            if (!sockets.remove(socket) && session != null && !session.messageId.isEmpty()) {
                cut.add(session.messageId);
            }
        }
    }

    private SSLSocket secure(Socket socket) throws IOException {
        SSLSocket secure = (SSLSocket) Objects.requireNonNull(tls).createSocket(socket, null, true);
        secure.setUseClientMode(false);
        secure.startHandshake();
        return secure;
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            listener.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        disconnect();
    }

    private final class Session {
        private Socket socket;
        private BufferedReader input;
        private String recipient = "";
        private String messageId = "";

        Session(Socket socket) throws IOException {
            this.socket = socket;
            this.input = reader(socket);
        }

        private static BufferedReader reader(Socket socket) throws IOException {
            return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        }

        void run() throws IOException {
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                received.add(line);
                String command = line.split("[ :]", 2)[0];
                if (!reply(replies.containsKey(line) ? line : command)) {
                    return;
                }
                if (command.equals("RCPT")) {
                    recipient = line.substring(line.indexOf('<') + 1, line.indexOf('>'));
                }
                if (command.equals("STARTTLS") && tls != null) {
                    socket = secure(socket);
                    input = reader(socket);
                } else if (command.equals("DATA")
                        && replies.getOrDefault("DATA", "").startsWith("354")) {
                    String id = readMail();
                    pause();
                    String end = END + " " + recipient;
                    String reply = replies.getOrDefault(end, replies.getOrDefault(END, ""));
                    if (reply.equals(HOLD) || reply.startsWith("2")) {
                        awaitRelease(reply);
                        messageId = id;
                        accepted.add(new Accepted(recipient, id, clock.instant()));
                    }
                    if (!reply(replies.containsKey(end) ? end : END)) {
                        return;
                    }
                }
            }
        }

        /** Returns the header Message-ID. */
        private String readMail() throws IOException {
            List<String> lines = new ArrayList<>();
            for (String line = input.readLine(); line != null && !line.equals("."); line = input.readLine()) {
                lines.add(line);
            }
            received.addAll(lines);
            return lines.stream()
                    .filter(line -> line.startsWith("Message-ID: "))
                    .findFirst()
                    .orElse("");
        }

        /** Returns whether the connection continues. */
        boolean reply(String command) throws IOException {
            String reply = replies.getOrDefault(command, "500 unknown");
            switch (reply) {
                case CLOSE -> {
                    return false;
                }
                case SILENCE -> awaitClose(MAX_SILENCE_MS);
                case HOLD -> {
                    awaitRelease(HOLD);
                    write("250 accepted\r\n");
                }
                case DRIP -> drip();
                default -> write(reply + "\r\n");
            }
            return true;
        }

        private void drip() throws IOException {
            while (closed.getCount() > 0) {
                write("2");
                awaitClose(DRIP_INTERVAL_MS);
            }
        }

        private void write(String text) throws IOException {
            OutputStream output = socket.getOutputStream();
            output.write(text.getBytes(StandardCharsets.UTF_8));
            output.flush();
        }

        private void awaitRelease(String reply) {
            try {
                boolean unused = !reply.equals(HOLD) || released.await(MAX_SILENCE_MS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        private void pause() {
            awaitClose(delay.toMillis());
        }

        private void awaitClose(long ms) {
            try {
                var unused = closed.await(ms, TimeUnit.MILLISECONDS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
