package org.gatehouse.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.gatehouse.bench.Comparison.Target;
import org.gatehouse.bench.Comparison.Title;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.password.PasswordHasher;

/** Compares {@code POST /login} with the password hashing alone, and reads in a flood of logins with other reads. */
final class LoginBench implements AutoCloseable {
    private static final int CORES = Runtime.getRuntime().availableProcessors();

    /**
     * Two connections per core: one login is hashed while the next login waits. With many more connections, the service
     * would reserve a core for other requests and hash fewer passwords.
     */
    private static final int CONNECTIONS = 2 * CORES;

    private static final Duration ROUND = Duration.ofSeconds(2);
    private static final Duration WARM_UP = Duration.ofSeconds(4);
    private static final int ROUNDS = 8;
    private static final int MEMORY_KIB = 19_456;
    private static final int ITERATIONS = 2;

    /** Far more connections than the service has places for waiting logins. */
    private static final int FLOOD_CONNECTIONS = 64;

    /** A flood has this many times as many logins as the service can check. */
    private static final int FLOOD_FACTOR = 10;

    private static final double READS_PER_SECOND = 500;
    private static final Duration FLOOD_ROUND = Duration.ofSeconds(3);
    private static final int FLOODS = 6;

    private final Scene scene;
    private final LoadedServer war;
    private final Calls logins;
    private final ExecutorService threads = Executors.newFixedThreadPool(CORES);
    private final PasswordHasher hasher = new PasswordHasher(MEMORY_KIB, ITERATIONS, CORES, new Metrics());

    LoginBench(Scene scene) throws IOException {
        this.scene = scene;
        this.war = LoadedServer.of(scene.war(), CONNECTIONS);
        this.logins = Calls.counted(number -> {
            int user = Scene.USERS - 1 - number % (Scene.USERS / 4);
            String name = Population.name(user);
            String json = "{\"username\":\"" + name + "\",\"password\":\"" + Population.PASSWORD + "\"}";
            String start = "{\"status\":\"success\",\"message\":\"Logged as " + name + "\",\"token\":\"";
            // The service may reject a login whose hash cannot start within a second. A rejection is not an answer.
            return Call.postFrom(address(number), "/login", json, BodyCheck.framedBy(start, "}}"))
                    .orRejected();
        });
    }

    private static String address(int number) {
        return "10." + number / 65_536 % 256 + "." + number / 256 % 256 + "." + number % 256;
    }

    /**
     * Compares the rate of logins with two rates of hashes. For the first rate, the rate of a single thread is
     * multiplied by the number of cores. For the second rate, one thread per core hashes at the same time.
     */
    void measure(Figures figures) throws IOException {
        hashes(CORES, WARM_UP);
        war.drive(logins, WARM_UP);
        List<Rates> rates = Rates.inTurns(
                Scale.times(ROUNDS),
                () -> hashes(1, ROUND).times(CORES),
                () -> war.drive(logins, ROUND),
                () -> hashes(CORES, ROUND));
        Title single = new Title("login", "POST /login", CORES + " × hashes of one thread", Target.atLeast(0.93));
        Title together = new Title("login-together", "POST /login", "hashes of " + CORES + " threads", Target.none());
        figures.addAll(rates.get(1).beside(single, "logins", rates.get(0)));
        figures.addAll(rates.get(1).beside(together, "logins", rates.get(2)));
        figures.add(readsInFlood(rates.get(1).medianPerSecond()));
    }

    /** @param capacity the logins per second that the service can check */
    private Comparison readsInFlood(double capacity) throws IOException {
        try (Load reads = Load.on(scene.war().port(), CONNECTIONS);
                Load flood = Load.on(scene.war().port(), FLOOD_CONNECTIONS)) {
            Callable<long[]> attack = () -> flood.latencies(logins, FLOOD_FACTOR * capacity, FLOOD_ROUND);
            Title title = new Title("flood", "p99 of GET in a flood of logins", "without logins", Target.atMost(2));
            return Comparison.alternate(
                    title,
                    "ms",
                    Scale.times(FLOODS),
                    () -> {
                        Future<long[]> attacked = threads.submit(attack);
                        double p99 = p99(reads);
                        await(attacked);
                        return p99;
                    },
                    () -> p99(reads));
        }
    }

    private double p99(Load reads) throws IOException {
        return Latencies.percentile(reads.latencies(scene.ownReadsOfAnyVersion(), READS_PER_SECOND, FLOOD_ROUND), 0.99);
    }

    private static <T> T await(Future<T> work) throws IOException {
        try {
            return work.get();
        } catch (InterruptedException | ExecutionException failed) {
            throw new IOException(failed);
        }
    }

    private Rates.Round hashes(int parallel, Duration time) throws IOException {
        long start = System.nanoTime();
        long end = start + time.toNanos();
        long processor = ServerProcess.ownProcessorNanos();
        List<Future<Rates.Round>> running = new ArrayList<>();
        for (int i = 0; i < parallel; i++) {
            running.add(threads.submit(() -> hashUntil(start, end)));
        }
        double perNano = 0;
        long hashes = 0;
        for (Future<Rates.Round> thread : running) {
            // The rates are added, because the threads do not end at the same time.
            Rates.Round done = await(thread);
            perNano += (double) done.answers() / done.nanos();
            hashes += done.answers();
        }
        return new Rates.Round(hashes, (long) (hashes / perNano), ServerProcess.ownProcessorNanos() - processor);
    }

    private Rates.Round hashUntil(long start, long end) {
        int hashes = 0;
        long now = start;
        while (now < end) {
            if (hasher.hash(Population.PASSWORD).isEmpty()) {
                throw new AssertionError("no hash");
            }
            hashes++;
            now = System.nanoTime();
        }
        return new Rates.Round(hashes, now - start, 0);
    }

    @Override
    public void close() throws IOException {
        threads.shutdownNow();
        hasher.close();
        war.close();
    }
}
