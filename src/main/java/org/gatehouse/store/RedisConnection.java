package org.gatehouse.store;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.channel.Channel;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.util.concurrent.FastThreadLocal;
import io.prometheus.metrics.core.metrics.Histogram;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.config.RedisUrl;
import org.gatehouse.metrics.Metrics;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The application's connection to Redis. All threads share one pipelined connection per server.
 *
 * <p>Responses are correct without Redis, so an outage does not cause exceptions. While Redis is down or does not
 * reply, commands return {@link RedisTopology.Reply.Unavailable} immediately. A background thread tries to reconnect
 * until it succeeds. Each change of state and each new reason causes one log line.
 *
 * <p>Lettuce's automatic reconnection is disabled, because a new connection may lead to another server or to an empty
 * server. A connection is used only after its server has been identified ({@link RedisTopology#runIds}).
 */
public final class RedisConnection implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration RECONNECT_DELAY = Duration.ofMillis(500);
    /**
     * A success ends a series of errors only if no error has occurred for this time. Errors that {@link RedisProbe}
     * does not detect concern single keys, and may recur while these keys exist.
     */
    private static final Duration ERROR_QUIET_PERIOD = Duration.ofMinutes(1);

    /** The buckets end at 1 s, because reads time out after 0.05 s, and all other commands after 1 s at most. */
    private static final double[] REPLY_SECONDS = {0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.2, 1};

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);
    private static final Logger log = LoggerFactory.getLogger(RedisConnection.class);

    private final ClientResources resources;
    private final RedisClient client;
    private final List<RedisURI> seeds;
    private final RedisDiscovery discovery;
    private final Histogram replies;
    private final Consumer<RedisNodeConnection.Failure> failures;
    private final @Nullable Invalidations invalidations;
    private final ScheduledExecutorService background;
    private volatile @Nullable RedisTopology topology;
    private final OutageLog outages = new OutageLog(log, "Redis is available again", Duration.ZERO, System::nanoTime);
    private final OutageLog errors =
            new OutageLog(log, "Redis accepts commands again", ERROR_QUIET_PERIOD, System::nanoTime);
    /** The reply of the last server that was found but cannot be used. */
    private volatile @Nullable StoreRefusedException unusable;

    private volatile @Nullable String errorCode;
    private volatile boolean probeFailed;
    private volatile @Nullable String loggedRefusal;
    private volatile boolean closed;

    /**
     * Starts to connect, without waiting.
     *
     * @param invalidations receives the changes of keys that were read; null if no changes are needed
     */
    public RedisConnection(RedisUrl url, @Nullable Invalidations invalidations, Metrics metrics) {
        this.invalidations = invalidations;
        this.replies = metrics.histogram(
                "gatehouse_redis_command_duration_seconds",
                "Time from sending a command to Redis until the caller has the reply.",
                REPLY_SECONDS);
        this.failures = Metrics.byConstant(
                RedisNodeConnection.Failure.class,
                metrics.counter(
                        "gatehouse_redis_command_failures_total",
                        "Commands to which Redis did not reply with a value.",
                        "reason")::labelValues);
        this.seeds = url.seeds().stream().map(RedisConnection::withTimeouts).toList();
        this.resources = DefaultClientResources.builder()
                .nettyCustomizer(new FlushConsolidation())
                .eventBus(new UnusedEventBus())
                .build();
        this.client = new AsyncRedisClient(resources);
        this.client.setOptions(ClientOptions.builder()
                .autoReconnect(false)
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .socketOptions(
                        SocketOptions.builder().connectTimeout(CONNECT_TIMEOUT).build())
                .build());
        this.discovery = new RedisDiscovery(client, CONNECT_TIMEOUT, this);
        this.background = Executors.newSingleThreadScheduledExecutor(Threads.factory("redis"));
        background.execute(this::connect);
        FastThreadLocal.removeAll(); // because this thread belongs to the container and outlives this application
    }

    /** Returns the current connections, or empty while Redis is unavailable. */
    public Optional<RedisTopology> topology() {
        return Optional.ofNullable(topology);
    }

    /**
     * Checks that Redis is reachable and executes the commands that Gatehouse needs.
     *
     * @throws StoreRefusedException if Redis replies with an error
     * @throws RedisConnectionException if Redis does not reply in time
     */
    public void requireAvailable(Duration timeout) {
        RedisTopology current = topology;
        if (current == null) {
            throw unavailable();
        }
        errorCode = null;
        if (current.works(timeout)) {
            if (probeFailed) {
                probeFailed = false;
                errors.ended();
            } else {
                errors.succeeded();
            }
            return;
        }
        String error = errorCode;
        if (error != null) {
            probeFailed = true;
            throw new StoreRefusedException("It refuses commands with " + error + ".", null);
        }
        throw unavailable();
    }

    private RuntimeException unavailable() {
        StoreRefusedException refused = unusable;
        return refused != null ? refused : new RedisConnectionException("no reply");
    }

    /**
     * Starts a new discovery because another server may have taken over.
     *
     * @param old the connections to close
     */
    public void reconnect(RedisTopology old) {
        disconnect(old, new RedisConnectionException("another Redis has taken over"));
    }

    @Override
    public void close() {
        closed = true;
        Threads.stop(background, STOP_TIMEOUT);
        client.shutdown(Duration.ZERO, STOP_TIMEOUT);
        resources
                .shutdown(0, STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                .awaitUninterruptibly(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        FastThreadLocal.removeAll();
    }

    private static RedisURI withTimeouts(RedisURI seed) {
        seed.setTimeout(CONNECT_TIMEOUT);
        seed.setClientName("gatehouse");
        seed.getSentinels().forEach(sentinel -> sentinel.setTimeout(CONNECT_TIMEOUT));
        return seed;
    }

    private void connect() {
        RuntimeException reason = new RedisConnectionException("no address");
        for (RedisURI seed : seeds) {
            try {
                use(discovery.connect(seed));
                return;
            } catch (RuntimeException failed) {
                reason = failed;
            }
        }
        unusable = RedisErrors.refusal(reason).orElse(null);
        reportOutage(reason);
        schedule(this::connect, RECONNECT_DELAY);
    }

    private void use(RedisTopology connected) {
        if (invalidations != null) {
            connected.startTracking(invalidations);
        }
        topology = connected;
        unusable = null;
        reportRecovery();
        if (!connected.isOpen()) { // the connection broke before replace() could find the topology
            disconnect(connected, new RedisConnectionException("the connection broke"));
        }
    }

    private synchronized void disconnect(RedisTopology old, Throwable reason) {
        if (topology == old) {
            topology = null;
            old.close();
            reportOutage(reason);
            schedule(this::connect, RECONNECT_DELAY);
        }
    }

    /** Runs the task later, unless this connection is closed first. */
    void schedule(Runnable task, Duration delay) {
        Threads.schedule(background, task, delay);
    }

    void reportRecovery() {
        outages.ended();
    }

    void reportOutage(Throwable reason) {
        if (!closed) {
            String shown = RedisErrors.describe(reason);
            String line = RedisErrors.refusal(reason).isPresent()
                    ? "Redis cannot be used; everything is read from MongoDB until Redis works again: "
                    : "Redis cannot be reached; everything is read from MongoDB until it returns: ";
            outages.failed(Level.WARN, shown.replaceAll("\\d+", "0"), line + shown);
        }
    }

    /**
     * Logs that a server does not report changes, unless this has just been logged.
     *
     * @param refusal the reason; null if the server reports changes
     */
    void noteTracking(@Nullable String refusal) {
        if (refusal != null && !refusal.equals(loggedRefusal)) {
            log.warn("Redis does not offer CLIENT TRACKING, so the near cache is not used: {}", refusal);
        }
        loggedRefusal = refusal;
    }

    /** Records the duration until a reply arrived. */
    void countReply(long nanos) {
        replies.observe(Metrics.seconds(nanos));
    }

    /** Counts a command that failed. */
    void countFailure(RedisNodeConnection.Failure failure) {
        failures.accept(failure);
    }

    /** Reports an error with which a server replied to a command. */
    void reportError(Throwable reason) {
        String code = RedisErrors.code(reason);
        errorCode = code;
        errors.failed(
                Level.WARN,
                code,
                "Redis rejects commands; the cache is slower or does not work: " + RedisErrors.describe(reason));
    }

    /** Replaces all connections, because the given connection cannot be used again. */
    void replace(RedisNodeConnection broken, Throwable reason) {
        topology().filter(current -> current.contains(broken)).ifPresent(current -> {
            unusable = RedisErrors.refusal(reason).orElse(null);
            disconnect(current, reason);
        });
    }

    /** Combines commands of several threads into one system call. This permits 1.5 times as many commands. */
    private static final class FlushConsolidation implements NettyCustomizer {
        private static final int MAX_FLUSHES = 64;

        @Override
        public void afterChannelInitialized(Channel channel) {
            channel.pipeline().addFirst(new FlushConsolidationHandler(MAX_FLUSHES, true));
        }
    }
}
