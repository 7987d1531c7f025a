package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.config.RedisUrl;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.RedisConnection;
import org.gatehouse.store.Sha256;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.throttle.WindowCount;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LoginThrottleTest {
    // A source is known if the user has logged in from it before.
    private static final boolean KNOWN = true;
    private static final boolean UNKNOWN = false;

    private static final EmbeddedRedis server = EmbeddedRedis.start(Path.of("target", "test-redis", "login-throttle"));
    private static final RedisConnection redis = new RedisConnection(RedisUrl.parse(server.uri()), null, new Metrics());
    private static final Throttle counts = new Throttle(redis, Clock.tickMillis(ZoneOffset.UTC));
    private static final AtomicInteger number = new AtomicInteger();

    private final LoginThrottle throttle = new LoginThrottle(
            counts,
            new LoginThrottle.Limits(
                    new Quota("failures", 3, Duration.ofMinutes(15)),
                    new Quota("strangers", 10, Duration.ofHours(1)),
                    new Quota("attempts", 8, Duration.ofMinutes(5))));

    private String account = "";
    private String network = "";

    @BeforeAll
    static void awaitRedis() {
        await().until(() -> redis.topology().isPresent());
    }

    @AfterAll
    static void close() {
        redis.close();
        server.close();
    }

    @BeforeEach
    void useNewNames() {
        int next = number.incrementAndGet();
        account = "account-" + next;
        network = "192.0." + next + ".";
    }

    @Test
    void hasTheDocumentedLimits() {
        LoginThrottle.Limits usual = new LoginThrottle(counts).limits();

        assertThat(usual.failures()).isEqualTo(new Quota("failures", 10, Duration.ofMinutes(15)));
        assertThat(usual.strangers()).isEqualTo(new Quota("strangers", 100, Duration.ofHours(1)));
        assertThat(usual.attempts()).isEqualTo(new Quota("attempts", 300, Duration.ofMinutes(5)));
    }

    @Test
    void limitsEachPairOfSourceAndAccountSeparately() {
        failAttempts(3, account, UNKNOWN, network + 1);

        assertRejected(account, UNKNOWN, network + 1);

        admit(account, UNKNOWN, network + 2);
        admit(account + "-other", UNKNOWN, network + 1);
    }

    @Test
    void limitsTheTotalOfAttemptsFromUnknownSources() {
        for (int i = 0; i < 10; i++) {
            failAttempts(1, account, UNKNOWN, network + i);
        }

        assertRejected(account, UNKNOWN, network + 77);
    }

    @Test
    void acceptsAKnownSourceEvenIfUnknownSourcesAreRejected() {
        for (int i = 0; i < 10; i++) {
            failAttempts(1, account, UNKNOWN, network + i);
        }

        for (int i = 0; i < 5; i++) {
            admit(account, KNOWN, network + 200).succeeded();
        }
        failAttempts(3, account, KNOWN, network + 200);
        assertRejected(account, KNOWN, network + 200);
    }

    @Test
    void countsKnownSourcesSeparatelyFromUnknownSources() {
        for (int i = 0; i < 20; i++) {
            failAttempts(1, account, KNOWN, network + i);
        }

        assertThat(throttle.counts(user(account), account).strangers()).isNull();
        admit(account, UNKNOWN, network + 77);
    }

    @Test
    void limitsASourceThatTriesManyAccountsEvenIfItSucceeds() {
        for (int i = 0; i < 8; i++) {
            admit(account + "-" + i, UNKNOWN, network + 1).succeeded();
        }

        assertRejected(account, UNKNOWN, network + 1);
        admit(account, UNKNOWN, network + 2);
    }

    @Test
    void clearsTheFailuresOfASourceThatSucceeds() {
        failAttempts(2, account, UNKNOWN, network + 1);
        failAttempts(2, account, UNKNOWN, network + 2);

        admit(account, UNKNOWN, network + 1).succeeded();

        assertThat(throttle.counts(user(account), account).sources()).containsOnlyKeys(network + 2);
        assertThat(throttle.counts(user(account), account).strangers())
                .extracting(WindowCount::count)
                .isEqualTo(4);
        failAttempts(3, account, UNKNOWN, network + 1);
        assertRejected(account, UNKNOWN, network + 1);
    }

    @Test
    void doesNotCountAnAttemptWhosePasswordWasNotChecked() {
        for (int i = 0; i < 20; i++) {
            LoginThrottle.Attempt attempt = admit(account, UNKNOWN, network + 1);
            assertThatThrownBy(() -> attempt.check(() -> {
                        throw new GatehouseException(ErrorCode.BUSY);
                    }))
                    .isInstanceOf(GatehouseException.class);
        }

        assertThat(throttle.counts(user(account), account).strangers()).isNull();
        assertThat(throttle.counts(user(account), account).sources()).isEmpty();
        failAttempts(3, account, UNKNOWN, network + 1);
        failAttempts(3, account + "-a", UNKNOWN, network + 1);
        failAttempts(2, account + "-b", UNKNOWN, network + 1);
        assertRejected(account + "-b", UNKNOWN, network + 1);
    }

    @Test
    void doesNotCountRejectedAttempts() {
        failAttempts(3, account, UNKNOWN, network + 1);
        for (int i = 0; i < 20; i++) {
            assertRejected(account, UNKNOWN, network + 1);
        }

        assertThat(throttle.counts(user(account), account).strangers())
                .extracting(WindowCount::count)
                .isEqualTo(3);
        failAttempts(3, account + "-a", UNKNOWN, network + 1);
        failAttempts(2, account + "-b", UNKNOWN, network + 1);
        assertRejected(account + "-b", UNKNOWN, network + 1);
    }

    @Test
    void countsAnAccountByItsCanonicalName() {
        assertThat(List.of("Alice", "ALICE", "\uff21lice"))
                .extracting(LoginThrottle::accountName)
                .containsOnly("alice");
        assertThat(LoginThrottle.accountName("no such name!")).isEqualTo("no such name!");
    }

    @Test
    void storesShortKeysThatDoNotContainTheTypedName() {
        String typed = account + " a password by mistake ".repeat(2_000);
        failAttempts(3, typed, UNKNOWN, network + 1);
        assertRejected(typed, UNKNOWN, network + 1);
        admit(typed + "!", UNKNOWN, network + 1);

        try (RedisClient client = RedisClient.create(server.uri());
                StatefulRedisConnection<String, String> connection = client.connect()) {
            List<String> keys = connection.sync().keys("*");
            assertThat(keys).allMatch(key -> key.matches("throttle:(account:[0-9a-f]{64}|source:[0-9.]+)"));
            assertThat(keys)
                    .allSatisfy(key -> assertThat(connection.sync().pttl(key))
                            .isBetween(1L, Duration.ofHours(1).toMillis()));
            for (String key : keys) {
                assertThat(connection.sync().hgetall(key).toString()).doesNotContain("mistake");
            }
        }
    }

    @Test
    void listsAndClearsTheCounts() {
        failAttempts(2, account, UNKNOWN, network + 1);
        failAttempts(1, account, KNOWN, network + 2);

        LoginThrottle.AccountCounts accountCounts = throttle.counts(user(account), account);
        assertThat(accountCounts.strangers()).extracting(WindowCount::count).isEqualTo(2);
        assertThat(accountCounts.sources())
                .extractingByKeys(network + 1, network + 2)
                .extracting(WindowCount::count)
                .containsExactly(2, 1);

        throttle.clear(user(account), account);

        assertThat(throttle.counts(user(account), account).strangers()).isNull();
        assertThat(throttle.counts(user(account), account).sources()).isEqualTo(Map.of());
        failAttempts(3, account, UNKNOWN, network + 1);
    }

    @Test
    void keepsTheCountsOfAUserAfterAUsernameChange() {
        UserId user = user(account);
        for (int i = 0; i < 3; i++) {
            throttle.admitCheck(user, UNKNOWN, network + 1);
        }

        assertThatThrownBy(() -> throttle.admitLogin(account + "-renamed", user, UNKNOWN, network + 1))
                .isInstanceOf(GatehouseException.class);
        throttle.admitLogin(account + "-renamed", null, UNKNOWN, network + 1);
        assertThat(throttle.counts(user, account).sources().get(network + 1))
                .extracting(WindowCount::count)
                .isEqualTo(3);
    }

    @Test
    void doesNotCountALoneSurrogateAsAQuestionMark() {
        failAttempts(3, account + "\ud800", UNKNOWN, network + 1);

        admit(account + "?", UNKNOWN, network + 1);
    }

    private LoginThrottle.Attempt admit(String name, boolean known, String source) {
        return throttle.admitLogin(name, user(name), known, source);
    }

    private static UserId user(String name) {
        return new UserId(Sha256.hex(LoginThrottle.accountName(name)).substring(0, 24));
    }

    /** Makes login attempts with a wrong password. */
    private void failAttempts(int times, String name, boolean known, String source) {
        for (int i = 0; i < times; i++) {
            admit(name, known, source);
        }
    }

    private void assertRejected(String name, boolean known, String source) {
        assertThatThrownBy(() -> admit(name, known, source))
                .isInstanceOfSatisfying(GatehouseException.class, rejected -> {
                    assertThat(rejected.code()).isEqualTo(ErrorCode.LOGIN_THROTTLED);
                    assertThat(rejected.retryAfter()).isPresent();
                });
    }
}
