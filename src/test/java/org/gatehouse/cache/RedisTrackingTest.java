package org.gatehouse.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.SetArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.store.RedisScript;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Checks the properties of {@code CLIENT TRACKING} on which the near cache and {@link NearModel} rely. */
class RedisTrackingTest {
    private static final String KEY = "u:{1}";
    private static final List<Object> INVALIDATION = List.of("invalidate", List.of(KEY));

    private static final EmbeddedRedis redis = EmbeddedRedis.start(Path.of("target", "test-redis", "tracking"));
    private static final RedisClient client = RedisClient.create(redis.uri());
    private static final RedisCommands<String, byte[]> other = connect().sync();

    private final StatefulRedisConnection<String, byte[]> connection = connect();
    private final TrackingConnection tracking = new TrackingConnection(connection);

    private static StatefulRedisConnection<String, byte[]> connect() {
        return client.connect(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE));
    }

    @BeforeEach
    void storeAValue() {
        set("V1");
    }

    @AfterAll
    static void stop() {
        client.shutdown();
        redis.close();
    }

    @Test
    void pushesOneInvalidationPerRead() {
        tracking.commands().get(KEY);
        tracking.commands().get(KEY);
        set("V2");
        assertThat(tracking.pushes()).containsExactly(INVALIDATION);

        set("V3");
        assertThat(tracking.pushes()).isEmpty();

        tracking.commands().get(KEY);
        set("V4");
        assertThat(tracking.pushes()).containsExactly(INVALIDATION);
    }

    @Test
    void pushesAnInvalidationIfAMissingKeyIsStored() {
        other.del(KEY);
        tracking.commands().get(KEY);
        set("V2");

        assertThat(tracking.pushes()).containsExactly(INVALIDATION);
    }

    @Test
    void pushesAnInvalidationEvenIfTheValueStaysTheSame() {
        tracking.commands().get(KEY);
        set("V1");

        assertThat(tracking.pushes()).containsExactly(INVALIDATION);
    }

    @Test
    void pushesAnInvalidationAtExpiry() {
        other.set(KEY, RedisScript.bytes("V2"), SetArgs.Builder.px(1_000));
        tracking.commands().get(KEY);
        await().until(() -> other.exists(KEY) == 0);

        assertThat(tracking.pushes()).containsExactly(INVALIDATION);
    }

    @Test
    void pushesAnInvalidationWithoutKeysAtFlushall() {
        tracking.commands().get(KEY);
        other.flushall();

        List<List<Object>> pushes = tracking.pushes();
        assertThat(pushes).hasSize(1);
        assertThat(pushes.get(0)).containsExactly("invalidate", null);
    }

    @Test
    void pushesAnInvalidationIfTheConnectionItselfChangesTheKey() {
        tracking.commands().get(KEY);
        tracking.commands().set(KEY, RedisScript.bytes("V2"));

        assertThat(tracking.pushes()).containsExactly(INVALIDATION);
    }

    @Test
    void pushesNothingToAConnectionThatHasNotReadTheKey() {
        tracking.commands().get("u:{2}");
        set("V2");

        assertThat(tracking.pushes()).isEmpty();
    }

    /** The commands are pipelined, so that several replies and pushes arrive together. */
    @Test
    void aPushArrivesBeforeTheRepliesToLaterCommands() throws ExecutionException, InterruptedException {
        List<String> arrivals = new CopyOnWriteArrayList<>();
        connection.addListener(message -> arrivals.add("push"));
        var commands = connection.async();
        var unusedRead = commands.get(KEY).thenAccept(value -> arrivals.add(text(value)));
        // Redis runs this command of the same connection between the two reads.
        var unusedChange = commands.set(KEY, RedisScript.bytes("V2")).thenAccept(done -> arrivals.add("changed"));
        commands.get(KEY)
                .thenAccept(value -> arrivals.add(text(value)))
                .toCompletableFuture()
                .get();

        assertThat(arrivals.indexOf("push")).isBetween(arrivals.indexOf("V1") + 1, arrivals.indexOf("V2") - 1);
    }

    @Test
    void aPushAboutAnotherConnectionsChangeArrivesBeforeTheNextReply() throws ExecutionException, InterruptedException {
        List<String> arrivals = new CopyOnWriteArrayList<>();
        connection.addListener(message -> arrivals.add("push"));
        tracking.commands().get(KEY);
        set("V2");
        connection
                .async()
                .get(KEY)
                .thenAccept(value -> arrivals.add(text(value)))
                .toCompletableFuture()
                .get();

        assertThat(arrivals).containsExactly("push", "V2");
    }

    private static void set(String value) {
        other.set(KEY, RedisScript.bytes(value));
    }

    private static String text(byte[] value) {
        return new String(value, StandardCharsets.UTF_8);
    }
}
