package org.gatehouse.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
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

/** Compares {@code POST /login} with the password hashing alone. */
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

    private final Load war;
    private final Calls logins;
    private final ExecutorService threads = Executors.newFixedThreadPool(CORES);
    private final PasswordHasher hasher = new PasswordHasher(MEMORY_KIB, ITERATIONS, CORES, new Metrics());

    LoginBench(Scene scene) throws IOException {
        this.war = Load.on(scene.war().port(), CONNECTIONS);
        this.logins = Calls.counted(number -> {
            int user = Scene.USERS - 1 - number % (Scene.USERS / 4);
            String name = Population.name(user);
            String json = "{\"username\":\"" + name + "\",\"password\":\"" + Population.PASSWORD + "\"}";
            String start = "{\"status\":\"success\",\"message\":\"Logged as " + name + "\",\"token\":\"";
            return Call.postFrom(address(number), "/login", json, BodyCheck.framedBy(start, "}}"));
        });
    }

    private static String address(int number) {
        return "10." + number / 65_536 % 256 + "." + number / 256 % 256 + "." + number % 256;
    }

    /**
     * Compares the rate of logins with two rates of hashes. For the first rate, the rate of a single thread is
     * multiplied by the number of cores. For the second rate, one thread per core hashes at the same time.
     */
    List<Comparison> besideRawHashes() throws IOException {
        hashesPerSecond(CORES, WARM_UP);
        war.drive(logins, WARM_UP);
        List<Double> loginRates = new ArrayList<>();
        List<Double> singleRates = new ArrayList<>();
        List<Double> togetherRates = new ArrayList<>();
        for (int i = 0; i < Scale.times(ROUNDS); i++) {
            singleRates.add(CORES * hashesPerSecond(1, ROUND));
            loginRates.add(war.drive(logins, ROUND).perSecond());
            togetherRates.add(hashesPerSecond(CORES, ROUND));
        }
        Title single = new Title("login", "POST /login", CORES + " × hashes of one thread", Target.atLeast(0.90));
        Title together = new Title("login-together", "POST /login", "hashes of " + CORES + " threads", Target.none());
        return List.of(
                new Comparison(single, "logins/s", loginRates, singleRates),
                new Comparison(together, "logins/s", loginRates, togetherRates));
    }

    private double hashesPerSecond(int parallel, Duration time) throws IOException {
        long start = System.nanoTime();
        long end = start + time.toNanos();
        try {
            double rate = 0;
            Callable<Double> work = () -> hashUntil(start, end);
            for (Future<Double> done : threads.invokeAll(Collections.nCopies(parallel, work))) {
                rate += done.get();
            }
            return rate;
        } catch (InterruptedException | ExecutionException failed) {
            throw new IOException(failed);
        }
    }

    private double hashUntil(long start, long end) {
        int hashes = 0;
        long now = start;
        while (now < end) {
            if (hasher.hash(Population.PASSWORD).isEmpty()) {
                throw new AssertionError("no hash");
            }
            hashes++;
            now = System.nanoTime();
        }
        return hashes * 1e9 / (now - start);
    }

    @Override
    public void close() throws IOException {
        threads.shutdownNow();
        hasher.close();
        war.close();
    }
}
