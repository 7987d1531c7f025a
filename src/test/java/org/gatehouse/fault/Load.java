package org.gatehouse.fault;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;

/**
 * Clients that read and change the same few users on all nodes. The clients record the results. Between operations the
 * clients sleep, so that other work gets processor time.
 *
 * <p>After each acknowledged change, the same client immediately reads on another node. A stale result is most likely
 * at this time.
 */
final class Load implements AutoCloseable {
    private static final int WRITERS = 3;
    private static final int READERS = 2;

    /** A reader reads a user several times without a pause, so that nodes use copies in their near cache. */
    private static final int READS_IN_A_ROW = 5;

    /**
     * About half of the operations use one of these users, so that many operations use the same user at the same time.
     */
    private static final int HOT_USERS = 4;

    private static final AtomicLong change = new AtomicLong();

    private final List<? extends ServiceClient> nodes;
    private final String token;
    private final List<String> keys;
    private final History history;
    private final List<Thread> clients = new ArrayList<>();
    private final AtomicLong readsSent = new AtomicLong();
    private final AtomicLong readsSucceeded = new AtomicLong();
    private final AtomicLong unknownChanges = new AtomicLong();
    private final AtomicLong slowestChange = new AtomicLong();
    private final AtomicLong slowestRead = new AtomicLong();
    private final Queue<String> unexpected = new ConcurrentLinkedQueue<>();
    private volatile boolean stopped;

    /** @param keys the ids of the users that the clients read and change */
    Load(List<? extends ServiceClient> nodes, String token, List<String> keys, History history) {
        this.nodes = List.copyOf(nodes);
        this.token = token;
        this.keys = keys;
        this.history = history;
    }

    void start() {
        for (int i = 0; i < WRITERS + READERS; i++) {
            Random random = new Random(i);
            boolean writer = i < WRITERS;
            Thread client = new Thread(() -> run(writer, random), "load-" + i);
            client.setDaemon(true);
            clients.add(client);
            client.start();
        }
    }

    private void run(boolean writer, Random random) {
        try {
            while (!stopped) {
                String key = keys.get(random.nextInt(random.nextBoolean() ? HOT_USERS : keys.size()));
                int node = random.nextInt(nodes.size());
                if (writer) {
                    if (write(node, key)) {
                        int another = (node + 1 + random.nextInt(nodes.size() - 1)) % nodes.size();
                        read(another, key);
                    }
                    Sleep.millis(random.nextInt(50));
                } else {
                    for (int i = 0; i < READS_IN_A_ROW; i++) {
                        read(node, key);
                    }
                    Sleep.millis(random.nextInt(30));
                }
            }
        } catch (RuntimeException | AssertionError failed) {
            unexpected.add(failed.toString());
        }
    }

    /** Makes and records one change. Returns false if the outcome of the change is unknown. */
    boolean write(int node, String key) {
        String patch = "{\"change\":" + change.incrementAndGet() + "}";
        long start = System.nanoTime();
        try {
            Response response = nodes.get(node).patch("/user/" + key, token, patch);
            long end = System.nanoTime();
            if (response.status() == 200) {
                history.acknowledged(key, response.json().path("version").asLong(), start, end);
                slowestChange.accumulateAndGet(end - start, Math::max);
                return true;
            }
            if (response.status() != 503) {
                unexpected.add("PATCH: " + response.status() + " " + response.body());
            }
        } catch (UncheckedIOException lost) {
            // The outcome is unknown, because the node may have stopped after the write.
        }
        unknownChanges.incrementAndGet();
        history.unknown(key, start);
        return false;
    }

    /** Makes and records one read. Returns false if the read failed. */
    boolean read(int node, String key) {
        return read(node, key, token);
    }

    /** As {@link #read(int, String)}, with the token of another caller. */
    boolean read(int node, String key, String token) {
        readsSent.incrementAndGet();
        long start = System.nanoTime();
        try {
            Response response = nodes.get(node).get("/user/" + key, token);
            long end = System.nanoTime();
            if (response.status() == 200) {
                readsSucceeded.incrementAndGet();
                slowestRead.accumulateAndGet(end - start, Math::max);
                history.read(key, response.json().path("version").asLong(), start, end);
                return true;
            }
            if (response.status() != 503) {
                unexpected.add("GET: " + response.status() + " " + response.body());
            }
        } catch (UncheckedIOException lost) {
            // the read counts as failed
        }
        return false;
    }

    /** Returns the share of reads that succeeded, from 0 to 1. */
    double availability() {
        return (double) readsSucceeded.get() / Math.max(1, readsSent.get());
    }

    /** Returns the number of changes whose outcome is unknown. */
    long unknownChanges() {
        return unknownChanges.get();
    }

    /** Returns the longest duration of an acknowledged change. */
    Duration slowestChange() {
        return Duration.ofNanos(slowestChange.get());
    }

    Duration slowestRead() {
        return Duration.ofNanos(slowestRead.get());
    }

    /** Returns the responses that are not a consequence of the fault. */
    List<String> unexpected() {
        return List.copyOf(unexpected);
    }

    /** Stops the clients, and waits until all started operations have ended. */
    @Override
    public void close() {
        stopped = true;
        for (Thread client : clients) {
            try {
                client.join();
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
