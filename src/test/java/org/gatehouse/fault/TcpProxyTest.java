package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.fault.TcpProxy.Direction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests a proxy in front of a server that echoes each byte. */
class TcpProxyTest {
    private static final int SHORT_MS = 150;

    private final List<Socket> opened = new ArrayList<>();
    private final AtomicInteger echoed = new AtomicInteger();
    private final ServerSocket echo = echo();
    private final TcpProxy proxy = new TcpProxy("127.0.0.1", echo.getLocalPort());

    @AfterEach
    void close() throws IOException {
        proxy.close();
        echo.close();
        for (Socket socket : opened) {
            socket.close();
        }
    }

    @Test
    void forwardsInBothDirections() throws IOException {
        Socket client = connect();
        send(client, "abc");

        assertThat(receive(client, 3)).isEqualTo("abc");
    }

    @Test
    void forwardsTheEndOfAConnection() throws IOException {
        Socket client = connect();
        send(client, "a");
        client.shutdownOutput();

        assertThat(client.getInputStream().readAllBytes()).hasSize(1);
    }

    @Test
    void delaysEachChunk() throws IOException {
        for (Direction direction : Direction.values()) {
            proxy.restore();
            proxy.delay(direction, Duration.ofMillis(SHORT_MS));
            Socket client = connect();
            long start = System.nanoTime();
            send(client, "a");

            assertThat(receive(client, 1)).isEqualTo("a");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(SHORT_MS));
        }
    }

    @Test
    void deliversStalledDataAfterTheStall() throws IOException {
        for (Direction direction : Direction.values()) {
            Socket client = connect();
            long late = proxy.lateBytes();
            proxy.stall(direction);
            send(client, "abc");
            await().until(() -> proxy.lateBytes() > late);
            assertNothingArrives(client);

            proxy.restore();

            assertThat(receive(client, 3)).isEqualTo("abc");
        }
    }

    @Test
    void holdsTheRepliesToSomeRequests() throws IOException {
        proxy.hold(Direction.TO_CLIENT, request -> request.contains("b") ? Duration.ofSeconds(30) : Duration.ZERO);
        Socket held = connect();
        Socket other = connect();
        send(held, "b");
        send(other, "a");

        assertThat(receive(other, 1)).isEqualTo("a");
        assertNothingArrives(held);
        proxy.restore();
        assertThat(receive(held, 1)).isEqualTo("b");
    }

    @Test
    void holdsSomeRequests() throws IOException {
        proxy.hold(Direction.TO_SERVER, request -> request.contains("b") ? Duration.ofSeconds(30) : Duration.ZERO);
        Socket held = connect();
        send(held, "b");
        assertNothingArrives(held);

        proxy.restore();

        assertThat(receive(held, 1)).isEqualTo("b");
    }

    @Test
    void deliversAHeldRequestOfAClientThatHasDisconnected() throws IOException {
        proxy.hold(Direction.TO_SERVER, request -> Duration.ofMillis(SHORT_MS));
        Socket client = connect();
        send(client, "abc");
        client.close();

        await().atMost(Duration.ofSeconds(60)).until(() -> echoed.get() == 3);
    }

    @Test
    void redirectsLaterConnections() throws IOException {
        Socket before = connect();
        send(before, "a");
        receive(before, 1);
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            proxy.redirect(other.getLocalPort());
            connect();
            other.setSoTimeout(60_000);
            other.accept().close();
        }
        send(before, "b");
        assertThat(receive(before, 1)).isEqualTo("b");
    }

    @Test
    void endsAHoldAfterItsTime() throws IOException {
        proxy.hold(Direction.TO_CLIENT, request -> Duration.ofMillis(SHORT_MS));
        Socket client = connect();
        long start = System.nanoTime();
        send(client, "b");

        assertThat(receive(client, 1)).isEqualTo("b");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(SHORT_MS));
    }

    @Test
    void cutsAndRestoresConnections() throws IOException {
        Socket before = connect();
        send(before, "a");
        receive(before, 1);
        proxy.cut();

        assertThatThrownBy(() -> receive(before, 1)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> {
                    Socket refused = connect();
                    send(refused, "a");
                    receive(refused, 1);
                })
                .isInstanceOf(IOException.class);
        assertThat(proxy.refusedConnections()).isEqualTo(2);

        proxy.restore();
        Socket after = connect();
        send(after, "a");
        assertThat(receive(after, 1)).isEqualTo("a");
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        socket.setSoTimeout(60_000);
        opened.add(socket);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String receive(Socket socket, int length) throws IOException {
        byte[] received = socket.getInputStream().readNBytes(length);
        if (received.length < length) {
            throw new IOException("the connection has ended");
        }
        return new String(received, StandardCharsets.US_ASCII);
    }

    private static void assertNothingArrives(Socket socket) throws IOException {
        socket.setSoTimeout(SHORT_MS);
        assertThatThrownBy(() -> receive(socket, 1)).isInstanceOf(SocketTimeoutException.class);
        socket.setSoTimeout(60_000);
    }

    private ServerSocket echo() {
        try {
            ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            daemon(() -> {
                while (!listener.isClosed()) {
                    Socket client = listener.accept();
                    daemon(() -> {
                        for (int next = client.getInputStream().read();
                                next >= 0;
                                next = client.getInputStream().read()) {
                            echoed.incrementAndGet();
                            client.getOutputStream().write(next);
                        }
                        client.close();
                    });
                }
            });
            return listener;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void daemon(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException closed) {
                // The test has ended and closed the socket.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }
}
