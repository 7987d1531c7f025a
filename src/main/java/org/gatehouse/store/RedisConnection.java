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
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.gatehouse.config.RedisUrl;
import org.gatehouse.metrics.Metrics;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The one way to Redis, shared by all threads: a connection to each server that is needed, which pipelines by itself.
 *
 * <p>Redis is never needed for an answer to be right, so its absence is not an exception: a question is answered by
 * nothing, at once while the connection is down or the server is silent, and the connection is built up again in the
 * background, for as long as it takes. A change of state is one log line, and so is a new reason.
 *
 * <p>Lettuce's own reconnecting is off: a new connection may lead to another server, or to one that forgot everything,
 * so it is used only once it is known whom it leads to ({@link RedisLink#runIds}).
 */
public final class RedisConnection implements AutoCloseable {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(1);
    private static final Duration RECONNECT_DELAY = Duration.ofMillis(500);
    /** Errors that the probe does not meet come from single keys; they may go on for as long as those exist. */
    private static final Duration REFUSAL_QUIET = Duration.ofMinutes(1);

    /** Reads give up after 0.05 s, everything else after at most 1 s. */
    private static final double[] ANSWER_SECONDS = {0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.2, 1};

    private static final Duration STOP_LIMIT = Duration.ofSeconds(2);
    private static final Logger log = LoggerFactory.getLogger(RedisConnection.class);

    private final ClientResources resources;
    private final RedisClient client;
    private final List<RedisURI> seeds;
    private final RedisLookup lookup;
    private final Histogram answers;
    private final Consumer<RedisServer.Failure> failures;
    private final ScheduledExecutorService background;
    private volatile @Nullable RedisLink link;
    private final OutageLog absence = new OutageLog(log, "Redis answers again", Duration.ZERO);
    private final OutageLog refusals = new OutageLog(log, "Redis does again what it is asked", REFUSAL_QUIET);
    /** What the last server that was found answered instead of letting itself be used. */
    private volatile Optional<StoreRefusedException> unusable = Optional.empty();

    private volatile Optional<String> refusedWith = Optional.empty();
    private volatile boolean probeFailed;
    private volatile boolean closed;

    /** Starts connecting, without waiting for it. */
    public RedisConnection(RedisUrl url, Metrics metrics) {
        this.answers = metrics.histogram(
                "gatehouse_redis_command_duration_seconds",
                "From the sending of a command to Redis until whoever needs the answer has it.",
                ANSWER_SECONDS);
        this.failures = Metrics.byConstant(
                RedisServer.Failure.class,
                metrics.counter(
                                "gatehouse_redis_command_failures_total",
                                "Commands that Redis did not answer.",
                                "reason")::labelValues);
        this.seeds = url.seeds().stream().map(RedisConnection::bounded).toList();
        this.resources = DefaultClientResources.builder()
                .nettyCustomizer(new FlushesTogether())
                .build();
        this.client = new AsyncRedisClient(resources);
        this.client.setOptions(ClientOptions.builder()
                .autoReconnect(false)
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .socketOptions(
                        SocketOptions.builder().connectTimeout(CONNECT_LIMIT).build())
                .build());
        this.lookup = new RedisLookup(
                client, CONNECT_LIMIT, met -> new RedisServer(met.connection(), met.runId(), new ServerWatcher()));
        this.background = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "gatehouse-redis");
            thread.setDaemon(true);
            return thread;
        });
        background.execute(this::connect);
        forgetThread();
    }

    /** Leaves nothing of ours with a thread that is the container's, and outlives us. */
    private static void forgetThread() {
        FastThreadLocal.removeAll();
    }

    /** The present way to Redis; empty while there is none. */
    public Optional<RedisLink> link() {
        return Optional.ofNullable(link);
    }

    /**
     * Asks Redis whether it is there, and whether it does what Gatehouse needs.
     *
     * @throws StoreRefusedException when it answers, but with an error
     * @throws RedisConnectionException when it does not answer in time
     */
    public void requireAnswer(Duration limit) {
        RedisLink present = link;
        if (present == null) {
            throw noAnswer();
        }
        refusedWith = Optional.empty();
        if (present.works(limit)) {
            if (probeFailed) {
                probeFailed = false;
                refusals.ended();
            } else {
                refusals.succeeded();
            }
            return;
        }
        Optional<String> error = refusedWith;
        if (error.isPresent()) {
            probeFailed = true;
            throw new StoreRefusedException("It refuses commands with " + error.get() + ".", null);
        }
        throw noAnswer();
    }

    private RuntimeException noAnswer() {
        Optional<StoreRefusedException> refused = unusable;
        return refused.isPresent() ? refused.get() : new RedisConnectionException("no answer");
    }

    /**
     * Looks anew for the servers to use: there is reason to think that others have taken over.
     *
     * @param old is not used again
     */
    public void leave(RedisLink old) {
        lost(old, new RedisConnectionException("another Redis has taken over"));
    }

    @Override
    public void close() {
        closed = true;
        background.shutdownNow();
        try {
            background.awaitTermination(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        client.shutdown(Duration.ZERO, STOP_LIMIT);
        resources
                .shutdown(0, STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)
                .awaitUninterruptibly(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS);
        forgetThread();
    }

    private static RedisURI bounded(RedisURI seed) {
        seed.setTimeout(CONNECT_LIMIT);
        seed.setClientName("gatehouse");
        seed.getSentinels().forEach(sentinel -> sentinel.setTimeout(CONNECT_LIMIT));
        return seed;
    }

    private void connect() {
        RuntimeException reason = new RedisConnectionException("no address");
        for (RedisURI seed : seeds) {
            try {
                use(lookup.connect(seed));
                return;
            } catch (RuntimeException failed) {
                reason = failed;
            }
        }
        unusable = RedisErrors.refusal(reason);
        noteAbsence(reason);
        schedule(this::connect, RECONNECT_DELAY);
    }

    private void use(RedisLink made) {
        link = made;
        unusable = Optional.empty();
        notePresence();
        if (!made.isOpen()) {
            lost(made, new RedisConnectionException("the connection broke")); // before anybody was told of it
        }
    }

    private synchronized void lost(RedisLink gone, Throwable reason) {
        if (link == gone) {
            link = null;
            gone.close();
            noteAbsence(reason);
            schedule(this::connect, RECONNECT_DELAY);
        }
    }

    private void schedule(Runnable work, Duration delay) {
        try {
            var unused = background.schedule(work, delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException stopping) {
            log.debug("Stopped before a delayed task");
        }
    }

    private void notePresence() {
        absence.ended();
    }

    private void noteAbsence(Throwable reason) {
        if (!closed) {
            String shown = RedisErrors.describe(reason);
            String line = RedisErrors.refusal(reason).isPresent()
                    ? "Redis cannot be used; everything is read from MongoDB until it can: "
                    : "Redis cannot be reached; everything is read from MongoDB until it returns: ";
            absence.failed(Level.WARN, shown.replaceAll("\\d+", "0"), line + shown);
        }
    }

    private final class ServerWatcher implements RedisServer.Watcher {
        @Override
        public void schedule(Runnable work, Duration delay) {
            RedisConnection.this.schedule(work, delay);
        }

        @Override
        public void isSilent(Throwable reason) {
            noteAbsence(reason);
        }

        @Override
        public void speaks() {
            notePresence();
        }

        @Override
        public void answered(long nanos) {
            answers.observe(Metrics.seconds(nanos));
        }

        @Override
        public void failed(RedisServer.Failure failure) {
            failures.accept(failure);
        }

        @Override
        public void refused(Throwable reason) {
            String code = RedisErrors.code(reason);
            refusedWith = Optional.of(code);
            refusals.failed(
                    Level.WARN,
                    code,
                    "Redis refuses what it is asked; the cache works slower, or not at all: "
                            + RedisErrors.describe(reason));
        }

        @Override
        public void broke(RedisServer server, Throwable reason) {
            link().filter(current -> current.contains(server)).ifPresent(current -> {
                unusable = RedisErrors.refusal(reason);
                lost(current, reason);
            });
        }
    }

    /** Sends what several threads have written at about the same time in one system call: half as many again per second. */
    private static final class FlushesTogether implements NettyCustomizer {
        private static final int AT_MOST = 64;

        @Override
        public void afterChannelInitialized(Channel channel) {
            channel.pipeline().addFirst(new FlushConsolidationHandler(AT_MOST, true));
        }
    }
}
