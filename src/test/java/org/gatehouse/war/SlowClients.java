package org.gatehouse.war;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Clients that send a request body byte by byte, or not at all. */
public final class SlowClients implements AutoCloseable {
    private static final int TIMEOUT_MS = 40_000;

    private final int port;
    private final Duration interval;
    private final List<Socket> sockets = new ArrayList<>();
    private final ScheduledExecutorService bytes = Executors.newSingleThreadScheduledExecutor();

    /** @param interval the time between two bytes */
    public SlowClients(int port, Duration interval) {
        this.port = port;
        this.interval = interval;
    }

    /** Announces a body of 60,000 bytes and sends one byte per interval. */
    public Socket trickling(String method, String path, String... headers) {
        Socket socket = open(method, path, "Content-Length: 60000", headers);
        repeat(socket, "{");
        return socket;
    }

    /** Sends one chunk of one byte per interval, without a Content-Length. */
    public Socket tricklingInChunks(String method, String path, String... headers) {
        Socket socket = open(method, path, "Transfer-Encoding: chunked", headers);
        repeat(socket, "1\r\n{\r\n");
        return socket;
    }

    /** Announces a body of 60,000 bytes and sends no byte of this body. */
    public Socket silent(String method, String path, String... headers) {
        return open(method, path, "Content-Length: 60000", headers);
    }

    /** Waits until the server closes the connection. Returns the response. */
    public static String response(Socket socket) {
        StringBuilder response = new StringBuilder();
        try {
            socket.setSoTimeout(TIMEOUT_MS);
            for (int next = socket.getInputStream().read();
                    next >= 0;
                    next = socket.getInputStream().read()) {
                response.append((char) next);
            }
        } catch (SocketTimeoutException open) {
            throw new AssertionError("The connection stays open after: " + response, open);
        } catch (IOException reset) {
            // A reset also closes the connection.
        }
        return response.toString();
    }

    private Socket open(String method, String path, String framing, String... headers) {
        try {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
            sockets.add(socket);
            String headerLines = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
            String head = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headerLines;
            send(socket, head + framing + "\r\n\r\n");
            return socket;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private void repeat(Socket socket, String part) {
        var unused = bytes.scheduleAtFixedRate(
                () -> {
                    try {
                        send(socket, part);
                    } catch (IOException closed) {
                        // The server has closed the connection. The exception ends the schedule of this socket.
                        throw new UncheckedIOException(closed);
                    }
                },
                interval.toMillis() / 2,
                interval.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void close() {
        bytes.shutdownNow();
        for (Socket socket : sockets) {
            try {
                socket.close();
            } catch (IOException closed) {
                // The socket is already closed.
            }
        }
    }
}
