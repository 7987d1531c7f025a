package org.gatehouse.cache;

import io.prometheus.metrics.core.metrics.Counter;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.gatehouse.cache.Generation.Permit;
import org.gatehouse.cache.NearCache.Slot;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.RedisScript;
import org.gatehouse.store.RedisTopology;
import org.gatehouse.store.RedisTopology.PendingReply;
import org.jspecify.annotations.Nullable;

/**
 * A read-through cache in Redis for one kind of document. Each document is one string under the key
 * {@code prefix:{id}}. In a Cluster, the part in braces determines the slot.
 *
 * <p>Callers may rely on this: after a write has been acknowledged, every later read on every node returns that write
 * or a newer one. This is true even if Redis fails at any point. Deleting the entry after the write would not be
 * enough, because a slow reader could store the old document after the deletion. Therefore a key has one of three
 * values:
 *
 * <ul>
 *   <li><b>V</b>: the document, or the information that it does not exist, with the number of a generation.
 *   <li><b>L</b>: a caller is loading the document. Only this caller may replace the L with a V.
 *   <li><b>T</b>: writes are in progress. A V or L may not be stored until all writes have ended.
 * </ul>
 *
 * <p>This class reads and loads documents; {@link CacheWriter} makes the steps of a write. {@link Generation} prevents
 * stale reads after a write that cannot reach Redis.
 *
 * @param <T> the type of the documents
 */
public final class DocumentCache<T> {
    /** Every load takes less time. After this time, Redis removes the L of a node that died during a load. */
    private static final Duration LOAD_MARK_LIFE = Duration.ofSeconds(3);

    /** The maximum TTL of an entry for a missing document. Meanwhile, repeated requests of a client use the entry. */
    private static final Duration ABSENCE_LIFE = Duration.ofMinutes(1);

    /** A normal local reply takes less time. The timeout is short, because a late read then uses MongoDB instead. */
    private static final Duration READ_TIMEOUT = Duration.ofMillis(50);

    private static final int[] LOADER_WAITS_MS = {5, 10, 20, 40};

    private final Generation generation;
    private final CacheWriter writer;
    private final String prefix;
    private final Duration ttl;
    private final Codec<T> codec;
    private final Consumer<Outcome> reads;
    private final SingleFlight<Optional<T>> misses = new SingleFlight<>();

    /** The result of a read. */
    private enum Outcome {
        /** This node had a copy of the entry in its own memory. */
        NEAR,
        /** Redis had the document, or the information that it does not exist. */
        HIT,
        /** Redis did not have a valid entry, so this or another caller loaded the document. */
        MISS,
        /** The cache was not trusted, Redis did not reply, or the document was being written. */
        BYPASS
    }

    /** Converts documents to entries and back. */
    public interface Codec<T> {
        byte[] encode(T document);

        /** Returns empty if this version cannot read the entry, or if the entry has another id. */
        Optional<T> decode(String id, byte[] entry);

        long version(T document);
    }

    /**
     * Creates a cache.
     *
     * @param name the name of the documents in labels of metrics
     * @param ttl the TTL of entries; randomly reduced by up to a tenth, so that entries do not all expire at once
     */
    public DocumentCache(
            Generation generation, String prefix, String name, Duration ttl, Codec<T> codec, Metrics metrics) {
        Counter counter = metrics.counter(
                "gatehouse_cache_reads_total", "Reads of documents, by their source.", "cache", "outcome");
        this.reads = Metrics.byConstant(Outcome.class, outcome -> counter.labelValues(name, outcome));
        this.generation = generation;
        this.writer = new CacheWriter(generation);
        this.prefix = prefix;
        this.ttl = ttl;
        this.codec = codec;
    }

