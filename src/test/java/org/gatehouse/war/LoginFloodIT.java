package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Tests a flood of ten times as many logins as the service can check. Other calls must not wait for hashes, and the
 * service must promptly reject the logins that it cannot check. The benchmark reports how much the flood slows down
 * other calls; differences of a few milliseconds depend on the scheduler of the machine.
 */
@Tag("timing")
class LoginFloodIT {
    private static final int ROUNDS = Boolean.getBoolean("gatehouse.long") ? 8 : 3;
    private static final int MAX_ROUNDS = Boolean.getBoolean("gatehouse.long") ? 80 : 12;
    private static final int ROUND_MS = 1_500;
    private static final int CONNECTIONS = 64;
    private static final int USERS = 20;
    private static final String PASSWORD = "correct horse battery staple";

    /** The pause between two measured requests. The pause limits the load of the measurement itself. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private static final Stores stores = new Stores();
    private static final WarServer gatehouse = WarServer.start(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1"));
    private static final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private static final AtomicInteger addresses = new AtomicInteger();
    private static String token = "";

    @BeforeAll
    static void createUsers() {
        String admin = gatehouse.adminToken();
        for (int i = 0; i < USERS; i++) {
            gatehouse.create(admin, "user-" + i, PASSWORD);
        }
        token = gatehouse.token("user-0", PASSWORD);
    }

    @AfterAll
    static void stop() {
        gatehouse.close();
        stores.close();
    }

    @Test
    void tokenChecksStayFastAndRejectionsArePrompt() throws Exception {
        measureChecks();
        double capacity = measureCapacity();
        Flood warmUp = new Flood(10 * capacity);
        measureChecks();
        warmUp.stop();

        // Quiet rounds and flooded rounds alternate, so that other load on the machine affects both kinds of rounds.
        List<Double> quietTimes = new ArrayList<>();
        List<Double> floodedTimes = new ArrayList<>();
        List<Double> rejections = new ArrayList<>();
        int rounds = 0;
        int sent = 0;
        int checked = 0;
        // The 99th percentile of few samples is unreliable. Therefore the test measures more rounds if the calls look
        // too slow.
        for (int i = 0; i < ROUNDS || (i < MAX_ROUNDS && waitForHashes(floodedTimes, quietTimes, capacity)); i++) {
            quietTimes.addAll(measureChecks());
            Flood flood = new Flood(10 * capacity);
            floodedTimes.addAll(measureChecks());
            flood.stop();
            rejections.addAll(flood.rejections);
            rounds++;
            sent += flood.sent.get();
            checked += flood.checked.get();
        }

        double quietP99 = percentile(quietTimes, 0.99);
        double floodedP99 = percentile(floodedTimes, 0.99);
        double slowest = percentile(rejections, 1);
        System.out.printf(
                "capacity %.0f logins/s; GET /user/me: p99 %.2f ms (median %.2f) quiet, %.2f ms (median %.2f)"
                        + " in the flood; flood: %d logins in %d s, %d checked, %d rejected; time to reject:"
                        + " median %.0f ms, maximum %.0f ms%n",
                capacity,
                quietP99,
                percentile(quietTimes, 0.5),
                floodedP99,
                percentile(floodedTimes, 0.5),
                sent,
                rounds * ROUND_MS / 1_000,
                checked,
                rejections.size(),
                percentile(rejections, 0.5),
                slowest);
        assertThat(failures).isEmpty();
        assertThat(rejections).hasSizeGreaterThan(checked);
        // A login waits up to one second for a hashing slot. The rest of the limit covers delays of the machine itself.
        assertThat(slowest).isLessThan(1_500 + 10 * percentile(quietTimes, 1));
        assertThat(waitForHashes(floodedTimes, quietTimes, capacity)).isFalse();
    }

    /** Returns whether the slowest hundredth of the calls takes longer than usual, and a quarter of a hash or more. */
    private static boolean waitForHashes(List<Double> floodedTimes, List<Double> quietTimes, double capacity) {
        double hashMillis = 1_000 * Runtime.getRuntime().availableProcessors() / capacity;
        return percentile(floodedTimes, 0.99) >= Math.max(3 * percentile(quietTimes, 0.99), hashMillis / 4);
    }

    private static List<Double> measureChecks() throws IOException {
        byte[] check = RawClient.get("/user/me", token);
        List<Double> times = new ArrayList<>();
        try (RawClient client = new RawClient(gatehouse.port())) {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ROUND_MS);
            while (System.nanoTime() < end) {
                long begin = System.nanoTime();
                assertThat(client.send(check)).isEqualTo(200);
                times.add((System.nanoTime() - begin) / 1e6);
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        return times;
    }

    /**
     * Returns the number of logins per second that the service can check. One client per processor sends logins one
     * after the other.
     */
    private static double measureCapacity() throws InterruptedException {
        AtomicInteger done = new AtomicInteger();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            clients.add(started(() -> {
                try (RawClient client = new RawClient(gatehouse.port())) {
                    while (System.nanoTime() < end) {
                        done.addAndGet(client.send(nextLogin()) == 200 ? 1 : 0);
                    }
                }
            }));
        }
        for (Thread client : clients) {
            client.join();
        }
        return done.get() / 2.0;
    }

    /** Returns a login with the correct password from a new address, so that the throttle does not apply. */
    private static byte[] nextLogin() {
        int number = addresses.incrementAndGet();
        return RawClient.login(
                "user-" + number % USERS,
                PASSWORD,
                "10." + (number >> 16) + "." + (number >> 8 & 255) + "." + (number & 255));
    }

    /**
     * Sends logins at a constant rate over many connections. Each connection waits for a response before it sends the
     * next login.
     */
    private static final class Flood {
        private final long intervalNanos;
        private final AtomicInteger sent = new AtomicInteger();
        private final AtomicInteger checked = new AtomicInteger();
        private final ConcurrentLinkedQueue<Double> rejections = new ConcurrentLinkedQueue<>();
        private final ConcurrentLinkedQueue<Integer> unexpectedStatuses = new ConcurrentLinkedQueue<>();
        private final List<Thread> threads = new ArrayList<>();
        private volatile boolean stopped;

        Flood(double perSecond) {
            this.intervalNanos = (long) (1e9 / perSecond);
            long begin = System.nanoTime();
            for (int i = 0; i < CONNECTIONS; i++) {
                threads.add(started(() -> sendInTurn(begin)));
            }
        }

        void stop() throws InterruptedException {
            stopped = true;
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(unexpectedStatuses).isEmpty();
        }

        private void sendInTurn(long begin) throws IOException {
            try (RawClient client = new RawClient(gatehouse.port())) {
                while (!stopped) {
                    long due = begin + sent.getAndIncrement() * intervalNanos;
                    for (long wait = due - System.nanoTime(); wait > 0 && !stopped; wait = due - System.nanoTime()) {
                        LockSupport.parkNanos(wait);
                    }
                    byte[] login = nextLogin();
                    long sentAt = System.nanoTime();
                    int status = client.send(login);
                    if (status == 503) {
                        rejections.add((System.nanoTime() - sentAt) / 1e6);
                    } else if (status == 200) {
                        checked.incrementAndGet();
                    } else {
                        unexpectedStatuses.add(status);
                    }
                }
            }
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private static Thread started(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException | AssertionError failed) {
                failures.add(failed);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static double percentile(List<Double> values, double rank) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get((int) Math.min(sorted.size() - 1, Math.floor(rank * sorted.size())));
    }
}
