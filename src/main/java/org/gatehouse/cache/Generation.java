package org.gatehouse.cache;

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
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.cache.MongoGenerationDao.State;
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
 * What makes it safe that Redis forgets, returns, or cannot be told of a change: entries belong to a generation, and
 * only those of the present one are believed.
 *
 * <p>The generation is a number in MongoDB. Each node re-reads it every {@link #POLL} and holds a lease on what it saw
 * for {@link #LEASE}, from the moment it <em>sent</em> the read. Whoever could not tell Redis of a write raises the
 * generation and waits until every older lease has run out; then nobody believes the entry that it could not remove. A
 * node that meets another run of Redis than the generation names raises it too.
 */
public final class Generation implements AutoCloseable {
    static final Duration POLL = Duration.ofMillis(500);
    static final Duration LEASE = Duration.ofSeconds(2);

    /** From here on nobody can be writing who announced it to the Redis before: see {@link DocumentCache}. */
    static final Duration FILL_QUARANTINE = DocumentCache.WRITE_MARK_LIFE;

    /** Nodes measure the same two seconds a little differently. */
    private static final Duration MARGIN = Duration.ofMillis(100);

    /** After that all leases on an older generation have run out. */
    private static final Duration SETTLING = LEASE.plus(MARGIN);

    /** Several times as long as the cache is out of use after each raise. */
    private static final Duration WORTH_TELLING = Duration.ofSeconds(10);

    private static final Duration STOP_LIMIT = Duration.ofSeconds(2);
    private static final Logger log = LoggerFactory.getLogger(Generation.class);

    private final MongoGenerationDao dao;
    private final RedisConnection redis;
    private final boolean outlivingStore;
    private final SecureRandom random;
    private final ScheduledExecutorService background;
    private volatile @Nullable Lease lease;
    private volatile boolean storeAway;
    private @Nullable RedisTopology compared; // by the one thread at a time that refreshes
    private boolean shownUsable; // likewise
    private long lastUsable; // likewise
    private @Nullable CompletableFuture<@Nullable Void> nextRaise; // guarded by this

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
        this.outlivingStore = outlivingStore;
        this.random = random;
        AtomicInteger number = new AtomicInteger();
        this.background = Executors.newScheduledThreadPool(2, work -> {
            Thread thread = new Thread(work, "gatehouse-cache-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        metrics.bindGauge(
                "gatehouse_cache_usable",
                "Whether what is in the cache is believed: 1 or 0.",
                () -> isUsable() ? 1 : 0);
        metrics.bindGauges(
                "gatehouse_cache_generation",
                "The generation of cache entries that counts; raised by one when all older ones must be forgotten.",
                sample -> number().ifPresent(sample::call));
    }

    /**
     * What this node saw last.
     *
     * @param sent when the read was sent that saw it
     * @param firstSeen when this node first saw this generation; both as {@link System#nanoTime}
     */
    private record Lease(State state, long sent, long firstSeen) {
        boolean isValid(long now) {
            return now - sent < LEASE.toNanos();
        }

        /** Until then others may still act on the generation before. */
        boolean isSettled(long now) {
            return now - firstSeen >= SETTLING.toNanos();
        }
    }

    /** The right to use the cache: a generation, and the very Redis that it names. */
    record Permit(long generation, RedisTopology link, boolean mayAcknowledge, boolean mayFill) {}

    public void start() {
        var unused = background.scheduleWithFixedDelay(this::refresh, 0, POLL.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The number of the generation as this node saw it last; empty before it saw one. */
    public OptionalLong number() {
        Lease current = lease;
        return current == null ? OptionalLong.empty() : OptionalLong.of(current.state.generation());
    }

    /** Whether anything in the cache may be believed just now. */
    public boolean isUsable() {
        return permit().isPresent();
    }

    /** Empty when nothing in the cache may be believed just now. */
    Optional<Permit> permit() {
        Lease current = lease;
        long now = System.nanoTime();
        if (current == null || !current.isSettled(now)) {
            return Optional.empty();
        }
        boolean isValid = current.isValid(now);
        if (!isValid && !(outlivingStore && storeAway)) {
            return Optional.empty();
        }
        boolean mayFill = isValid && now - current.firstSeen >= FILL_QUARANTINE.toNanos();
        return redis.topology()
                .filter(link -> link.runIds().equals(current.state.redisRunIds()))
                .map(link -> new Permit(current.state.generation(), link, isValid, mayFill));
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
    boolean settles(RedisTopology told) {
        Lease current = lease;
        if (current != null && current.isValid(System.nanoTime()) && !current.isSettled(System.nanoTime())) {
            sleep(SETTLING.toNanos() - (System.nanoTime() - current.firstSeen));
        }
        return isTrusted(told);
    }

    /** Whether all nodes know that this is the Redis whose entries count, as of now. */
    boolean isTrusted(RedisTopology link) {
        return permit().filter(permit -> permit.mayAcknowledge() && permit.link() == link)
                .isPresent();
    }

    /**
     * Makes all entries of today worthless and returns when no node believes them any more. Those who wait at the same
     * time share one raise.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    void raiseAndAwait() {
        try {
            nextRaise()
                    .get(
                            MongoConnection.WRITE_TIMEOUT
                                    .multipliedBy(2)
                                    .plus(LEASE)
                                    .toMillis(),
                            TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException failed) {
            throw unavailable(failed);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw unavailable(stopping);
        }
    }

    /** The same without waiting, where nothing is acknowledged. */
    void raiseSoon() {
        var unused = nextRaise();
    }

    private synchronized CompletableFuture<@Nullable Void> nextRaise() {
        CompletableFuture<@Nullable Void> raise = nextRaise;
        if (raise == null) {
            raise = new CompletableFuture<>();
            nextRaise = raise;
            execute(this::raise, Duration.ZERO);
        }
        return raise;
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
        background.shutdownNow();
        try {
            background.awaitTermination(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }

    private void refresh() {
        try {
            long sent = System.nanoTime();
            State state = dao.find().orElseGet(this::first);
            storeAway = false;
            note(state, sent);
            redis.topology().ifPresent(link -> compare(link, state));
        } catch (RuntimeException failed) {
            storeAway = true;
            log.debug("The cache generation could not be read", failed);
        }
        noteUse(isUsable(), System.nanoTime());
    }

    /** A new generation stops the use for some two seconds, as after each write while Redis refuses writes. */
    private void noteUse(boolean isUsable, long now) {
        if (isUsable) {
            lastUsable = now;
        }
        if (isUsable != shownUsable && (isUsable || now - lastUsable > WORTH_TELLING.toNanos())) {
            shownUsable = isUsable;
            log.info(isUsable ? "The cache is used" : "The cache is not used for the time being");
        }
    }

    /** A generation that no earlier life of this database can have used, for its entries may still be in Redis. */
    private State first() {
        Lease before = lease;
        long number = (before == null ? 0 : before.state.generation()) + (random.nextLong() >>> 16) + 1;
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

    private synchronized void note(State state, long sent) {
        Lease before = lease;
        if (before != null && state.generation() < before.state.generation()) {
            return; // told by a server that has missed a raise: the lease runs out, and nothing is believed
        }
        boolean known = before != null && before.state.equals(state);
        lease = new Lease(state, sent, known && before != null ? before.firstSeen : System.nanoTime());
    }

    private void raise() {
        CompletableFuture<@Nullable Void> waiting;
        synchronized (this) {
            waiting = nextRaise;
            nextRaise = null; // whoever comes from here on wrote after this raise may have happened
        }
        if (waiting == null) {
            return;
        }
        try {
            dao.raise();
            execute(() -> waiting.complete(null), SETTLING);
        } catch (RuntimeException failed) {
            waiting.completeExceptionally(failed);
            // What was written may be seen by some and not by others until it succeeds.
            execute(this::raiseSoon, POLL);
        }
    }

    private static void sleep(long nanos) {
        try {
            TimeUnit.NANOSECONDS.sleep(nanos);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private static GatehouseException unavailable(Exception cause) {
        return GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, Duration.ofSeconds(1), cause);
    }
}