    /**
     * Starts to read a document without waiting, so that several reads can share one round trip.
     *
     * @param loader reads the store with the strongest read concern
     * @return a supplier of the document, from Redis if the entry is trusted, otherwise from the loader. The document
     *     includes every write that was acknowledged before this call; the result is empty if the document does not
     *     exist
     */
    public Supplier<Optional<T>> getAsync(String id, Supplier<Optional<T>> loader) {
        Permit permit = generation.permit().orElse(null);
        if (permit == null) {
            reads.accept(Outcome.BYPASS);
            return () -> misses.run(id, loader);
        }
        String key = key(id);
        // Before the copy is taken. Otherwise its report could arrive, and be counted, between the two steps.
        boolean inTime = permit.topology().reportsInTime(key);
        Slot slot = generation.near().slot(key, permit);
        Optional<T> copy = copy(slot);
        if (copy.isEmpty()) {
            return getFromRedis(id, permit, slot, loader);
        }
        if (inTime) {
            reads.accept(Outcome.NEAR);
            return () -> copy;
        }
        PendingReply<Void> confirmation = permit.topology().confirmReportsAsync(key);
        return () -> {
            // The reply to another command may already have arrived.
            boolean confirmed = permit.topology().reportsInTime(key)
                    || confirmation.await(READ_TIMEOUT).isAvailable();
            Slot current = generation.near().slot(key, permit);
            Optional<T> unchanged = confirmed ? copy(current) : Optional.empty();
            if (unchanged.isPresent()) {
                reads.accept(Outcome.NEAR);
                return unchanged;
            }
            return getFromRedis(id, permit, current, loader).get();
        };
    }

    /** @param slot the slot of the document, taken before this call; null if Redis does not report its changes */
    private Supplier<Optional<T>> getFromRedis(
            String id, Permit permit, @Nullable Slot slot, Supplier<Optional<T>> loader) {
        String key = key(id);
        PendingReply<byte[]> pending = permit.topology().executeAsync(key, commands -> commands.get(key));
        return () -> {
            RedisTopology.Reply<byte[]> reply = pending.await(READ_TIMEOUT);
            Entry entry = reply.value()
                    .map(Entry::parse)
                    .filter(found -> found.isValidIn(permit.generation()))
                    .orElse(null);
            if (entry != null && entry.isDocument()) {
                reads.accept(Outcome.HIT);
                return found(id, entry, slot, loader);
            }
            boolean isBeingWritten = entry != null && entry.isWriting();
            reads.accept(isBeingWritten || !reply.isAvailable() ? Outcome.BYPASS : Outcome.MISS);
            return misses.run(id, isBeingWritten ? loader : () -> readThrough(id, loader));
        };
    }

    @SuppressWarnings("unchecked") // because only this cache fills the slots of keys with its prefix
    private Optional<T> copy(@Nullable Slot slot) {
        return slot == null ? Optional.empty() : Optional.ofNullable((T) slot.document());
    }

    /** Loads a document that is not cached. One thread of this node loads it for all waiting callers. */
    private Optional<T> readThrough(String id, Supplier<Optional<T>> loader) {
        String token = Script.token();
        for (int wait : LOADER_WAITS_MS) {
            // If filling is not allowed, the loaded document is not cached, because the current Redis may lack the T of
            // a write in progress.
            Permit permit = generation.permit().filter(Permit::mayFill).orElse(null);
            if (permit == null) {
                return loader.get();
            }
            RedisTopology.Reply<byte[]> reply = acquire(id, permit, token);
            if (!reply.isAvailable()) {
                return loader.get();
            }
            Entry entry = reply.value().map(Entry::parse).orElse(null);
            if (entry == null) {
                return load(id, permit, token, loader);
            }
            if (entry.isDocument()) {
                return found(id, entry, null, loader);
            }
            if (!entry.isLoading()) {
                return loader.get();
            }
            Threads.sleep(Duration.ofMillis(wait));
        }
        return loader.get();
    }

    /** @param slot receives a copy if it is reserved; null if the entry was not read with a GET */
    private Optional<T> found(String id, Entry entry, @Nullable Slot slot, Supplier<Optional<T>> loader) {
        if (entry.content().length == 0) {
            return Optional.empty();
        }
        Optional<T> document = codec.decode(id, entry.content());
        if (document.isEmpty()) {
            // Another application or a newer version stored the entry, so the entry is removed.
            writer.remove(key(id));
            return loader.get();
        }
        if (slot != null) {
            generation.near().fill(key(id), slot, document.get(), entry.content().length);
        }
        return document;
    }

