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
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
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

    @Test
    void refusesAtOnceWhatWouldWaitTooLong() throws Exception {
        int callers = 60;
        // One slow hash at a time: each takes a good part of the second that anybody waits.
        try (PasswordHasher hasher = new PasswordHasher(131_072, 2, 1)) {
            CountDownLatch together = new CountDownLatch(callers);
            ExecutorService threads = Executors.newFixedThreadPool(callers);
            List<Future<Optional<ErrorCode>>> results = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                results.add(threads.submit(() -> {
                    together.countDown();
                    together.await();
                    try {
                        hasher.hash("correct horse");
                        return Optional.empty();
                    } catch (GatehouseException refused) {
                        assertThat(refused.retryAfter()).isPresent();
                        return Optional.of(refused.code());
                    }
                }));
            }
            int done = 0;
            int refused = 0;
            for (Future<Optional<ErrorCode>> result : results) {
                if (result.get().isEmpty()) {
                    done++;
                } else {
                    assertThat(result.get()).hasValue(ErrorCode.BUSY);
                    refused++;
                }
            }
            threads.shutdown();
            // The queue holds 16 beside the one that runs; everybody else has no chance.
            assertThat(refused).isGreaterThanOrEqualTo(callers - 17);
            assertThat(done).isPositive();
            // What nobody waits for any more does not stand in the way of the next.
            await().ignoreExceptionsInstanceOf(GatehouseException.class)
                    .untilAsserted(() ->
                            assertThat(hasher.matches("x", Optional.empty())).isFalse());
        }
    }

    @Test
    void refusesWorkOnceClosed() {
        PasswordHasher hasher = new PasswordHasher(19_456, 2, 1);
        hasher.close();

        assertThatThrownBy(() -> hasher.hash("x")).isInstanceOf(GatehouseException.class);
    }
}
