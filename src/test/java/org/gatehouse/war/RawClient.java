package org.gatehouse.war;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.gatehouse.http.Json;

/**
 * One connection that sends the same bytes again and again, and reads no more of an answer than it must: a client that
 * shares its processors with the service it measures.
 */
final class RawClient implements AutoCloseable {
    private static final int TIMEOUT_MS = 30_000;
    private static final String LENGTH = "content-length:";

    private final Socket socket;
    private final InputStream input;
    private final byte[] buffer = new byte[8192];
    private int filled;
    private int taken;

    RawClient(int port) throws IOException {
        this.socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MS);
        this.input = socket.getInputStream();
    }

    /** A login that a trusted proxy passes on for this address. */
    static byte[] login(String username, String password, String address) {
        String body = Json.MAPPER
                .createObjectNode()
                .put("username", username)
                .put("password", password)
                .toString();
        return ("POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Forwarded-For: "
                        + address + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.UTF_8);
    }

    static byte[] get(String path, String token) {
        return ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token + "\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Sends a request and reads its answer, which must tell its length. */
    int send(byte[] request) throws IOException {
        socket.getOutputStream().write(request);
        int status = Integer.parseInt(line().split(" ", 3)[1]);
        int length = 0;
        for (String header = line(); !header.isEmpty(); header = line()) {
            if (header.toLowerCase(Locale.ROOT).startsWith(LENGTH)) {
                length = Integer.parseInt(header.substring(LENGTH.length()).strip());
            }
        }
        for (int i = 0; i < length; i++) {
            read();
        }
        return status;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = read(); next != '\n'; next = read()) {
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    private int read() throws IOException {
        if (taken == filled) {
            filled = input.read(buffer);
            taken = 0;
            if (filled <= 0) {
                throw new EOFException();
            }
        }
        return buffer[taken++];
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
