package org.gatehouse.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.github.benmanes.caffeine.cache.Ticker;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bson.Document;
import org.gatehouse.concurrent.LeasedValue;
import org.gatehouse.config.AuthKeys;
import org.gatehouse.config.Secret;
import org.gatehouse.dev.EmbeddedMongo;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.testing.TakesLong;
import org.gatehouse.testing.TimeLimit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Tests the keys of several nodes on one store. An instance of {@link RotatingKeys} that was not started has no
 * background task. Such an instance reads the keys only when one of its methods is called.
 */
@Tag("also-full")
@TakesLong
class RotatingKeysTest {
    private static final Secret AUTH_KEY = new Secret("a key for tests, longer than 32 bytes");
    private static final Secret NEXT_AUTH_KEY = new Secret("the next key for tests, longer than 32 bytes");
    private static final Duration ROTATION = Duration.ofDays(30);
    private static final KeySchedule SCHEDULE = KeySchedule.every(ROTATION, Duration.ofMinutes(10));
    private static final SecureRandom random = new SecureRandom();

    private static final Stores stores = new Stores();

    private final SettableClock clock = new SettableClock(Instant.parse("2026-11-23T10:00:00Z"));
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final MongoConnection mongo =
            opened(new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics()));

    @AfterEach
    void closeAll() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
        stores.collection("signingKeys").drop();
    }

    @AfterAll
    static void stop() {
        stores.close();
    }

    @Test
    void severalNodesCreateOneFirstKeyThatSignsImmediately() throws Exception {
        List<RotatingKeys> nodes = Stream.generate(() -> keys(clock)).limit(8).toList();

        inParallel(nodes.stream()
                .<Callable<Boolean>>map(node -> () -> {
                    node.start();
                    return true;
                })
                .toList());

        assertThat(nodes.stream().map(node -> node.current().id()).distinct()).hasSize(1);
        assertThat(documents()).hasSize(1);
    }

    @Test
    void aKeyIsPublishedThenSignsThenOnlyVerifiesThenIsDeleted() {
        RotatingKeys one = started(keys(clock));
        RotatingKeys other = started(keys(clock));
        String first = one.current().id();

        clock.advance(ROTATION.minus(SCHEDULE.lead()));
        await().until(() -> documents().size() == 2);
        for (RotatingKeys keys : List.of(one, other)) {
            await().until(() -> keys.publicKeys().split("\"kid\"", -1).length == 3);
        }
        assertThat(one.current().id()).as("the new key does not sign yet").isEqualTo(first);

        clock.advance(SCHEDULE.lead());
        String second = one.current().id();
        assertThat(second).isNotEqualTo(first);
        assertThat(other.current().id()).isEqualTo(second);
        assertThat(other.find(first)).as("the first key still verifies").isPresent();

        clock.advance(SCHEDULE.retention());
        await().until(() -> one.find(first).isEmpty() && other.find(first).isEmpty());
        assertThat(one.find(second)).isPresent();
        assertThat(documents()).hasSize(1);
    }

    @Test
    void onlyOneNodeCreatesTheKeyOfEachRotation() {
        List<RotatingKeys> nodes =
                Stream.generate(() -> started(keys(clock))).limit(4).toList();
        int lastSequence = 5;

        for (int sequence = 2; sequence <= lastSequence; sequence++) {
            long expected = sequence;
            clock.advance(ROTATION);
            nodes.forEach(node -> await().until(() -> newestSequence() == expected
                    && node.list().get(0).activeFrom().isAfter(clock.instant())));
            assertThat(documents()).extracting(key -> key.getLong("round")).doesNotHaveDuplicates();
        }

        // All nodes have read the newest key, and no node creates a further key.
        await().during(Duration.ofMillis(1_200)).until(() -> newestSequence() == lastSequence);
    }

    private static long newestSequence() {
        return documents().stream().mapToLong(key -> key.getLong("round")).max().orElse(0);
    }

    @Test
    void aRevokedKeyIsRejectedByANodeThatHasJustReadTheKeys() {
        RotatingKeys one = started(keys(clock));
        RotatingKeys other = keys(clock);
        String first = one.current().id();
        assertThat(other.find(first)).isPresent();

        one.revoke(first);

        assertThat(other.find(first)).isEmpty();
        assertThat(one.find(first)).isEmpty();
        assertThat(other.findEvenIfNew(first)).isEmpty();
        assertThat(one.publicKeys()).doesNotContain(first);
        String second = other.current().id();
        assertThat(second).isNotEqualTo(first).isEqualTo(one.current().id());
        assertThat(documents()).hasSize(2);
        assertThat(documents().get(0).get("privateKey"))
                .as("the private key is deleted")
                .isNull();
        one.revoke(first); // a client repeats the call if the response was lost
    }

    @Test
    void anUnknownKeyCannotBeRevoked() {
        RotatingKeys keys = started(keys(clock));

        assertThatThrownBy(() -> keys.revoke("$ne"))
                .isInstanceOfSatisfying(
                        GatehouseException.class,
                        rejected -> assertThat(rejected.code()).isEqualTo(ErrorCode.NOT_FOUND));
    }

    @Test
    void afterARevocationTheNextKeySignsAndNeverAnEarlierOne() {
        RotatingKeys keys = started(keys(clock));
        String first = keys.current().id();
        String second = keys.rotate().id();
        clock.advance(SCHEDULE.lead());
        assertThat(keys.current().id()).isEqualTo(second);
        String third = keys.rotate().id();

        keys.revoke(second);

        assertThat(keys.current().id()).isEqualTo(third);
        keys.revoke(third);
        assertThat(keys.current().id()).isNotIn(first, second, third);
        assertThat(keys.find(first)).as("the first key still verifies").isPresent();
    }

    @Test
    void aKeyCreatedByAnAdministratorSignsAfterTheLeadTime() {
        RotatingKeys keys = started(keys(clock));
        String first = keys.current().id();

        KeyInfo created = keys.rotate();

        assertThat(created.activeFrom()).isEqualTo(clock.instant().plus(SCHEDULE.lead()));
        assertThat(keys.list()).extracting(KeyInfo::id).containsExactly(created.id(), first);
        assertThat(keys.list()).extracting(KeyInfo::current).containsExactly(false, true);
        clock.advance(SCHEDULE.lead());
        assertThat(keys.current().id()).isEqualTo(created.id());
        assertThat(keys.list()).extracting(KeyInfo::current).containsExactly(true, false);
    }

    @Test
    void aNodeWhoseClockIsBehindAcceptsTheNextKeyAndCreatesNoKey() {
        RotatingKeys ahead = started(keys(clock));
        RotatingKeys behind = started(keys(clock.behindBy(Duration.ofSeconds(20))));
        String first = ahead.current().id();
        assertThat(behind.current().id()).isEqualTo(first);

        ahead.rotate();
        clock.advance(SCHEDULE.lead());

        String second = ahead.current().id();
        assertThat(second).isNotEqualTo(first);
        assertThat(behind.findEvenIfNew(second)).isPresent();
        assertThat(behind.current().id()).isEqualTo(first);
        assertThat(documents()).hasSize(2);
    }

    @Test
    void keysAreUsedWithoutTheStoreUntilTheLeaseExpires() throws IOException {
        int port = EmbeddedRedis.freePort();
        AtomicLong nanos = new AtomicLong();
        EmbeddedMongo server = EmbeddedMongo.inMemory(port);
        MongoConnection connection =
                opened(new MongoConnection(new Secret("mongodb://127.0.0.1:" + port), "keys", new Metrics()));
        RotatingKeys keys = opened(
                new RotatingKeys(connection, new AuthKeys(AUTH_KEY, null), SCHEDULE, false, clock, nanos::get, random));
        String key = keys.current().id();
        server.close();

        nanos.addAndGet(LeasedValue.LEASE.toNanos() - 1);
        assertThat(keys.find(key)).isPresent();
        assertThat(keys.current().id()).isEqualTo(key);

        nanos.incrementAndGet();
        assertUnavailable(() -> keys.find(key));
        assertUnavailable(keys::current);
        assertUnavailable(keys::publicKeys);

        try (EmbeddedMongo returned = EmbeddedMongo.inMemory(port)) {
            assertThat(returned.uri()).endsWith(":" + port);
            await().ignoreExceptions().until(() -> keys.find(key).isEmpty()); // the new server is empty
        }
    }

    @Test
    void aKeyThatAnotherNodeHasJustCreatedIsFound() {
        RotatingKeys one = keys(clock);
        RotatingKeys other = keys(clock);
        one.current();
        other.current();
        String created = one.rotate().id();

        assertThat(other.find(created)).as("the node has not read the new key").isEmpty();
        assertThat(other.findEvenIfNew(created)).isPresent();
    }

    @Test
    void manyLookupsOfUnknownKeyIdsCauseFewReads() throws Exception {
        RotatingKeys keys = keys(clock);
        keys.current();
        long start = System.nanoTime();
        int batches = 5;
        for (int i = 0; i < batches; i++) {
            inParallel(Stream.<Callable<Boolean>>generate(
                            () -> () -> keys.findEvenIfNew(inventedId()).isEmpty())
                    .limit(30)
                    .toList());
        }

        Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
        assertThat(elapsed)
                .as("the node makes at most five reads per second")
                .isGreaterThan(Duration.ofMillis(200L * (batches - 1)));
        assertThat(elapsed)
                .as("many lookups share one read")
                .isLessThan(TimeLimit.of(Duration.ofSeconds(2L * batches)));
    }

    @Test
    void aMalformedKeyIdIsNotLookedUp() {
        RotatingKeys keys = keys(clock);
        keys.current();
        long start = System.nanoTime();

        for (int i = 0; i < 100; i++) {
            assertThat(keys.findEvenIfNew("../../etc/passwd" + i)).isEmpty();
        }

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(TimeLimit.of(Duration.ofSeconds(1)));
    }

    @Test
    void theAuthKeyCanBeChangedWithoutANewSigningKey() {
        RotatingKeys before = started(keys(clock));
        String key = before.current().id();
        String encrypted = documents().get(0).getString("privateKey");

        RotatingKeys changing = started(keys(clock, new AuthKeys(NEXT_AUTH_KEY, AUTH_KEY)));
        assertThat(changing.current().id()).isEqualTo(key);
        assertThat(documents().get(0).getString("privateKey")).isNotEqualTo(encrypted);
        RotatingKeys after = started(keys(clock, new AuthKeys(NEXT_AUTH_KEY, null)));
        assertThat(after.current().id()).isEqualTo(key);

        await().during(Duration.ofSeconds(1)).until(() -> before.current().id().equals(key));
        assertThat(documents()).hasSize(1);
    }

    @Test
    void nodesWithSwappedAuthKeysDoNotReencryptTheKeyForever() {
        RotatingKeys one = started(keys(clock, new AuthKeys(AUTH_KEY, NEXT_AUTH_KEY)));
        RotatingKeys other = started(keys(clock, new AuthKeys(NEXT_AUTH_KEY, AUTH_KEY)));
        assertThat(one.current().id()).isEqualTo(other.current().id());

        await().during(Duration.ofMillis(1_500))
                .atMost(Duration.ofSeconds(60))
                .until(() -> documents().get(0).getString("privateKey"), new SameAsBefore());
    }

    @Test
    void nodesWithUnrelatedAuthKeysSignWithTheirOwnKeysAndAcceptBothKeys() {
        RotatingKeys one = started(keys(clock));
        RotatingKeys other = started(keys(clock, new AuthKeys(NEXT_AUTH_KEY, null)));
        String first = one.current().id();
        String second = other.current().id();
        assertThat(second).isNotEqualTo(first);

        await().during(Duration.ofMillis(1_500))
                .atMost(Duration.ofSeconds(60))
                .until(() -> documents().size() == 2);
        assertThat(one.findEvenIfNew(second)).isPresent();
        assertThat(other.findEvenIfNew(first)).isPresent();
        assertThat(one.current().id()).isEqualTo(first);
    }

    @Test
    void aPublicKeyStoredUnderTheIdOfAnotherKeyIsNotUsed() {
        RotatingKeys keys = keys(clock);
        String first = keys.current().id();
        String second = keys.rotate().id();
        Document foreign = stores.collection("signingKeys")
                .find(new Document("_id", second))
                .first();
        assertThat(foreign).isNotNull();
        stores.collection("signingKeys")
                .updateOne(
                        new Document("_id", first),
                        new Document("$set", new Document("publicKey", foreign.getString("publicKey"))));

        assertThat(keys(clock).find(first)).isEmpty();
    }

    @Test
    void thePrivateKeyIsStoredOnlyEncrypted() {
        RotatingKeys keys = keys(clock);
        keys.current();

        Document stored = documents().get(0);

        assertThat(stored.getString("publicKey")).doesNotContain("\"d\"");
        assertThat(stored.getString("privateKey").split("\\.", -1)).hasSize(5);
        assertThat(keys.publicKeys()).doesNotContain("\"d\"");
    }

    /** Matches a text that equals the text of the previous call. */
    private static final class SameAsBefore implements Predicate<String> {
        private String before = "";

        @Override
        public boolean test(String now) {
            boolean same = now.equals(before);
            before = now;
            return same;
        }
    }

    private static void assertUnavailable(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        GatehouseException.class,
                        rejected -> assertThat(rejected.code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE));
    }

    private RotatingKeys keys(Clock nodesClock) {
        return keys(nodesClock, new AuthKeys(AUTH_KEY, null));
    }

    private RotatingKeys keys(Clock nodesClock, AuthKeys authKeys) {
        return opened(new RotatingKeys(mongo, authKeys, SCHEDULE, false, nodesClock, Ticker.systemTicker(), random));
    }

    private static RotatingKeys started(RotatingKeys keys) {
        keys.start();
        return keys;
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        open.push(closeable);
        return closeable;
    }

    /** Returns the stored keys in the order of their sequence. */
    private static List<Document> documents() {
        return stores.collection("signingKeys")
                .find()
                .sort(new Document("round", 1))
                .into(new ArrayList<>());
    }

    private static void inParallel(List<Callable<Boolean>> calls) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(calls.size());
        try {
            for (Future<Boolean> result : threads.invokeAll(calls)) {
                assertThat(result.get()).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static String inventedId() {
        byte[] bytes = new byte[32];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
