package org.gatehouse.bench;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A connection of the load generator. The connection sends one call at a time. It parses only the necessary parts of a
 * response, because the load generator and the server share the processors.
 */
final class Connection implements AutoCloseable {
    /** The size of the read buffer in bytes. The largest requested page is smaller. */
    private static final int CAPACITY = 256 * 1024;

    private static final byte[] OK = ascii("HTTP/1.1 200 ");
    private static final byte[] REJECTED = ascii("HTTP/1.1 503 ");
    private static final byte[] LENGTH = ascii("\r\ncontent-length:");
    private static final byte[] HEAD_END = ascii("\r\n\r\n");
    private static final int UNKNOWN = -1;

    private final SocketChannel channel;
    private final byte[] buffer = new byte[CAPACITY];
    private final ByteBuffer input = ByteBuffer.wrap(buffer);
    private volatile @Nullable Call call;
    private volatile long since;
    private int bodyStart = UNKNOWN;
    private int end = UNKNOWN;

    private Connection(SocketChannel channel) {
        this.channel = channel;
    }

    /** Opens a connection to a local server. The selector wakes up when the connection receives data. */
    static Connection open(int port, Selector selector) throws IOException {
        SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.configureBlocking(false);
        Connection opened = new Connection(channel);
        channel.register(selector, SelectionKey.OP_READ, opened);
        return opened;
    }

    /** @param start the start of the measured time, as a value of {@link System#nanoTime} */
    void send(Call next, long start) throws IOException {
        call = next;
        since = start;
        ByteBuffer output = ByteBuffer.wrap(next.request());
        while (output.hasRemaining()) {
            channel.write(output);
        }
    }

    /** Returns the start of the measured time. */
    long since() {
        return since;
    }

    /**
     * Reads the available data. Returns true if the response is complete. Then the next call may be sent.
     *
     * @throws AssertionError if the response is wrong
     */
    boolean readResponse() throws IOException {
        if (channel.read(input) < 0) {
            throw new EOFException("The server closed the connection after: " + received());
        }
        if (end == UNKNOWN) {
            findEnd();
        }
        if (end == UNKNOWN || input.position() < end) {
            return false;
        }
        check();
        input.clear();
        end = UNKNOWN;
        return true;
    }

    /** Returns whether the service has rejected the last call because of overload. */
    boolean isRejected() {
        return startsWith(REJECTED);
    }

    private boolean startsWith(byte[] start) {
        return Arrays.equals(buffer, 0, start.length, start, 0, start.length);
    }

    private void check() {
        Call sent = call;
        boolean correct = sent != null
                && input.position() == end
                && (startsWith(OK) && sent.body().accepts(buffer, bodyStart, end)
                        || isRejected() && sent.mayBeRejected());
        if (!correct) {
            String request = sent == null ? "" : new String(sent.request(), StandardCharsets.UTF_8);
            throw new AssertionError("A wrong response:\n" + received() + "\nto\n"
                    + request.lines().findFirst());
        }
    }

    private void findEnd() {
        int length = UNKNOWN;
        for (int i = 0; i + HEAD_END.length <= input.position(); i++) {
            if (buffer[i] != '\r') {
                continue;
            }
            if (Arrays.equals(buffer, i, i + HEAD_END.length, HEAD_END, 0, HEAD_END.length)) {
                bodyStart = i + HEAD_END.length;
                end = bodyStart + Math.max(length, 0);
                return;
            }
            if (isLength(i)) {
                length = number(i + LENGTH.length);
            }
        }
    }

    private boolean isLength(int from) {
        for (int i = 0; i < LENGTH.length; i++) {
            if (Character.toLowerCase((char) buffer[from + i]) != LENGTH[i]) {
                return false;
            }
        }
        return true;
    }

    private int number(int from) {
        int number = 0;
        for (int i = buffer[from] == ' ' ? from + 1 : from; buffer[i] >= '0' && buffer[i] <= '9'; i++) {
            number = 10 * number + buffer[i] - '0';
        }
        return number;
    }

    /** Returns the complete response to the last call, including the status line and the headers. */
    String received() {
        return new String(buffer, 0, Math.max(input.position(), end), StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
