package org.gatehouse.fault;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.gatehouse.war.Answer;
import org.gatehouse.war.ServiceClient;

/**
 * Clients that read and change the same few users on all nodes, at a pace that leaves the machine to others, and record
 * what they saw.
 *
 * <p>After each acknowledged change the same client reads at once, on another node: that is where a stale answer hurts.
 */
final class Load implements AutoCloseable {
    private static final int WRITERS = 3;
    private static final int READERS = 2;

    /** Every other operation goes to one of these, so that many meet on one user. */
    private static final int HOTTEST = 4;

    private static final AtomicLong change = new AtomicLong();

    private final List<? extends ServiceClient> nodes;
    private final String token;
    private final List<String> keys;
    private final History history;
    private final List<Thread> clients = new ArrayList<>();
    private final AtomicLong readsAsked = new AtomicLong();
    private final AtomicLong readsAnswered = new AtomicLong();
    private final AtomicLong unknownChanges = new AtomicLong();
    private final AtomicLong slowestChange = new AtomicLong();
    private final AtomicLong slowestRead = new AtomicLong();
    private final Queue<String> unexpected = new ConcurrentLinkedQueue<>();
    private volatile boolean stopped;

    /** @param keys what the clients read and change by themselves */
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
                String key = keys.get(random.nextInt(random.nextBoolean() ? HOTTEST : keys.size()));
                int node = random.nextInt(nodes.size());
                if (writer) {
                    if (write(node, key)) {
                        int another = (node + 1 + random.nextInt(nodes.size() - 1)) % nodes.size();
                        read(another, key);
                    }
                    Pause.millis(random.nextInt(50));
                } else {
                    read(node, key);
                    Pause.millis(random.nextInt(30));
                }
            }
        } catch (RuntimeException failed) {
            unexpected.add(failed.toString());
        }
    }

    /** One recorded change; false when its outcome is unknown. */
    boolean write(int node, String key) {
        String patch = "{\"change\":" + change.incrementAndGet() + "}";
        long start = System.nanoTime();
        try {
            Answer answer = nodes.get(node).patch("/user/" + key, token, patch);
            long end = System.nanoTime();
            if (answer.status() == 200) {
                history.acknowledged(key, answer.json().path("version").asLong(), start, end);
                slowestChange.accumulateAndGet(end - start, Math::max);
                return true;
            }
            if (answer.status() != 503) {
                unexpected.add("PATCH: " + answer.status() + " " + answer.body());
            }
        } catch (UncheckedIOException lost) {
            // the node died, perhaps after it had written
        }
        unknownChanges.incrementAndGet();
        history.unknown(key, start);
        return false;
    }

    /** One recorded read; false when it was not answered. */
    boolean read(int node, String key) {
        readsAsked.incrementAndGet();
        long start = System.nanoTime();
        try {
            Answer answer = nodes.get(node).get("/user/" + key, token);
            long end = System.nanoTime();
            if (answer.status() == 200) {
                readsAnswered.incrementAndGet();
                slowestRead.accumulateAndGet(end - start, Math::max);
                history.read(key, answer.json().path("version").asLong(), start, end);
                return true;
            }
            if (answer.status() != 503) {
                unexpected.add("GET: " + answer.status() + " " + answer.body());
            }
        } catch (UncheckedIOException lost) {
            // counted as not answered
        }
        return false;
    }

    /** Which share of the reads was answered. */
    double availability() {
        return (double) readsAnswered.get() / Math.max(1, readsAsked.get());
    }

    /** How many changes there have been of unknown outcome. */
    long unknownChanges() {
        return unknownChanges.get();
    }

    /** How long an acknowledged change took at most. */
    Duration slowestChange() {
        return Duration.ofNanos(slowestChange.get());
    }

    Duration slowestRead() {
        return Duration.ofNanos(slowestRead.get());
    }

    /** Answers that no fault explains. */
    List<String> unexpected() {
        return List.copyOf(unexpected);
    }

    /** Lets every operation end that has begun. */
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
