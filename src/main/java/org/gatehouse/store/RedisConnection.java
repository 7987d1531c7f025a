package org.gatehouse.store;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.Delay;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.gatehouse.config.Secret;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one connection to Redis, shared by all threads; it pipelines by itself.
 *
 * <p>Redis is never needed for an answer to be right, so its absence is not an exception: {@link #call} answers empty,
 * at once while the connection is down, and the connection is built up again in the background, for as long as it
 * takes. A change of state is one log line.
 */
public final class RedisConnection implements AutoCloseable {
    /** Longer than any healthy answer on a local network; shorter than asking MongoDB instead is annoying. */
    static final Duration COMMAND_LIMIT = Duration.ofMillis(200);

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(1);
    private static final Duration RECONNECT_DELAY = Duration.ofMillis(500);
    private static final Logger log = LoggerFactory.getLogger(RedisConnection.class);

    private final ClientResources resources;
    private final RedisClient client;
    private final RedisURI uri;
    private volatile @Nullable StatefulRedisConnection<String, byte[]> connection;
    private volatile boolean away;
    private volatile boolean closed;

    /** Starts connecting, without waiting for it. */
    public RedisConnection(Secret uri) {
        this.uri = RedisURI.create(uri.reveal());
        this.uri.setTimeout(CONNECT_LIMIT);
        this.uri.setClientName("gatehouse");
        // Lettuce's own delay grows to 30 s, which is how long a returned Redis would stay unused.
        this.resources = DefaultClientResources.builder()
                .reconnectDelay(Delay.constant(RECONNECT_DELAY))
                .build();
        this.client = RedisClient.create(resources);
        this.client.setOptions(ClientOptions.builder()
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .timeoutOptions(TimeoutOptions.enabled(COMMAND_LIMIT))
                .socketOptions(
                        SocketOptions.builder().connectTimeout(CONNECT_LIMIT).build())
                .build());
        connect();
    }

    /** What the commands answer; empty when they answer nothing, or when Redis could not be asked in time. */
    public <T> Optional<T> call(Function<RedisCommands<String, byte[]>, @Nullable T> commands) {
        StatefulRedisConnection<String, byte[]> current = connection;
        if (current == null) {
            return Optional.empty();
        }
        try {
            Optional<T> answer = Optional.ofNullable(commands.apply(current.sync()));
            if (away) {
                away = false;
                log.info("Redis answers again");
            }
            return answer;
        } catch (RedisException unreachable) {
            noteAbsence(unreachable);
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        closed = true;
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        resources.shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }

    /** The first connection; once it stands, Lettuce renews it by itself. */
    private void connect() {
        RedisCodec<String, byte[]> codec = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);
        var unused = client.connectAsync(codec, uri).whenComplete((connected, failure) -> {
            if (failure == null) {
                connection = connected;
                away = false;
                log.info("Connected to Redis");
            } else if (!closed) {
                noteAbsence(failure);
                connectLater();
            }
        });
    }

    private void connectLater() {
        var unused = resources
                .eventExecutorGroup()
                .schedule(this::connect, RECONNECT_DELAY.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void noteAbsence(Throwable reason) {
        if (!away) {
            away = true;
            log.warn("Redis cannot be reached; everything is read from MongoDB until it returns: {}", rootOf(reason));
        }
    }

    private static String rootOf(Throwable reason) {
        Throwable root = reason;
        for (Throwable next = root.getCause(); next != null; next = next.getCause()) {
            root = next;
        }
        return root.toString();
    }
}
