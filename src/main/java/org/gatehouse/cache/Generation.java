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
import java.util.concurrent.RejectedExecutionException;
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
 * Makes it safe that Redis loses entries, returns old ones, or cannot be reached for an invalidation: each entry belongs
 * to a generation, and only entries of the present generation are trusted.
 *
 * <p>The generation is a number in MongoDB, on which each node holds a {@link LeasedValue lease}. A writer that cannot
 * reach Redis increments the generation and waits until every older lease has expired. Then no node trusts the entry that
 * the writer could not remove. A node that connects to another run of Redis than the generation names increments it too.
 */
public final class Generation implements AutoCloseable {
    /** After this time no write is in progress that was announced only to the previous Redis: see {@link DocumentCache}. */
    static final Duration FILL_QUARANTINE = DocumentCache.WRITE_MARK_LIFE;

    /** After this time all leases on an older generation have expired. */
    private static final Duration SETTLING = LeasedValue.EXPIRY;

    /** Two writes to MongoDB, and the wait for the leases. */
    private static final Duration INCREMENT_TIMEOUT =
            MongoConnection.WRITE_TIMEOUT.multipliedBy(2).plus(LeasedValue.LEASE);

    /** Several times as long as the cache is out of use after each increment. */
    private static final Duration LOG_AFTER = Duration.ofSeconds(10);

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);
    private static final Logger log = LoggerFactory.getLogger(Generation.class);

    private final MongoGenerationDao dao;
    private final RedisConnection redis;
    private final SecureRandom random;
    private final ScheduledExecutorService background;
    private final LeasedValue<Seen> seen;
    private @Nullable RedisTopology compared; // by the one thread at a time that refreshes
    private boolean shownUsable; // likewise
    private long lastUsable; // likewise
    private @Nullable CompletableFuture<@Nullable Void> nextIncrement; // guarded by this

    /**
     * Knows no generation until it is {@link #start started}.
     *
     * @param outlivingStore whether entries are believed for as long as the store does not answer, at the price of
     *     changes that another node makes meanwhile and cannot tell Redis of
     */
    public Generation(
            MongoConnection mongo,
            RedisConnection redis,
            boolean outlivingStore,
            SecureRandom random,
            Metrics metrics) {
        this.dao = new MongoGenerationDao(mongo);
        this.redis = redis;
        this.seen = new LeasedValue<>(this::read, LeasedValue.LEASE, outlivingStore, Ticker.systemTicker());
        this.random = random;
        this.background = Executors.newScheduledThreadPool(2, Threads.factory("cache"));
        metrics.bindGauge(
                "gatehouse_cache_usable",
                "Whether what is in the cache is believed: 1 or 0.",
                () -> isUsable() ? 1 : 0);
        metrics.bindGauges(
                "gatehouse_cache_generation",
                "The generation of cache entries that counts; raised by one when all older ones must be forgotten.",
                sample -> number().ifPresent(sample::call));
    }

    /** @param firstSeen when this node first read this generation, as {@link System#nanoTime} */
    private record Seen(State state, long firstSeen) {
        /** Until then other nodes may still act on the generation before. */
        boolean isSettled(long now) {
            return now - firstSeen >= SETTLING.toNanos();
        }
    }

    /** The right to use the cache: a generation, and the very Redis that it names. */
    record Permit(long generation, RedisTopology link, boolean mayAcknowledge, boolean mayFill) {}

    public void start() {
        var unused = background.scheduleWithFixedDelay(
                this::refresh, 0, LeasedValue.POLL_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The number of the generation as this node saw it last; empty before it saw one. */
    public OptionalLong number() {
        return seen.last().stream().mapToLong(known -> known.state.generation()).findFirst();
    }

    /** Whether anything in the cache may be believed just now. */
    public boolean isUsable() {
        return permit().isPresent();
    }

    /** Empty when nothing in the cache may be believed just now. */
    Optional<Permit> permit() {
        Optional<Seen> valid = seen.valid();
        return valid.or(seen::trusted).flatMap(known -> permit(known, valid.isPresent(), System.nanoTime()));
    }

    private Optional<Permit> permit(Seen known, boolean isValid, long now) {
        if (!known.isSettled(now)) {
            return Optional.empty();
        }
        boolean mayFill = isValid && now - known.firstSeen >= FILL_QUARANTINE.toNanos();
        return redis.topology()
                .filter(link -> link.runIds().equals(known.state.redisRunIds()))
                .map(link -> new Permit(known.state.generation(), link, isValid, mayFill));
    }

    /** The Redis to announce a write to: also when nothing in it may be believed at the moment. */
    Optional<RedisTopology> link() {
        return redis.topology();
    }

    /**
     * Waits until a write that was told to this Redis may be acknowledged: at once in ordinary times, after at most the
     * life of a lease when the generation is new.
     *
     * @return false when the generation names another Redis, or does not settle
     */
    boolean awaitSettled(RedisTopology told) {
        long now = System.nanoTime();
        seen.valid()
                .filter(known -> !known.isSettled(now))
                .ifPresent(known -> Threads.sleep(SETTLING.minusNanos(now - known.firstSeen)));
        return isTrusted(told);
    }

    /** Whether all nodes know that this is the Redis whose entries count, as of now. */
    boolean isTrusted(RedisTopology link) {
        return permit().filter(permit -> permit.mayAcknowledge() && permit.link() == link)
                .isPresent();
    }

    /**
     * Makes all present entries stale, and returns when no node trusts them any more. Callers that wait at the same time
     * share one increment.
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

    /** The same without waiting, where nothing is acknowledged. */
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

    /** Does something later, if this node still runs then. */
    void execute(Runnable work, Duration delay) {
        try {
            var unused = background.schedule(work, delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException stopping) {
            log.debug("Stopped before a delayed task");
        }
    }

    @Override
    public void close() {
        Threads.stop(background, STOP_TIMEOUT);
    }

    private void refresh() {
        try {
            State state = seen.refresh().state;
            redis.topology().ifPresent(link -> compare(link, state));
        } catch (RuntimeException failed) {
            log.debug("The cache generation could not be read", failed);
        }
        noteUse(isUsable(), System.nanoTime());
    }

    /** Empty if a server answered that has missed an increment. Then the lease expires. */
    private Optional<Seen> read() {
        State state = dao.find().orElseGet(this::first);
        Optional<Seen> before = seen.last();
        if (before.filter(known -> known.state.generation() > state.generation())
                .isPresent()) {
            return Optional.empty();
        }
        boolean isKnown = before.filter(known -> known.state.equals(state)).isPresent();
        return isKnown ? before : Optional.of(new Seen(state, System.nanoTime()));
    }

    /** A new generation stops the use for some two seconds, as after each write while Redis refuses writes. */
    private void noteUse(boolean isUsable, long now) {
        if (isUsable) {
            lastUsable = now;
        }
        if (isUsable != shownUsable && (isUsable || now - lastUsable > LOG_AFTER.toNanos())) {
            shownUsable = isUsable;
            log.info(isUsable ? "The cache is used" : "The cache is not used for the time being");
        }
    }

    /** A generation that no earlier life of this database can have used, for its entries may still be in Redis. */
    private State first() {
        long number = number().orElse(0) + (random.nextLong() >>> 16) + 1;
        dao.create(new State(number, redis.topology().map(RedisTopology::runIds).orElse(List.of())));
        return dao.find().orElseThrow(); // another node may have been quicker
    }

    /**
     * A link that has just been made and leads elsewhere than the generation says has met another run of Redis. One that
     * led there before has been overtaken: somebody else has met another one, and so will this node if it looks again.
     */
    private void compare(RedisTopology link, State state) {
        boolean isNew = link != compared;
        compared = link;
        if (link.runIds().equals(state.redisRunIds())) {
            return;
        }
        if (isNew) {
            if (!state.redisRunIds().isEmpty()) {
                log.info("This is another run of Redis; what it holds is not believed");
            }
            dao.claim(state, link.runIds());
        } else {
            redis.reconnect(link);
        }
    }

    private void increment() {
        CompletableFuture<@Nullable Void> waiting;
        synchronized (this) {
            waiting = nextIncrement;
            nextIncrement = null; // later callers may have written after this increment, so they need the next one
        }
        if (waiting == null) {
            return;
        }
        try {
            dao.increment();
            execute(() -> waiting.complete(null), SETTLING);
        } catch (RuntimeException failed) {
            waiting.completeExceptionally(failed);
            // What was written may be seen by some and not by others until it succeeds.
            execute(this::scheduleIncrement, LeasedValue.POLL_INTERVAL);
        }
    }
}
