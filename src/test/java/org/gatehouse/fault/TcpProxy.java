package org.gatehouse.fault;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The link between one node and one server. A test can delay, stall and cut the link.
 *
 * <p>The proxy never drops stalled data. As on a network, the data arrives after the stall, even if the sender has
 * disconnected. Each connection has two daemon threads. The threads end with the connection, or when the proxy is
 * closed.
 */
public final class TcpProxy implements AutoCloseable {
    enum Direction {
        TO_SERVER,
        TO_CLIENT
    }

    /**
     * The maximum size of a chunk. Nearly every request of the drivers is smaller, so that a chunk usually contains a
     * complete request.
     */
    private static final int CHUNK_BYTES = 16 * 1024;

    private final ServerSocket listener;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicLong late = new AtomicLong();
    private final AtomicInteger refused = new AtomicInteger();

    private final Map<Direction, Duration> delays = new EnumMap<>(Direction.class);
    private final Set<Direction> stalled = EnumSet.noneOf(Direction.class);
    private final Map<Direction, Function<String, Duration>> holds = new EnumMap<>(Direction.class);
    private boolean cut;
    private boolean closed;
    private volatile InetSocketAddress server;
    private volatile Consumer<String> observer = request -> {};

    public TcpProxy(String host, int port) {
        this.server = new InetSocketAddress(host, port);
        try {
            this.listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        start(this::accept);
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** Adds this delay to each chunk that arrives after this call. */
    synchronized void delay(Direction direction, Duration delay) {
        delays.put(direction, delay);
    }

    synchronized void stall(Direction direction) {
        stalled.add(direction);
    }

    /** Closes all connections, and closes each new connection at once. The proxy keeps its port. */
    synchronized void cut() {
        cut = true;
        refused.addAndGet(connections.size());
        connections.forEach(Connection::close);
    }

    synchronized boolean isCut() {
        return cut;
    }

    /** Ends all delays, stalls and holds, and the cut. */
    synchronized void restore() {
        delays.clear();
        stalled.clear();
        cut = false;
        holds.clear();
        connections.forEach(connection -> connection.heldUntil.clear());
        notifyAll();
    }

    /**
     * Stalls single connections. The function receives each request, with each byte as one character (ISO-8859-1). The
     * function returns the length of the stall, or zero for no stall. The stall affects the given direction of the
     * connection, so that either the request or the response is late.
     */
    synchronized void hold(Direction direction, Function<String, Duration> time) {
        holds.put(direction, time);
    }

    /** Sets the server for new connections. Open connections keep their server. */
    void redirect(int port) {
        server = new InetSocketAddress(server.getHostString(), port);
    }

    /**
     * Passes each request that arrives after this call to the observer, with each byte as one character (ISO-8859-1).
     */
    void observe(Consumer<String> newObserver) {
        observer = newObserver;
    }

    /** Returns the number of bytes that a delay, a stall or a hold has made late so far. */
    long lateBytes() {
        return late.get();
    }

    /** Returns the number of connections that a cut has closed or refused. */
    int refusedConnections() {
        return refused.get();
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        closeQuietly(listener);
        connections.forEach(Connection::close);
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                start(() -> connect(client));
            } catch (IOException closing) {
                return;
            }
        }
    }

    private void connect(Socket client) {
        Socket upstream = new Socket();
        try {
            synchronized (this) {
                if (cut) {
                    refused.incrementAndGet();
                    reset(client);
                    return;
                }
            }
            upstream.connect(server);
            client.setTcpNoDelay(true);
            upstream.setTcpNoDelay(true);
        } catch (IOException refusedByServer) {
            reset(client);
            closeQuietly(upstream);
            return;
        }
        Connection connection = new Connection(client, upstream);
        synchronized (this) {
            connections.add(connection);
            if (cut || closed) {
                connection.close();
                return;
            }
        }
        start(() -> connection.pump(client, upstream, Direction.TO_SERVER));
        start(() -> connection.pump(upstream, client, Direction.TO_CLIENT));
    }

    private final class Connection {
        private final Socket client;
        private final Socket upstream;
        private final AtomicInteger ended = new AtomicInteger();
        private final Map<Direction, Long> heldUntil = new EnumMap<>(Direction.class);

        Connection(Socket client, Socket upstream) {
            this.client = client;
            this.upstream = upstream;
        }

        void pump(Socket from, Socket to, Direction direction) {
            byte[] chunk = new byte[CHUNK_BYTES];
            try {
                for (int length = from.getInputStream().read(chunk);
                        length >= 0;
                        length = from.getInputStream().read(chunk)) {
                    if (direction == Direction.TO_SERVER) {
                        inspect(new String(chunk, 0, length, StandardCharsets.ISO_8859_1));
                    }
                    await(direction, length);
                    to.getOutputStream().write(chunk, 0, length);
                }
                to.shutdownOutput();
                if (ended.incrementAndGet() == 2) {
                    close();
                }
            } catch (IOException | InterruptedException broken) {
                close();
            }
        }

        private void inspect(String request) {
            observer.accept(request);
            synchronized (TcpProxy.this) {
                holds.forEach((direction, time) -> {
                    Duration holdTime = time.apply(request);
                    if (holdTime.compareTo(Duration.ZERO) > 0) {
                        heldUntil.put(direction, System.nanoTime() + holdTime.toNanos());
                    }
                });
            }
        }

        /** Blocks until the proxy may forward a chunk of this length. */
        private void await(Direction direction, int length) throws InterruptedException {
            Duration delay;
            synchronized (TcpProxy.this) {
                delay = delays.getOrDefault(direction, Duration.ZERO);
                boolean kept = false;
                while (!closed && !client.isClosed() && (stalled.contains(direction) || heldFor(direction) > 0)) {
                    if (!kept) {
                        late.addAndGet(length);
                        kept = true;
                    }
                    long held = heldFor(direction);
                    TimeUnit.NANOSECONDS.timedWait(TcpProxy.this, held > 0 ? held : Long.MAX_VALUE);
                }
            }
            if (delay.compareTo(Duration.ZERO) > 0) {
                late.addAndGet(length);
                TimeUnit.NANOSECONDS.sleep(delay.toNanos());
            }
        }

        /** Returns the remaining time of a hold in ns. The result is zero or negative if the connection is not held. */
        private long heldFor(Direction direction) {
            Long until = heldUntil.get(direction);
            return until == null ? 0 : until - System.nanoTime();
        }

        void close() {
            if (connections.remove(this)) {
                reset(client);
                reset(upstream);
                synchronized (TcpProxy.this) {
                    TcpProxy.this.notifyAll();
                }
            }
        }
    }

    /** Resets the connection without a TCP shutdown, as a broken link does. */
    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
        } catch (IOException closedAlready) {
            // A closed connection does not need a reset.
        }
        closeQuietly(socket);
    }

    private static void closeQuietly(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception closedAlready) {
            // The socket is already closed.
        }
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "tcp-proxy");
        thread.setDaemon(true);
        thread.start();
    }
}
