package org.gatehouse.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.gatehouse.cache.MongoGenerationDao.State;
import org.gatehouse.concurrent.LeasedValue;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.RedisConnection;
import org.gatehouse.store.RedisTopology;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ensures that stale entries are not used if Redis loses entries, returns old entries, or misses an invalidation. Each
 * entry belongs to a generation, and only entries of the current generation are trusted.
 *
 * <p>The generation is a number in MongoDB. After a node has read the number, the node trusts it until the
 * {@link LeasedValue lease} expires. A writer that cannot reach Redis increments the generation and waits until every
 * older lease has expired. Then no node trusts the entry that the writer could not remove. The generation also names
 * the current Redis by its run id. A node that connects to a Redis with another run id increments the generation too.
 */
public final class Generation implements AutoCloseable {
    /** After this time, writes that were announced only to the previous Redis have ended. */
    static final Duration FILL_QUARANTINE = CacheWriter.WRITE_MARK_LIFE;

    /** After this time, all leases on an older generation have expired. */
    private static final Duration SETTLING = LeasedValue.EXPIRY;

    /** This time is enough for two writes to MongoDB and the wait until older leases have expired. */
    private static final Duration INCREMENT_TIMEOUT =
            MongoConnection.WRITE_TIMEOUT.multipliedBy(2).plus(LeasedValue.LEASE);

