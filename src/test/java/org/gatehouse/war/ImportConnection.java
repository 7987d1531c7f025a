package org.gatehouse.war;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A connection for an import. The test sends the body chunk by chunk. */
public final class ImportConnection implements AutoCloseable {
    private final Socket socket;

    /**
     * Sends the request line and the headers.
     *
     * @param service the address of the service; the connection uses the loopback address instead of the host name
     * @param headers additional header lines
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

    /** Sends a chunk of the body. */
    public void chunk(byte[] content) throws IOException {
        send((Integer.toHexString(content.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        send(content);
        send("\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    /** Ends the body. */
    public void end() throws IOException {
        send("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    /** Sends text as it is, not as a chunk. */
    public void raw(String text) throws IOException {
        send(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Reads the response, including its headers, until the response contains this text. Returns everything read. */
    public String until(String text) throws IOException {
        StringBuilder read = new StringBuilder();
        while (read.indexOf(text) < 0) {
            int next = socket.getInputStream().read();
            if (next < 0) {
                throw new AssertionError("the response ends with " + read);
            }
            read.append((char) next);
        }
        return read.toString();
    }

    /** Reads the response to its end. */
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
