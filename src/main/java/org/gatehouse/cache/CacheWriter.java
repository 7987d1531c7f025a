package org.gatehouse.cache;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.gatehouse.concurrent.LeasedValue;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.store.RedisScript;
import org.gatehouse.store.RedisTopology;
import org.gatehouse.store.RedisTopology.PendingReply;

/**
 * The steps of a write in the protocol of {@link DocumentCache}: BEGIN adds a T to each key, then the store is changed,
 * and END removes the T. Only then is the write acknowledged. If Redis cannot be told, the generation is incremented
 * instead.
 */
final class CacheWriter {
    /** Every write takes less time. After this time, Redis removes the T of a node that died during a write. */
    static final Duration WRITE_MARK_LIFE = Duration.ofSeconds(5);

    /** END stores no document. */
    static final byte[][] NOT_STORED = {};

    /** This timeout exceeds the timeout of reads, because a late reply delays the write and makes all entries invalid. */
    private static final Duration WRITE_TIMEOUT = Duration.ofMillis(200);

    private final Generation generation;

    CacheWriter(Generation generation) {
        this.generation = generation;
    }

    /**
     * Changes the documents of these keys in the store.
     *
     * @param write see {@link DocumentCache#write(String, Supplier)}
     * @param entryOf returns the V and its TTL that END stores, or {@link #NOT_STORED}; called after the write. Only a
     *     write of one key may store an entry
     * @throws GatehouseException see {@link DocumentCache#write(String, Supplier)}
     */
    <R> R write(List<String> keys, Supplier<R> write, Function<R, byte[][]> entryOf) {
        String token = Script.token();
        Optional<RedisTopology> announced = generation.topology().filter(topology -> begin(keys, topology, token));
        if (announced.isPresent() && !Threads.sleep(RedisTopology.REPORT_TIME)) {
            throw LeasedValue.unavailable();
        }
        R result;
        try {
            result = write.get();
        } catch (GatehouseException rejected) {
            if (rejected.code() == ErrorCode.STORE_UNAVAILABLE) {
                endLater(keys, token);
            } else {
                announced.ifPresent(topology -> end(keys, topology, token));
            }
            throw rejected;
        } catch (RuntimeException unknown) {
            endLater(keys, token);
            throw unknown;
        }
        byte[][] entry = entryOf.apply(result);
        // The generation is checked too, because Redis may have restarted without the T and may contain a stale V.
        if (announced
                .filter(topology -> end(keys, topology, token, entry) && generation.awaitSettled(topology))
                .isEmpty()) {
            generation.incrementAndAwait();
        }
        return result;
    }

    /** Removes an entry that this version cannot read. */
    void remove(String key) {
        generation.topology().ifPresent(topology -> end(List.of(key), topology, Script.token()));
    }

    private boolean begin(List<String> keys, RedisTopology topology, String token) {
        byte[] life = Script.millis(WRITE_MARK_LIFE);
        return all(keys, key -> Script.BEGIN.executeAsync(topology, key, RedisScript.bytes(token), life))
                .isPresent();
    }

    /**
     * Removes the T. If Redis had lost it, a node may have copied the old document from an entry that this call
     * removes. Then this method waits until no node uses the copy.
     */
    private boolean end(List<String> keys, RedisTopology topology, String token, byte[]... entry) {
        byte[][] arguments = Stream.concat(Stream.of(RedisScript.bytes(token)), Stream.of(entry))
                .toArray(byte[][]::new);
        return all(keys, key -> Script.END.executeAsync(topology, key, arguments))
                .filter(replies ->
                        replies.stream().noneMatch(Script::isGone) || Threads.sleep(RedisTopology.REPORT_TIME))
                .isPresent();
    }

    /** Sends a step for all keys before waiting for the first reply; returns empty if a step failed. */
    private static Optional<List<byte[]>> all(List<String> keys, Function<String, PendingReply<byte[]>> step) {
        List<PendingReply<byte[]>> sent = keys.stream().map(step).toList();
        List<byte[]> replies = sent.stream()
                .map(pending -> pending.await(WRITE_TIMEOUT).value())
                .takeWhile(Optional::isPresent)
                .map(Optional::get)
                .toList();
        return replies.size() == sent.size() ? Optional.of(replies) : Optional.empty();
    }

    /**
     * Extends the life of the T while the write may still happen, and then removes the T. If Redis cannot be reached,
     * its entries may be older than the write, so the generation is incremented.
     */
    private void endLater(List<String> keys, String token) {
        if (generation
                .topology()
                .filter(topology -> begin(keys, topology, token))
                .isEmpty()) {
            generation.scheduleIncrement();
        }
        generation.execute(
                () -> {
                    Optional<RedisTopology> announced =
                            generation.topology().filter(topology -> end(keys, topology, token));
                    if (announced.filter(generation::isTrusted).isEmpty()) {
                        generation.scheduleIncrement();
                    }
                },
                WRITE_MARK_LIFE);
    }
}