    private Optional<T> load(String id, Permit permit, String token, Supplier<Optional<T>> loader) {
        Optional<T> loaded = loader.get();
        if (isStillPermitted(permit)) {
            byte[] mark = Entry.loading(permit.generation(), token);
            Script.FILL.execute(
                    permit.topology(), key(id), READ_TIMEOUT, mark, entry(permit, loaded), entryLife(loaded));
        }
        return loaded;
    }

    /** Checks a permit again, because it may have become invalid during a call of the store. */
    private boolean isStillPermitted(Permit permit) {
        return generation
                .permit()
                .filter(now -> now.generation() == permit.generation() && now.topology() == permit.topology())
                .isPresent();
    }

    private byte[] entry(Permit permit, Optional<T> document) {
        return Entry.document(
                permit.generation(),
                document.map(codec::version).orElse(0L),
                document.map(codec::encode).orElse(new byte[0]));
    }

    private byte[] entryLife(Optional<T> document) {
        return Script.millis(jittered(document.isPresent() ? ttl : Collections.min(List.of(ttl, ABSENCE_LIFE))));
    }

    /**
     * Changes a document in the store. Every read that begins after this method has returned sees the change.
     *
     * @param write makes one write to the store with a timeout. If the supplier throws a {@link GatehouseException}
     *     other than {@code STORE_UNAVAILABLE}, nothing was written
     * @throws GatehouseException the exception of {@code write}; also {@code STORE_UNAVAILABLE} if a node may still
     *     return the old document. In this case, the write may have happened
     */
    public <R> R write(String id, Supplier<R> write) {
        return write(List.of(id), write);
    }

    /** Changes several documents with one write. Each step in Redis takes one round trip for all documents. */
    public <R> R write(List<String> ids, Supplier<R> write) {
        return writer.write(keys(ids), write, result -> CacheWriter.NOT_STORED);
    }

    /**
     * Changes a document like {@link #write}, and stores the result in the cache, so that the next read need not load
     * it. It is not stored if another write took place meanwhile, because the other write may be the later one. A node
     * without a near cache stores nothing either: {@code docs/upgrading.md} disables the near cache while nodes of 0.1.0
     * run, because their writes do not mark a T that another write has set.
     *
     * @param isWritten returns false if the document may have been read before this call, so that it may be old
     */
    public Optional<T> update(String id, Supplier<Optional<T>> write, Predicate<T> isWritten) {
        Permit permit = generation
                .permit()
                .filter(now -> now.mayFill() && now.topology().isTracking(key(id)))
                .orElse(null);
        return writer.write(
                List.of(key(id)),
                write,
                result -> permit == null
                        ? CacheWriter.NOT_STORED
                        : result.filter(isWritten)
                                .filter(document -> isStillPermitted(permit))
                                .map(document -> new byte[][] {entry(permit, result), entryLife(result)})
                                .orElse(CacheWriter.NOT_STORED));
    }

    private RedisTopology.Reply<byte[]> acquire(String id, Permit permit, String token) {
        byte[] number = RedisScript.bytes(Long.toString(permit.generation()));
        return Script.ACQUIRE.execute(
                permit.topology(),
                key(id),
                READ_TIMEOUT,
                number,
                RedisScript.bytes(token),
                Script.millis(LOAD_MARK_LIFE));
    }

    private List<String> keys(List<String> ids) {
        return ids.stream().map(this::key).toList();
    }

    private String key(String id) {
        return prefix + ":{" + id + "}";
    }

    private static Duration jittered(Duration life) {
        long millis = life.toMillis();
        return Duration.ofMillis(millis - ThreadLocalRandom.current().nextLong(millis / 10 + 1));
    }
}
