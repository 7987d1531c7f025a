package org.gatehouse.store;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisConnectionStateListener;
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
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gatehouse.config.Secret;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one connection to Redis, shared by all threads; it pipelines by itself.
 *
 * <p>Redis is never needed for an answer to be right, so its absence is not an exception: a call answers empty, at once
 * while the connection is down or the server is silent, and the connection is built up again in the background, for as
 * long as it takes. A change of state is one log line.
 *
 * <p>Lettuce's own reconnecting is off: a new connection may lead to another server, or to one that forgot everything,
 * so it is used only once it is known whom it leads to ({@link Link#runId}).
 */
public final class RedisConnection implements AutoCloseable {
    /** Longer than any healthy answer on a local network; shorter than asking MongoDB instead is annoying. */
    static final Duration COMMAND_LIMIT = Duration.ofMillis(200);

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(1);
    private static final Duration RECONNECT_DELAY = Duration.ofMillis(500);
    private static final Duration PROBE_DELAY = Duration.ofMillis(100);
    /** After that a new connection may find what this one does not: another server, behind a link that is half open. */
    private static final Duration SILENCE_LIMIT = Duration.ofSeconds(3);

    private static final Pattern RUN_ID = Pattern.compile("(?m)^run_id:(\\w+)");
    private static final Logger log = LoggerFactory.getLogger(RedisConnection.class);

    private final ClientResources resources;
    private final RedisClient client;
    private final RedisURI uri;
    private volatile @Nullable Link link;
    private volatile boolean away;
    private volatile boolean closed;

    /** Starts connecting, without waiting for it. */
    public RedisConnection(Secret uri) {
        this.uri = RedisURI.create(uri.reveal());
        this.uri.setTimeout(CONNECT_LIMIT);
        this.uri.setClientName("gatehouse");
        this.resources = DefaultClientResources.create();
        this.client = RedisClient.create(resources);
        this.client.setOptions(ClientOptions.builder()
                .autoReconnect(false)
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .timeoutOptions(TimeoutOptions.enabled(COMMAND_LIMIT))
                .socketOptions(
                        SocketOptions.builder().connectTimeout(CONNECT_LIMIT).build())
                .build());
        connect();
    }

    /** The way to one run of one server, until it breaks. */
    public final class Link {
        private final StatefulRedisConnection<String, byte[]> connection;
        private final String runId;
        private volatile boolean silent;
        private volatile long silentSince;

        private Link(StatefulRedisConnection<String, byte[]> connection, String runId) {
            this.connection = connection;
            this.runId = runId;
        }

        /** The server's name for itself, another one after each of its starts. */
        public String runId() {
            return runId;
        }

        /** What the commands answer; empty when they answer nothing, or when Redis could not be asked in time. */
        public <T> Optional<T> call(Function<RedisCommands<String, byte[]>, @Nullable T> commands) {
            if (silent) {
                return Optional.empty();
            }
            try {
                return Optional.ofNullable(commands.apply(connection.sync()));
            } catch (RedisCommandTimeoutException late) {
                noteAbsence(late);
                noteSilence();
                return Optional.empty();
            } catch (RedisException unreachable) {
                noteAbsence(unreachable);
                return Optional.empty();
            }
        }

        private void giveUp() {
            var unused = connection.closeAsync();
            lost(this);
        }

        private synchronized void noteSilence() {
            if (!silent) {
                silentSince = System.nanoTime();
                silent = true; // so that the next callers need not find out for themselves
                probeLater();
            }
        }

        private void probeLater() {
            schedule(
                    () -> {
                        var unused = connection.async().ping().whenComplete((pong, failure) -> {
                            if (failure == null) {
                                silent = false;
                                notePresence();
                            } else if (System.nanoTime() - silentSince > SILENCE_LIMIT.toNanos()) {
                                giveUp();
                            } else if (connection.isOpen()) {
                                probeLater();
                            }
                        });
                    },
                    PROBE_DELAY);
        }
    }

    /** The present way to Redis; empty while there is none. */
    public Optional<Link> link() {
        return Optional.ofNullable(link);
    }

    /** What the commands answer; empty when they answer nothing, or when Redis could not be asked in time. */
    public <T> Optional<T> call(Function<RedisCommands<String, byte[]>, @Nullable T> commands) {
        return link().flatMap(current -> current.call(commands));
    }

    @Override
    public void close() {
        closed = true;
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        resources.shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }

    private void connect() {
        RedisCodec<String, byte[]> codec = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);
        var unused = client.connectAsync(codec, uri)
                .thenCompose(connected -> connected.async().info("server").thenApply(info -> linked(connected, info)))
                .whenComplete((linked, failure) -> {
                    if (failure != null && !closed) {
                        noteAbsence(failure);
                        schedule(this::connect, RECONNECT_DELAY);
                    }
                });
    }

    private Link linked(StatefulRedisConnection<String, byte[]> connected, String info) {
        Matcher runId = RUN_ID.matcher(info);
        if (!runId.find()) {
            var unused = connected.closeAsync();
            throw new RedisConnectionException("the server does not tell its run_id");
        }
        Link made = new Link(connected, runId.group(1));
        connected.addListener(new RedisConnectionStateListener() {
            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> gone) {
                lost(made);
            }
        });
        link = made;
        notePresence();
        if (!connected.isOpen()) {
            lost(made); // between the answer and the listener
        }
        return made;
    }

    private synchronized void lost(Link gone) {
        if (link == gone) {
            link = null;
            if (!closed) {
                noteAbsence(new RedisConnectionException("the connection broke"));
                schedule(this::connect, RECONNECT_DELAY);
            }
        }
    }

    private void schedule(Runnable work, Duration delay) {
        if (!closed) {
            var unused = resources.eventExecutorGroup().schedule(work, delay.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private synchronized void notePresence() {
        if (away) {
            away = false;
            log.info("Redis answers again");
        }
    }

    private synchronized void noteAbsence(Throwable reason) {
        if (!away && !closed) {
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
