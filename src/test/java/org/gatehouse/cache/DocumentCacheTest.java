package org.gatehouse.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.gatehouse.config.RedisUrl;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.RedisConnection;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.TakesLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Tests two nodes that share one Redis and one MongoDB. MongoDB stores only the generation. The documents are in a map,
 * so that tests can block each step of a read or a write.
 */
@TakesLong
class DocumentCacheTest {
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration TTL = Duration.ofMinutes(5);
    private static final AtomicInteger number = new AtomicInteger();

    private static final Stores stores = new Stores();
    private static final CacheNode one = new CacheNode(stores.redis().uri());
    private static final CacheNode other = new CacheNode(stores.redis().uri());

    /** The version of each document, by id. This map replaces the MongoDB collection of the documents. */
    private final Map<String, Integer> documents = new ConcurrentHashMap<>();

    private final AtomicInteger loads = new AtomicInteger();
    private final String id = "document-" + number.incrementAndGet();

    @AfterAll
    static void stop() {
        one.close();
        other.close();
        stores.close();
    }

    private static final class CacheNode implements AutoCloseable {
        private final MongoConnection mongo =
                new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics());
        private final RedisConnection redis;
        private final Generation generation;
        private final DocumentCache<Integer> cache;

        CacheNode(String redisUri) {
            NearCache near = new NearCache(1 << 20);
            redis = new RedisConnection(RedisUrl.parse(redisUri), near, new Metrics());
            generation = new Generation(mongo, redis, near, false, new SecureRandom(), new Metrics());
            cache = new DocumentCache<>(generation, "d", "numbers", TTL, new NumberCodec(), new Metrics());
            generation.start();
        }