    /** A longer interruption of the cache is logged. An increment interrupts the use of the cache for less time. */
    private static final Duration LOG_AFTER = Duration.ofSeconds(10);

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);
    private static final Logger log = LoggerFactory.getLogger(Generation.class);

    private final MongoGenerationDao dao;
    private final RedisConnection redis;
    private final NearCache near;
    private final SecureRandom random;
    private final ScheduledExecutorService background;
    private final LeasedValue<Seen> seen;
    private @Nullable RedisTopology compared; // used only by refresh(), which never runs concurrently
    private boolean loggedUsable; // used only by refresh()
    private long lastUsable; // used only by refresh()
    private @Nullable CompletableFuture<@Nullable Void> nextIncrement; // guarded by this

    /**
     * Creates an instance without a generation; {@link #start} begins to read the generation.
     *
     * @param near receives the changes that this Redis reports
     * @param outlastingFailures true if entries stay trusted while MongoDB is unavailable. Readers then miss writes
     *     of nodes that cannot reach Redis
     */
    public Generation(
            MongoConnection mongo,
            RedisConnection redis,
            NearCache near,
            boolean outlastingFailures,
            SecureRandom random,
            Metrics metrics) {
        this.dao = new MongoGenerationDao(mongo);
        this.redis = redis;
        this.near = near;
        this.seen = new LeasedValue<>(this::read, LeasedValue.LEASE, outlastingFailures, Ticker.systemTicker());
        this.random = random;
        this.background = Executors.newScheduledThreadPool(2, Threads.factory("cache"));
        metrics.bindGauge(
                "gatehouse_cache_usable",
                "Whether entries of the cache are trusted: 1 or 0.",
                () -> isUsable() ? 1 : 0);
        metrics.bindGauges(
                "gatehouse_cache_generation",
                "The current generation of cache entries; each increment makes all older entries invalid.",
                sample -> number().ifPresent(sample::call));
    }

    /** @param firstSeen when this node first read this generation, as {@link System#nanoTime} */
    private record Seen(State state, long firstSeen) {
        /** Returns false while other nodes may still use the previous generation. */
        boolean isSettled(long now) {
            return now - firstSeen >= SETTLING.toNanos();
        }
    }

    /** Permission to use the cache: a generation, and the connections to the Redis that the generation names. */
    record Permit(long generation, RedisTopology topology, boolean mayAcknowledge, boolean mayFill) {}

    public void start() {
        var unused = background.scheduleWithFixedDelay(
                this::refresh, 0, LeasedValue.POLL_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Returns the generation that this node read last; empty before the first read. */
    public OptionalLong number() {
        return seen.last().stream().mapToLong(known -> known.state.generation()).findFirst();
    }

    /** Returns whether entries are currently trusted. */
    public boolean isUsable() {
        return permit().isPresent();
    }

    /** Returns permission to use the cache; empty if entries are currently not trusted. */
    Optional<Permit> permit() {
        long now = System.nanoTime();
        Seen valid = seen.valid().orElse(null);
        return valid != null ? permit(valid, true, now) : seen.trusted().flatMap(known -> permit(known, false, now));
    }

    private Optional<Permit> permit(Seen known, boolean isValid, long now) {
        if (!known.isSettled(now)) {
            return Optional.empty();
        }
        boolean mayFill = isValid && now - known.firstSeen >= FILL_QUARANTINE.toNanos();
        return redis.topology()
                .filter(topology -> topology.runIds().equals(known.state.redisRunIds()))
                .map(topology -> new Permit(known.state.generation(), topology, isValid, mayFill));
    }

    NearCache near() {
        return near;
    }

    /** Returns the Redis in which to announce a write, even if its entries are currently not trusted. */
    Optional<RedisTopology> topology() {
        return redis.topology();
    }

    /**
     * Waits until a write that was announced in this Redis may be acknowledged. Normally this method returns
     * immediately. In a new generation, it waits for the duration of a lease at most.
     *
     * @return false if the generation names another Redis or does not settle
     */
    boolean awaitSettled(RedisTopology announced) {
        long now = System.nanoTime();
        seen.valid()
                .filter(known -> !known.isSettled(now))
                .ifPresent(known -> Threads.sleep(SETTLING.minusNanos(now - known.firstSeen)));
        return isTrusted(announced);
    }

    /** Returns whether this node has a lease on a settled generation that names this Redis. */
    boolean isTrusted(RedisTopology topology) {
        return permit().filter(permit -> permit.mayAcknowledge() && permit.topology() == topology)
                .isPresent();
    }

    /**
     * Invalidates all current entries and returns when no node trusts them any more. Concurrent callers share one
     * increment.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    void incrementAndAwait() {
        try {
            Threads.get(nextIncrement(), INCREMENT_TIMEOUT);
        } catch (ExecutionException | TimeoutException failed) {
            throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, Duration.ofSeconds(1), failed);
        }
    }

    /** Schedules an increment without waiting. The caller must not acknowledge its write, because nodes may miss it. */
    void scheduleIncrement() {
        var unused = nextIncrement();
    }

    private synchronized CompletableFuture<@Nullable Void> nextIncrement() {
        CompletableFuture<@Nullable Void> increment = nextIncrement;
        if (increment == null) {
            increment = new CompletableFuture<>();
            nextIncrement = increment;
            execute(this::increment, Duration.ZERO);
        }
        return increment;
    }

    /** Executes a task after the delay, unless this node stops first. */
    void execute(Runnable task, Duration delay) {
        Threads.schedule(background, task, delay);
    }

    @Override
    public void close() {
        Threads.stop(background, STOP_TIMEOUT);
    }

    private void refresh() {
        try {
            State state = seen.refresh().state;
            redis.topology().ifPresent(topology -> compare(topology, state));
        } catch (RuntimeException failed) {
            log.debug("The cache generation could not be read", failed);
        }
        logUse(isUsable(), System.nanoTime());
    }

    /** Returns empty if the server returns an older generation than before; the lease then expires. */
    private Optional<Seen> read() {
        State state = dao.find().orElseGet(this::first);
        Seen before = seen.last().orElse(null);
        if (before != null && before.state.generation() > state.generation()) {
            return Optional.empty();
        }
        return Optional.of(before != null && before.state.equals(state) ? before : new Seen(state, System.nanoTime()));
    }

    /** Does not log short interruptions, because each new generation stops the use of the cache for two seconds. */
    private void logUse(boolean isUsable, long now) {
        if (isUsable) {
            lastUsable = now;
        }
        if (isUsable != loggedUsable && (isUsable || now - lastUsable > LOG_AFTER.toNanos())) {
            loggedUsable = isUsable;
            log.info(isUsable ? "The cache is used" : "The cache is currently not used");
        }
    }

    /** Creates a random first generation, because entries of an earlier database may still be in Redis. */
    private State first() {
        long number = number().orElse(0) + (random.nextLong() >>> 16) + 1;
        dao.create(new State(number, redis.topology().map(RedisTopology::runIds).orElse(List.of())));
        return dao.find().orElseThrow(); // another node may have created the document
    }

    /**
     * Compares the run of the connected Redis with the run that the generation names. If they differ after a new
     * connection, Redis has restarted or failed over, so this node claims the new run. If they differ later, another
     * node has claimed another run, so this node reconnects.
     */
    private void compare(RedisTopology topology, State state) {
        boolean isNew = topology != compared;
        compared = topology;
        if (topology.runIds().equals(state.redisRunIds())) {
            return;
        }
        if (isNew) {
            if (!state.redisRunIds().isEmpty()) {
                log.info("Redis has restarted, failed over or been replaced; its older entries are not trusted");
            }
            dao.claim(state, topology.runIds());
        } else {
            redis.reconnect(topology);
        }
    }

    private void increment() {
        CompletableFuture<@Nullable Void> waiting;
        synchronized (this) {
            waiting = nextIncrement;
            nextIncrement = null; // later callers need another increment, because they may write after this increment
        }
        if (waiting == null) {
            return;
        }
        try {
            dao.increment();
            execute(() -> waiting.complete(null), SETTLING);
        } catch (RuntimeException failed) {
            waiting.completeExceptionally(failed);
            // Try again, because some nodes may not see the write until an increment succeeds.
            execute(this::scheduleIncrement, LeasedValue.POLL_INTERVAL);
        }
    }
}
