package org.gatehouse.war;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** An import whose body is sent bit by bit. */
public final class ImportConnection implements AutoCloseable {
    private final Socket socket;

    /**
     * Sends the head of the request.
     *
     * @param service where it answers on the loopback address
     * @param headers more lines of the head
     */
    public ImportConnection(String service, String token, String... headers) throws IOException {
        URI uri = URI.create(service + "/user/import");
        socket = new Socket(InetAddress.getLoopbackAddress(), uri.getPort());
        socket.setSoTimeout(60_000);
        send(("POST " + uri.getRawPath() + " HTTP/1.1\r\nHost: localhost\r\nauth: " + token
                        + "\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked"
                        + "\r\nConnection: close\r\n"
                        + Stream.of(headers).map(header -> header + "\r\n").collect(Collectors.joining()) + "\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    }

    /** Sends a part of the body. */
    public void chunk(byte[] content) throws IOException {
        send((Integer.toHexString(content.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        send(content);
        send("\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    /** Ends the body. */
    public void end() throws IOException {
        send("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    /** Sends a text that is not a part of the body. */
    public void raw(String text) throws IOException {
        send(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Reads of the answer, headers and all, until this has come. */
    public String until(String text) throws IOException {
        StringBuilder read = new StringBuilder();
        while (read.indexOf(text) < 0) {
            int next = socket.getInputStream().read();
            if (next < 0) {
                throw new AssertionError("the answer ends with " + read);
            }
            read.append((char) next);
        }
        return read.toString();
    }

    /** Reads the answer to its end. */
    public String rest() throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
