package org.gatehouse.password;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.hamcrest.Matchers;
import org.junit.jupiter.api.Test;
import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;

class PasswordHasherTest {
    @Test
    void knowsItsOwnHashes() {
        try (PasswordHasher hasher = new PasswordHasher(19_456, 2, 1)) {
            String hash = hasher.hash("correct horse");

            assertThat(hash).matches("\\$argon2id\\$v=19\\$m=19456,t=2,p=1\\$[^$]{22}\\$[^$]{43}");
            assertThat(hasher.hash("correct horse")).isNotEqualTo(hash);
            assertThat(hasher.matches("correct horse", Optional.of(hash))).isTrue();
            assertThat(hasher.matches("Correct horse", Optional.of(hash))).isFalse();
            assertThat(hasher.matches("nobody's password", Optional.empty())).isFalse();
            assertThat(hasher.matches("x", Optional.of("not a hash"))).isFalse();
        }
    }

    @Test
    void doesTheSameWorkForAnUnknownUserAndForAnImpossiblePassword() {
        List<String> checkedAgainst = new ArrayList<>();
        PasswordEncoder counting = new Argon2PasswordEncoder(16, 32, 1, 19_456, 2) {
            @Override
            protected boolean matchesNonNull(String password, String hash) {
                checkedAgainst.add(hash.substring(0, hash.lastIndexOf("p=1$")));
                return super.matchesNonNull(password, hash);
            }
        };
        try (PasswordHasher hasher = new PasswordHasher(counting, 1)) {
            String hash = hasher.hash("right");

            assertThat(hasher.matches("wrong", Optional.of(hash))).isFalse();
            assertThat(hasher.matches("wrong", Optional.empty())).isFalse();
            assertThat(hasher.matches("x".repeat(50_000), Optional.of(hash))).isFalse();

            assertThat(checkedAgainst).hasSize(3).containsOnly("$argon2id$v=19$m=19456,t=2,");
        }
    }

    /** Takes as long as the test wants, once it is told to. */
    private static final class SlowEncoder extends Argon2PasswordEncoder {
        private final CountDownLatch release = new CountDownLatch(1);
        private volatile boolean slow;

        SlowEncoder() {
            super(16, 32, 1, 19_456, 2);
        }

        @Override
        protected String encodeNonNullPassword(String password) {
            try {
                if (slow) {
                    release.await();
                }
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
            return super.encodeNonNullPassword(password);
        }
    }

    @Test
    void refusesWhatWouldWaitTooLongAndGoesOnAfterwards() throws Exception {
        int callers = 60;
        SlowEncoder encoder = new SlowEncoder();
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        try (PasswordHasher hasher = new PasswordHasher(encoder, 1)) {
            encoder.slow = true;
            AtomicInteger refused = new AtomicInteger();
            List<Future<Boolean>> results = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                results.add(threads.submit(() -> {
                    try {
                        hasher.hash("correct horse");
                        return true;
                    } catch (GatehouseException full) {
                        assertThat(full.code()).isEqualTo(ErrorCode.BUSY);
                        assertThat(full.retryAfter()).isPresent();
                        refused.incrementAndGet();
                        return false;
                    }
                }));
            }

            // All but the one that runs: most find the queue full, the others' time runs out.
            await().untilAtomic(refused, Matchers.equalTo(callers - 1));
            encoder.release.countDown();

            int done = 0;
            for (Future<Boolean> result : results) {
                done += result.get() ? 1 : 0;
            }
            assertThat(done).isEqualTo(1);
            assertThat(hasher.matches("x", Optional.empty())).isFalse();
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void refusesWorkOnceClosed() {
        PasswordHasher hasher = new PasswordHasher(19_456, 2, 1);
        hasher.close();

        assertThatThrownBy(() -> hasher.hash("x")).isInstanceOf(GatehouseException.class);
    }
}