        @Override
        public void close() {
            generation.close();
            redis.close();
            mongo.close();
        }
    }

    private static final class NumberCodec implements DocumentCache.Codec<Integer> {
        @Override
        public byte[] encode(Integer document) {
            return document.toString().getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public Optional<Integer> decode(String id, byte[] entry) {
            try {
                return Optional.of(Integer.parseInt(new String(entry, StandardCharsets.US_ASCII)));
            } catch (NumberFormatException foreign) {
                return Optional.empty();
            }
        }

        @Override
        public long version(Integer document) {
            return document;
        }
    }

    /** A node does not use the cache for some seconds after its start, or after it connects to another Redis. */
    @BeforeEach
    void awaitCaches() {
        documents.put("warm", 1);
        await().atMost(WAIT_TIMEOUT).until(() -> {
            read(one, "warm");
            read(other, "warm");
            int before = loads.get();
            read(one, "warm");
            read(other, "warm");
            return loads.get() == before;
        });
        loads.set(0);
    }

    @Test
    void loadsADocumentOnceForAllNodes() {
        // On a busy machine, the cache of a node may time out. Then the node loads the document itself, and the test
        // tries again.
        await().atMost(WAIT_TIMEOUT).until(() -> {
            String next = id + "-" + number.incrementAndGet();
            documents.put(next, 1);
            loads.set(0);
            for (int i = 0; i < 5; i++) {
                assertThat(read(one, next)).hasValue(1);
                assertThat(read(other, next)).hasValue(1);
            }
            return loads.get() == 1;
        });
    }

    @Test
    void cachesTheAbsenceOfADocumentUntilItIsCreated() {
        String absent = await().atMost(WAIT_TIMEOUT)
                .until(
                        () -> {
                            String next = id + "-" + number.incrementAndGet();
                            loads.set(0);
                            assertThat(read(one, next)).isEmpty();
                            assertThat(read(other, next)).isEmpty();
                            return next;
                        },
                        next -> loads.get() == 1);

        other.cache.write(absent, () -> documents.put(absent, 1));

        assertThat(read(one, absent)).hasValue(1);
    }

    @Test
    void spreadsTheExpiryOfEntriesAndCachesAbsencesForAShorterTime() {
        Set<Long> ttls = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            String present = id + "-" + i;
            documents.put(present, 1);
            long ttl = await().until(
                            () -> {
                                read(one, present); // on a busy machine, the first read may time out and cache nothing
                                return ttlInRedis(present);
                            },
                            left -> left > 0);
            assertThat(ttl).isBetween(TTL.toMillis() * 8 / 10, TTL.toMillis());
            ttls.add(ttl / 1_000);
        }
        assertThat(ttls).hasSizeGreaterThan(3);

        read(one, id);
        assertThat(ttlInRedis(id)).isBetween(1L, 60_000L);
    }

    @Test
    void aWriteIsVisibleToTheNextReadOnAnyNode() {
        documents.put(id, 1);
        for (int version = 2; version < 50; version++) {
            int next = version;
            read(one, id);
            read(other, id);

            write(version % 2 == 0 ? one : other, () -> documents.put(id, next));

            assertThat(read(one, id)).hasValue(next);
            assertThat(read(other, id)).hasValue(next);
        }
    }

    @Test
    void aSlowReaderCannotCacheADocumentThatItLoadedBeforeAWrite() throws Exception {
        documents.put(id, 1);
        CountDownLatch loaded = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<Optional<Integer>> slow = CompletableFuture.supplyAsync(() -> one.cache
                .getAsync(id, () -> {
                    Optional<Integer> old = load(id);
                    loaded.countDown();
                    awaitLatch(release);
                    return old;
                })
                .get());
        assertThat(loaded.await(60, TimeUnit.SECONDS)).isTrue();

        write(other, () -> documents.put(id, 2));
        release.countDown();

        assertThat(slow.get(60, TimeUnit.SECONDS)).hasValue(1);
        assertThat(read(one, id)).hasValue(2);
        assertThat(read(other, id)).hasValue(2);
    }

    @Test
    void storesNothingWhileAWriteIsInProgress() throws Exception {
        documents.put(id, 1);
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> write(other, () -> {
            begun.countDown();
            awaitLatch(release);
            return documents.put(id, 2);
        }));
        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();

        read(one, id);
        read(one, id);
        assertThat(loads).hasValue(2);
        assertThat(valueInRedis(id)).startsWith("T");
        // A second write starts and ends. The string in Redis is still the T of the first write.
        write(one, () -> documents.get(id));
        assertThat(valueInRedis(id)).startsWith("T");

        release.countDown();
        writer.get(60, TimeUnit.SECONDS);
        assertThat(valueInRedis(id)).isEqualTo("null");
        assertThat(read(one, id)).hasValue(2);
    }

    @Test
    void aRejectedWriteLeavesNoMarkInRedis() {
        documents.put(id, 1);
        read(one, id);

        assertThatThrownBy(() -> write(one, () -> {
                    throw new GatehouseException(ErrorCode.USERNAME_TAKEN);
                }))
                .isInstanceOf(GatehouseException.class);

        // The write deletes its T at once. If the node times out on a busy machine, the T disappears later.
        await().atMost(WAIT_TIMEOUT).until(() -> valueInRedis(id).equals("null"));
    }

    @Test
    void aWriteOfUnknownOutcomeKeepsTheDocumentUncachedUntilItsMarkExpires() {
        documents.put(id, 1);

        assertThatThrownBy(() -> write(one, () -> {
                    throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, Duration.ofSeconds(1), null);
                }))
                .isInstanceOf(GatehouseException.class);

        assertThat(valueInRedis(id)).startsWith("T ");
        read(other, id);
        documents.put(id, 2); // the write takes effect although its outcome is unknown
        assertThat(read(other, id)).hasValue(2);
        await().atMost(WAIT_TIMEOUT).until(() -> valueInRedis(id).equals("null"));
        assertThat(read(other, id)).hasValue(2);
    }

    @Test
    void aWriteIsVisibleEvenIfRedisDoesNotReplyDuringTheWrite() {
        documents.put(id, 1);
        read(one, id);
        read(other, id);
        stores.redis().pause();
        try {
            write(one, () -> documents.put(id, 2));
            assertThat(read(one, id)).hasValue(2);
            assertThat(read(other, id)).hasValue(2);
        } finally {
            stores.redis().resume();
        }
        for (int i = 0; i < 200; i++) {
            assertThat(read(one, id)).hasValue(2);
            assertThat(read(other, id)).hasValue(2);
        }
        awaitCaches();
        assertThat(read(other, id)).hasValue(2);
    }

    @Test
    void aWriteOfANodeWithoutRedisIsVisibleToNodesWithRedis() {
        documents.put(id, 1);
        read(other, id);
        try (CacheNode withoutRedis = new CacheNode("redis://127.0.0.1:9")) {
            write(withoutRedis, () -> documents.put(id, 2));

            assertThat(read(other, id)).hasValue(2);
        }
        awaitCaches();
        assertThat(read(other, id)).hasValue(2);
    }

    @Test
    void aWriteOfUnknownOutcomeOnANodeWithoutRedisIsVisibleToNodesWithRedis() {
        documents.put(id, 1);
        assertThat(read(other, id)).hasValue(1);
        try (CacheNode withoutRedis = new CacheNode("redis://127.0.0.1:9")) {
            assertThatThrownBy(() -> write(withoutRedis, () -> {
                        documents.put(id, 2); // the write takes effect although its outcome is unknown
                        throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, Duration.ofSeconds(1), null);
                    }))
                    .isInstanceOf(GatehouseException.class);

            await().atMost(WAIT_TIMEOUT).until(() -> read(other, id).equals(Optional.of(2)));
        }
    }

    @Test
    void doesNotTrustEntriesFromBeforeARestartOfRedis() {
        documents.put(id, 1);
        read(one, id);
        String entry = valueInRedis(id);
        stores.redis().kill();
        write(one, () -> documents.put(id, 2));
        stores.redis().restart();

        // the entry returns, as after the restore of a snapshot
        withRedis(redis -> redis.sync().set("d:{" + id + "}", entry));

        await().atMost(WAIT_TIMEOUT)
                .until(() -> one.redis.topology().isPresent()
                        && other.redis.topology().isPresent());
        for (int i = 0; i < 200; i++) {
            assertThat(read(one, id)).hasValue(2);
            assertThat(read(other, id)).hasValue(2);
        }
        awaitCaches();
        assertThat(read(other, id)).hasValue(2);
    }

    @Test
    void doesNotTrustValuesOfOtherApplications() {
        documents.put(id, 1);
        for (String foreign : new String[] {"", "V", "junk", "V1 1 7", "X1 1 7", "L", "V 1 7"}) {
            withRedis(redis -> redis.sync().set("d:{" + id + "}", foreign));

            assertThat(read(one, id)).as(foreign).hasValue(1);
        }
        read(one, id);
        String entry = valueInRedis(id);
        withRedis(redis -> redis.sync().set("d:{" + id + "}", entry.substring(0, entry.length() - 1) + "x"));
        assertThat(read(other, id)).hasValue(1);
    }

    @Test
    void storesTheResultOfAnUpdate() {
        documents.put(id, 1);
        // On a busy machine, the cache of a node may time out. Then the test tries again.
        await().atMost(WAIT_TIMEOUT).until(() -> {
            Optional<Integer> updated = update(one, () -> documents.merge(id, 1, Integer::sum), true);
            loads.set(0);
            assertThat(read(other, id)).isEqualTo(updated);
            assertThat(read(one, id)).isEqualTo(updated);
            return loads.get() == 0;
        });
    }

    @Test
    void doesNotStoreTheResultOfAnUpdateIfAnotherWriteTookPlaceMeanwhile() {
        documents.put(id, 1);

        Optional<Integer> earlier = update(
                one,
                () -> {
                    documents.put(id, 2);
                    write(other, () -> documents.put(id, 3));
                    return 2;
                },
                true);

        assertThat(earlier).hasValue(2);
        assertThat(read(one, id)).hasValue(3);
        assertThat(read(other, id)).hasValue(3);
    }

    @Test
    void doesNotStoreAnUnchangedDocumentBecauseItWasReadEarlier() {
        documents.put(id, 2);

        update(one, () -> 1, false);

        assertThat(read(one, id)).hasValue(2);
        assertThat(read(other, id)).hasValue(2);
    }

    private Optional<Integer> update(CacheNode node, Supplier<Integer> change, boolean written) {
        return node.cache.update(id, () -> Optional.of(change.get()), result -> written);
    }

    private Optional<Integer> read(CacheNode node, String document) {
        return node.cache.getAsync(document, () -> load(document)).get();
    }

    private Optional<Integer> load(String document) {
        loads.incrementAndGet();
        return Optional.ofNullable(documents.get(document));
    }

    private void write(CacheNode node, Supplier<?> change) {
        node.cache.write(id, () -> Optional.ofNullable(change.get()));
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private static void withRedis(Consumer<StatefulRedisConnection<String, String>> action) {
        try (RedisClient client = RedisClient.create(stores.redis().uri());
                StatefulRedisConnection<String, String> connection = client.connect()) {
            action.accept(connection);
        }
    }

    /** Returns the remaining TTL of the document's key in ms. */
    private static long ttlInRedis(String document) {
        long[] ttl = new long[1];
        withRedis(redis -> ttl[0] = redis.sync().pttl("d:{" + document + "}"));
        return ttl[0];
    }

    /** Returns the value of the document's key, or "null" if the key does not exist. */
    private static String valueInRedis(String document) {
        String[] value = new String[1];
        withRedis(redis -> value[0] = String.valueOf(redis.sync().get("d:{" + document + "}")));
        return value[0];
    }
}
