package org.gatehouse.password;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.github.benmanes.caffeine.cache.Ticker;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.assertj.core.data.Offset;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.hamcrest.Matchers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordHasherTest {
    @Test
    void verifiesItsOwnHashes() {
        try (PasswordHasher hasher = new PasswordHasher(19_456, 2, 1, new Metrics())) {
            String hash = hasher.hash("correct horse");

            assertThat(hash).matches("\\$argon2id\\$v=19\\$m=19456,t=2,p=1\\$[^$]{22}\\$[^$]{43}");
            assertThat(hasher.hash("correct horse")).isNotEqualTo(hash);
            assertThat(hasher.matches("correct horse", stored(hash))).isTrue();
            assertThat(hasher.matches("Correct horse", stored(hash))).isFalse();
            assertThat(hasher.matches("", stored(hash))).isFalse();
            assertThat(hasher.matches("any password", null)).isFalse();
            assertThat(hasher.needsRehash(StoredPassword.hash(hash), "correct horse"))
                    .isFalse();
        }
    }

    /** These hashes are examples of the Argon2 reference implementation. The password is always "password". */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
                "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
            })
    void verifiesHashesOfTheReferenceImplementation(String hash) {
        try (PasswordHasher hasher = new PasswordHasher(64, 1, 1, new Metrics())) {
            assertThat(hasher.matches("password", stored(hash))).isTrue();
            assertThat(hasher.matches("passwore", stored(hash))).isFalse();
        }
    }

    /** These hashes are from the tests of crypt_blowfish. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            })
    void verifiesBcryptHashesOfEachVariant(String hash) {
        try (PasswordHasher hasher = new PasswordHasher(64, 1, 1, new Metrics())) {
            StoredPassword stored = StoredPassword.ofLegacy(hash).orElseThrow();

            assertThat(stored.plain()).isFalse();
            assertThat(hasher.matches("U*U", stored)).isTrue();
            assertThat(hasher.matches("U*U", stored(hash))).isTrue();
            assertThat(hasher.matches("U*V", stored)).isFalse();
            assertThat(hasher.matches(hash, stored)).isFalse();
            assertThat(hasher.needsRehash(stored, "U*U")).isTrue();
        }
    }

    @Test
    void comparesOnlyTheFirst72BytesOfABcryptPasswordAsTheLegacyServiceDoes() {
        try (PasswordHasher hasher = new PasswordHasher(64, 1, 1, new Metrics())) {
            StoredPassword stored = StoredPassword.ofLegacy(OpenBSDBCrypt.generate(
                            "2b", "\u00e9".repeat(40).getBytes(StandardCharsets.UTF_8), new byte[16], 4))
                    .orElseThrow();

            assertThat(hasher.matches("\u00e9".repeat(40), stored)).isTrue();
            assertThat(hasher.matches("\u00e9".repeat(36) + "anything", stored)).isTrue();
            assertThat(hasher.matches("\u00e9".repeat(35), stored)).isFalse();
        }
    }

    @Test
    void rejectsAPasswordPaddedWithNul() {
        String bcrypt = OpenBSDBCrypt.generate("2b", "abc".getBytes(StandardCharsets.UTF_8), new byte[16], 4);
        String pbkdf2 = "$pbkdf2-sha256$i=1$c2FsdA$RpJhHFSOUCy08K7QHlVOS+P16/Hw4QLLDwUMbRGRp60";
        try (PasswordHasher hasher = new PasswordHasher(64, 1, 1, new Metrics())) {
            assertThat(hasher.matches("abc", stored(bcrypt))).isTrue();
            assertThat(hasher.matches("abc\0abc", stored(bcrypt))).isFalse();
            assertThat(hasher.matches("abc", stored(pbkdf2))).isTrue();
            assertThat(hasher.matches("abc\0", stored(pbkdf2))).isFalse();
        }
    }

    @Test
    void keepsABcryptHashOfAPasswordThatMayBeTruncated() {
        String longest = "\u00e9".repeat(35) + "x"; // consists of 71 bytes
        String bcrypt = OpenBSDBCrypt.generate("2b", longest.getBytes(StandardCharsets.UTF_8), new byte[16], 4);
        String pbkdf2 = "$pbkdf2-sha256$i=1$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44";
        try (PasswordHasher hasher = new PasswordHasher(64, 1, 1, new Metrics())) {
            assertThat(hasher.needsRehash(StoredPassword.hash(bcrypt), longest)).isTrue();
            assertThat(hasher.needsRehash(StoredPassword.hash(bcrypt), longest + "x"))
                    .as("the 72 bytes may be the beginning of a longer password")
                    .isFalse();
            assertThat(hasher.needsRehash(StoredPassword.hash(pbkdf2), longest + "x"))
                    .isTrue();
            assertThat(hasher.needsRehash(new StoredPassword(longest + "x", true), longest + "x"))
                    .isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "$2$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            })
    void noPasswordMatchesAnUnsupportedHash(String hash) {
        try (PasswordHasher hasher = new PasswordHasher(64, 1, 1, new Metrics())) {
            StoredPassword stored = StoredPassword.ofLegacy(hash).orElseThrow();

            assertThat(hasher.matches("U*U", stored)).isFalse();
            assertThat(hasher.matches(hash, stored)).isFalse();
        }
    }

    @Test
    void doesNotMatchALoneSurrogateWithAQuestionMark() {
        try (PasswordHasher hasher = new PasswordHasher(64, 1, 1, new Metrics())) {
            List<StoredPassword> all = Arrays.asList(
                    stored(hasher.hash("a?b")),
                    stored(OpenBSDBCrypt.generate("2b", "a?b".getBytes(StandardCharsets.UTF_8), new byte[16], 4)),
                    StoredPassword.ofLegacy("a?b").orElseThrow());
            for (StoredPassword stored : all) {
                assertThat(hasher.matches("a?b", stored)).isTrue();
                for (String surrogate : List.of("a\ud83db", "a\udc00b", "a\udc00\ud83db")) {
                    assertThat(hasher.matches(surrogate, stored)).isFalse();
                }
            }
        }
    }

    /** Advances the clock of the test by the time of a real computation, but does not compute a hash. */
    private static final class TimedArgon2 extends Argon2 {
        private static final long NANOS_PER_KIB = 1_000;

        private final AtomicLong now = new AtomicLong();
        private long delay;

        TimedArgon2() {
            super(8);
        }

        @Override
        byte[] derive(String password, Argon2Hash like) {
            now.addAndGet((long) like.memoryKib() * like.iterations() * NANOS_PER_KIB);
            return new byte[] {1};
        }

        /**
         * Returns the time, and then adds {@link #delay} to the time once. The delay represents the time that the check
         * of a hash with another scheme takes.
         */
        long read() {
            long time = now.getAndAdd(delay);
            delay = 0;
            return time;
        }
    }

    /**
     * The check of a wrong password takes as long as a check for an unknown user. This is true for every scheme and
     * cost of the stored hash.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "$argon2i$m=19456,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "$argon2d$v=19$m=12288,t=3,p=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "$pbkdf2-sha1$i=1$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$pbkdf2-sha512$1000$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$scrypt$ln=1,r=1,p=1$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
            })
    void checksACheapHashAsSlowlyAsGatehousesOwnHash(String cheap) {
        TimedArgon2 argon2 = new TimedArgon2();
        try (PasswordHasher hasher = new PasswordHasher(
                argon2, 19_456, 2, new HashingExecutor(1, Duration.ofMinutes(1), new Metrics()), argon2::read)) {
            // The first check also measures the time of a new hash, for a known user as for an unknown user.
            long first = timeOf(argon2, () -> hasher.matches("wrong", stored(cheap)));
            long second = timeOf(argon2, () -> hasher.matches("wrong", null));
            assertThat((double) first).isCloseTo(2 * second, Offset.offset(second * 0.001));
            // The hasher tries the second guess in two normalization forms.
            for (String guess : List.of("wrong", "\uff57rong")) {
                long unknown = timeOf(argon2, () -> hasher.matches(guess, null));
                long maxDelay = cheap.startsWith("$argon2") ? 1_000_000 : unknown;
                for (long delay = 0; delay <= maxDelay; delay += 1_000_000) {
                    argon2.delay = delay;
                    long known = timeOf(argon2, () -> hasher.matches(guess, stored(cheap)));
                    assertThat((double) known).isCloseTo(unknown, Offset.offset(unknown * 0.001));
                }
            }
        }
    }

    private static long timeOf(TimedArgon2 argon2, BooleanSupplier check) {
        long start = argon2.now.get();
        assertThat(check.getAsBoolean()).isFalse();
        return argon2.now.get() - start;
    }

    @Test
    void comparesALegacyPlainTextPassword() {
        try (PasswordHasher hasher = new PasswordHasher(64, 1, 1, new Metrics())) {
            StoredPassword stored = StoredPassword.ofLegacy("p\u00e91").orElseThrow();

            assertThat(hasher.matches("p\u00e91", stored)).isTrue();
            assertThat(hasher.matches("pe\u03011", stored)).isTrue();
            assertThat(hasher.matches("p\u00e92", stored)).isFalse();
            assertThat(hasher.matches("", stored)).isFalse();
            assertThat(hasher.needsRehash(stored, "U*U")).isTrue();
            assertThat(stored).hasToString("StoredPassword[REDACTED]");
            // A plain-text password that is stored in the field for a hash does not match.
            assertThat(hasher.matches("p\u00e91", stored("p\u00e91"))).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "19456, 2, 19456, 2, false",
        "19456, 2, 19456, 3, true",
        "19456, 2, 38912, 2, true",
        "65536, 3, 19456, 2, false",
        "65536, 1, 19456, 2, false",
        "12288, 3, 19456, 2, true",
    })
    void requiresARehashOnlyIfNewHashesCostMore(int memory, int passes, int memoryNow, int passesNow, boolean needed) {
        try (PasswordHasher hasher = new PasswordHasher(memoryNow, passesNow, 1, new Metrics())) {
            String hash =
                    Argon2Hash.of(memory, passes, new byte[16], new byte[32]).encode();

            assertThat(hasher.needsRehash(StoredPassword.hash(hash), "password"))
                    .isEqualTo(needed);
            assertThat(hasher.needsRehash(StoredPassword.hash(hash.replace("$argon2id", "$argon2i")), "password"))
                    .isTrue();
        }
    }

    /** Counts the computed hashes. */
    private static final class CountingArgon2 extends Argon2 {
        private final List<String> costs = new ArrayList<>();

        CountingArgon2() {
            super(64);
        }

        @Override
        byte[] derive(String password, Argon2Hash like) {
            costs.add(like.memoryKib() + "/" + like.iterations());
            return super.derive(password, like);
        }
    }

    @Test
    void doesEqualWorkForEveryStoredPassword() {
        CountingArgon2 counting = new CountingArgon2();
        try (PasswordHasher hasher = new PasswordHasher(
                counting,
                64,
                2,
                new HashingExecutor(1, HashingExecutor.WAIT_TIMEOUT, new Metrics()),
                Ticker.systemTicker())) {
            String hash = hasher.hash("right");
            List<StoredPassword> all = Arrays.asList(
                    stored(hash),
                    null,
                    stored(""),
                    stored("not a hash"),
                    stored(hash.substring(0, 40)),
                    stored(hash.replace("m=64", "m=9999999")),
                    stored("$2b$10$tooshort"),
                    StoredPassword.ofLegacy("plain").orElseThrow());
            counting.costs.clear();

            for (StoredPassword stored : all) {
                assertThat(hasher.matches("wrong", stored)).isFalse();
                assertThat(hasher.matches("x".repeat(50_000), stored)).isFalse();
            }

            assertThat(counting.costs).hasSize(2 * all.size()).containsOnly("64/2");
        }
    }

    @Test
    void reusesTheMemoryOfThePreviousHash() {
        Argon2 argon2 = new Argon2(19_456);
        Argon2Hash like = Argon2Hash.of(19_456, 1, new byte[16], new byte[32]);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        argon2.derive("first", like);
        long before = threads.getCurrentThreadAllocatedBytes();

        argon2.derive("second", like);

        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1_000_000);
    }

    /** Blocks each computation until the test releases it. */
    private static final class SlowArgon2 extends Argon2 {
        private final CountDownLatch release = new CountDownLatch(1);
        private final AtomicInteger started = new AtomicInteger();

        SlowArgon2() {
            super(64);
        }

        @Override
        byte[] derive(String password, Argon2Hash like) {
            started.incrementAndGet();
            try {
                release.await();
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
            return super.derive(password, like);
        }
    }

    @Test
    void rejectsCallsThatWouldWaitTooLongAndAcceptsLaterCalls() throws Exception {
        int callers = 60;
        SlowArgon2 slow = new SlowArgon2();
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        HashingExecutor executor = new HashingExecutor(1, HashingExecutor.WAIT_TIMEOUT, new Metrics());
        try (PasswordHasher hasher = new PasswordHasher(slow, 64, 1, executor, Ticker.systemTicker())) {
            AtomicInteger rejections = new AtomicInteger();
            List<Future<Boolean>> results = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                results.add(threads.submit(() -> {
                    try {
                        hasher.hash("correct horse");
                        return true;
                    } catch (GatehouseException full) {
                        assertThat(full.code()).isEqualTo(ErrorCode.BUSY);
                        assertThat(full.retryAfter()).isPresent();
                        rejections.incrementAndGet();
                        return false;
                    }
                }));
            }

            // One call is running. Most other calls are rejected because the queue is full. The calls in the queue are
            // rejected after a timeout.
            await().untilAtomic(rejections, Matchers.equalTo(callers - 1));
            slow.release.countDown();

            int done = 0;
            for (Future<Boolean> result : results) {
                done += result.get() ? 1 : 0;
            }
            assertThat(done).isEqualTo(1);
            assertThat(hasher.matches("x", null)).isFalse();
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void doesNotQueueWorkThatWaitsForAnIdleHasher() throws Exception {
        SlowArgon2 slow = new SlowArgon2();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        HashingExecutor executor = new HashingExecutor(1, HashingExecutor.WAIT_TIMEOUT, new Metrics());
        try (PasswordHasher hasher = new PasswordHasher(slow, 64, 1, executor, Ticker.systemTicker())) {
            Future<Boolean> login = threads.submit(() -> hasher.matches("x", null));
            await().untilAtomic(slow.started, Matchers.equalTo(1));
            long start = System.nanoTime();
            Future<String> idle = threads.submit(() -> hasher.hashWhenIdle("plain"));

            // Work that waits until the hasher is idle does not enter the queue.
            await().until(() -> System.nanoTime() - start > 300_000_000);
            assertThat(executor.waiting()).isZero();

            slow.release.countDown();
            assertThat(login.get()).isFalse();
            assertThat(hasher.matches("plain", stored(idle.get()))).isTrue();
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void rejectsWorkAfterTheHasherIsClosed() {
        PasswordHasher hasher = new PasswordHasher(19_456, 2, 1, new Metrics());
        hasher.close();

        assertThatThrownBy(() -> hasher.hash("x")).isInstanceOf(GatehouseException.class);
    }

    private static StoredPassword stored(String hash) {
        return StoredPassword.hash(hash);
    }

    /** Computes each hash only with a permit from the test. Counts the running and the finished computations. */
    private static final class GatedArgon2 extends Argon2 {
        private final Semaphore permits = new Semaphore(0);
        private final AtomicInteger running = new AtomicInteger();
        private final AtomicInteger maxRunning = new AtomicInteger();
        private final AtomicInteger done = new AtomicInteger();

        GatedArgon2() {
            super(64);
        }

        @Override
        byte[] derive(String password, Argon2Hash like) {
            maxRunning.accumulateAndGet(running.incrementAndGet(), Math::max);
            permits.acquireUninterruptibly();
            running.decrementAndGet();
            done.incrementAndGet();
            return super.derive(password, like);
        }
    }

    @Test
    void usesAllCoresWhileThereAreNoOtherRequests() {
        GatedArgon2 argon2 = new GatedArgon2();
        ExecutorService threads = Executors.newCachedThreadPool();
        HashingExecutor executor = new HashingExecutor(2, Duration.ofMinutes(1), new Metrics());
        try (PasswordHasher hasher = new PasswordHasher(argon2, 64, 1, executor, Ticker.systemTicker())) {
            for (int i = 0; i < 20; i++) {
                threads.execute(() -> hasher.hash("correct horse"));
            }
            await().until(() -> argon2.running.get() == 2 && executor.waiting() == 18);

            argon2.permits.release(2);

            await().until(() -> argon2.done.get() == 2 && argon2.running.get() == 2);
        } finally {
            argon2.permits.release(100);
            threads.shutdown();
        }
    }

    @Test
    void leavesACoreToOtherRequestsWhileManyHashesWait() {
        GatedArgon2 argon2 = new GatedArgon2();
        ExecutorService threads = Executors.newCachedThreadPool();
        HashingExecutor executor = new HashingExecutor(2, Duration.ofMinutes(1), new Metrics());
        try (PasswordHasher hasher = new PasswordHasher(argon2, 64, 1, executor, Ticker.systemTicker())) {
            for (int i = 0; i < 100; i++) {
                hasher.recordRequest();
            }
            for (int i = 0; i < 20; i++) {
                threads.execute(() -> hasher.hash("correct horse"));
            }
            await().until(() -> argon2.running.get() == 2 && executor.waiting() == 18);

            argon2.permits.release(2);
            await().until(() -> argon2.done.get() == 2 && argon2.running.get() == 1);
            argon2.maxRunning.set(0);
            for (int done = 3; done < 6; done++) {
                int expected = done;
                argon2.permits.release();
                await().until(() -> argon2.done.get() == expected && argon2.running.get() == 1);
            }
            assertThat(argon2.maxRunning).hasValue(1);

            argon2.permits.release(15);
            await().until(() -> argon2.done.get() == 20);
            for (int i = 0; i < 2; i++) {
                threads.execute(() -> hasher.hash("correct horse"));
            }
            await().until(() -> argon2.running.get() == 2);
        } finally {
            argon2.permits.release(100);
            threads.shutdown();
        }
    }

    @Test
    void leavesACoreToGatehousesHashesWhileExpensiveForeignHashesAreChecked() {
        GatedArgon2 argon2 = new GatedArgon2();
        String expensive = "$argon2id$v=19$m=300,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        ExecutorService threads = Executors.newCachedThreadPool();
        HashingExecutor executor = new HashingExecutor(2, Duration.ofMinutes(1), new Metrics());
        try (PasswordHasher hasher = new PasswordHasher(argon2, 64, 1, executor, Ticker.systemTicker())) {
            argon2.permits.release();
            hasher.hash("correct horse"); // measures the time of a hash, so that the first check does not
            for (int i = 0; i < 5; i++) {
                threads.execute(() -> hasher.matches("correct horse", StoredPassword.hash(expensive)));
            }
            await().until(() -> argon2.running.get() == 1);
            threads.execute(() -> hasher.hash("correct horse"));
            await().until(() -> argon2.running.get() == 2);
            assertThat(executor.waiting()).isZero();

            argon2.permits.release(100);
            await().until(() -> argon2.done.get() == 7);
        } finally {
            argon2.permits.release(100);
            threads.shutdown();
        }
    }

    @Test
    void respondsWithBusyIfThereIsNoMemoryForAHash() {
        Argon2 outOfMemory = new Argon2(64) {
            @Override
            byte[] derive(String password, Argon2Hash like) {
                throw new OutOfMemoryError("Java heap space");
            }
        };
        HashingExecutor executor = new HashingExecutor(1, Duration.ofMinutes(1), new Metrics());
        try (PasswordHasher hasher = new PasswordHasher(outOfMemory, 64, 1, executor, Ticker.systemTicker())) {
            assertThatThrownBy(() -> hasher.hash("correct horse"))
                    .isInstanceOfSatisfying(
                            GatehouseException.class,
                            failure -> assertThat(failure.code()).isEqualTo(ErrorCode.BUSY));
        }
    }
}
