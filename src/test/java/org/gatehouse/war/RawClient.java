package org.gatehouse.war;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.gatehouse.json.Json;

/**
 * A connection that sends prepared requests for measurements. The client and the service share the processors.
 * Therefore the connection checks only the first response of each kind, and parses only the necessary parts of a
 * response.
 */
final class RawClient implements AutoCloseable {
    private static final int TIMEOUT_MS = 30_000;
    private static final String LENGTH = "content-length:";
    private static final String END_OF_HEAD = "\r\n\r\n";

    /**
     * The combinations of a request line and a response status that already occurred. Only the first response of each
     * combination is checked.
     */
    private static final Set<String> seen = ConcurrentHashMap.newKeySet();

    private final Socket socket;
    private final InputStream input;
    private final byte[] buffer = new byte[8192];
    private final List<Exchange> unchecked = new ArrayList<>();
    private int filled;
    private int consumed;

    RawClient(int port) throws IOException {
        this.socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MS);
        this.input = socket.getInputStream();
    }

    /** Returns a login request with the header that a trusted proxy adds for this client address. */
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

    /**
     * Sends a request and reads the response. Returns the status. If the response has a body, it must also have a
     * Content-Length.
     */
    int send(byte[] request) throws IOException {
        socket.getOutputStream().write(request);
        int status = Integer.parseInt(line().split(" ", 3)[1]);
        List<String> head = new ArrayList<>();
        int length = 0;
        for (String header = line(); !header.isEmpty(); header = line()) {
            head.add(header);
            if (header.toLowerCase(Locale.ROOT).startsWith(LENGTH)) {
                length = Integer.parseInt(header.substring(LENGTH.length()).strip());
            }
        }
        byte[] body = new byte[length];
        for (int i = 0; i < length; i++) {
            body[i] = (byte) read();
        }
        if (seen.add(firstLine(request) + " " + status)) {
            unchecked.add(new Exchange(text(request), status, head, text(body)));
        }
        return status;
    }

    private static String firstLine(byte[] request) {
        int end = 0;
        while (request[end] != '\r') {
            end++;
        }
        return new String(request, 0, end, StandardCharsets.US_ASCII);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** A request and its response, as sent over the network. */
    private record Exchange(String request, int status, List<String> head, String body) {
        void check() {
            int end = request.indexOf(END_OF_HEAD);
            List<String> lines = request.substring(0, end).lines().toList();
            String[] first = lines.get(0).split(" ", 3);
            Map<String, String> headers = new HashMap<>();
            fields(lines.subList(1, lines.size())).forEach((name, values) -> headers.put(name, values.get(0)));
            Response response = new Response(
                    URI.create(first[1]),
                    status,
                    HttpHeaders.of(fields(head), (name, value) -> true),
                    body,
                    Duration.ZERO);
            String sent = request.substring(end + END_OF_HEAD.length());
            ApiDescription.built().check(first[0], URI.create(first[1]), headers, sent, response);
        }

        private static Map<String, List<String>> fields(List<String> lines) {
            return lines.stream()
                    .map(line -> line.split(":", 2))
                    .collect(groupingBy(
                            field -> field[0].toLowerCase(Locale.ROOT), mapping(field -> field[1].strip(), toList())));
        }
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
        if (consumed == filled) {
            filled = input.read(buffer);
            consumed = 0;
            if (filled <= 0) {
                throw new EOFException();
            }
        }
        return buffer[consumed++];
    }

    /**
     * Closes the connection and checks the responses. The checks come last, so that they do not affect the measurement.
     *
     * @throws AssertionError if a response differs from {@link ApiDescription}
     */
    @Override
    public void close() throws IOException {
        socket.close();
        unchecked.forEach(Exchange::check);
    }
}
