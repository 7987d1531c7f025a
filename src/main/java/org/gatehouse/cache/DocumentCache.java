package org.gatehouse.cache;

import io.prometheus.metrics.core.metrics.Counter;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.gatehouse.cache.Generation.Permit;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.RedisTopology;
import org.gatehouse.store.RedisTopology.PendingReply;
import org.gatehouse.store.RedisReply;
import org.gatehouse.store.RedisScript;

/**
 * Documents of one kind in Redis, read through: one string each, under {@code prefix:{id}}; the braces keep a document's
 * key in one slot of a Redis Cluster.
 *
 * <p>Callers may rely on this: a read that begins after a write was acknowledged, on any node, sees that write or a
 * later one, whatever happens to Redis. Removing the entry after the write would not give that: a slow reader that
 * loaded the old document can put it back after the removal. So a key holds one of three things:
 *
 * <ul>
 *   <li><b>V</b>: a document of a generation, or that there is none.
 *   <li><b>L</b>: somebody is loading it. Only who holds exactly this L may put a V in its place.
 *   <li><b>T</b>: writes are in progress; nothing may be stored until each has ended.
 * </ul>
 *
 * <p>A write puts its T there first, writes to the store, takes its T out, and is acknowledged only then. What happens
 * when Redis cannot be told is the business of {@link Generation}.
 *
 * @param <T> what a document is read as
 */
public final class DocumentCache<T> {
    /** Longer than any write lasts, so a T that is still there belongs to a node that died. */
    static final Duration WRITE_MARK_LIFE = Duration.ofSeconds(5);

    /** Longer than any load lasts. */
    private static final Duration LOAD_MARK_LIFE = Duration.ofSeconds(3);

    /** That there is no such document is worth remembering for as long as somebody is likely to ask again at once. */
    private static final Duration ABSENCE_LIFE = Duration.ofMinutes(1);

    /** Longer than any healthy answer on a local network; shorter than asking MongoDB instead is annoying. */
    private static final Duration READ_TIMEOUT = Duration.ofMillis(50);

    /** More than for a read: a write that cannot be told takes seconds, and makes every entry worthless. */
    private static final Duration WRITE_TIMEOUT = Duration.ofMillis(200);

    private static final int[] WAITS_FOR_LOADER_MS = {5, 10, 20, 40};

    private final Generation generation;
    private final String prefix;
    private final Duration ttl;
    private final Form<T> form;
    private final Consumer<Outcome> reads;
    private final SingleFlight<Optional<T>> misses = new SingleFlight<>();

    /** What a question for a document led to. */
    private enum Outcome {
        /** Redis had the document, or the note that there is none. */
        HIT,
        /** Redis had no entry that counts: the document was loaded, or the load of another thread or node was shared. */
        MISS,
        /** Redis could not be trusted or did not answer, or the document was being written. */
        BYPASS
    }

    /** How a document becomes the text of an entry, and back. */
    public interface Form<T> {
        byte[] write(T document);

        /** Empty when it is not what this version understands, or not the document of this id. */
        Optional<T> read(String id, byte[] entry);

        long version(T document);
    }

    /**
     * A cache whose reads are counted.
     *
     * @param name of the documents, as a label of the metrics
     * @param ttl how long an entry lives at most; a tenth less for some, so that they do not all end at once
     */
    public DocumentCache(
            Generation generation, String prefix, String name, Duration ttl, Form<T> form, Metrics metrics) {
        Counter counter = metrics.counter(
                "gatehouse_cache_reads_total",
                "Documents that were asked for, by where they came from.",
                "cache",
                "outcome");
        this.reads = Metrics.byConstant(Outcome.class, outcome -> counter.labelValues(name, outcome));
        this.generation = generation;
        this.prefix = prefix;
        this.ttl = ttl;
        this.form = form;
    }

    /**
     * Starts to read a document without waiting, so that one round trip can read several.
     *
     * @param loader reads the store itself, at its strongest
     * @return waits for the document, from Redis where that may be believed, else by the loader; it is as of now or
     *     later, and empty when there is none
     */
    public Supplier<Optional<T>> getAsync(String id, Supplier<Optional<T>> loader) {
        Optional<Permit> permit = generation.permit();
        if (permit.isEmpty()) {
            reads.accept(Outcome.BYPASS);
            return () -> misses.run(id, loader);
        }
        long number = permit.get().generation();
        PendingReply<byte[]> pending = permit.get().link().executeAsync(key(id), commands -> commands.get(key(id)));
        return () -> {
            RedisReply<byte[]> reply = pending.await(READ_TIMEOUT);
            Optional<Entry> entry =
                    reply.value().map(Entry::parse).filter(found -> found.counts(number));
            if (entry.filter(Entry::isDocument).isPresent()) {
                reads.accept(Outcome.HIT);
                return found(id, entry.get(), loader);
            }
            boolean isBeingWritten = entry.filter(Entry::isWriting).isPresent();
            reads.accept(isBeingWritten || !reply.isAvailable() ? Outcome.BYPASS : Outcome.MISS);
            return misses.run(id, isBeingWritten ? loader : () -> readThrough(id, loader));
        };
    }

    /** What is not there as a V: the way past Redis, which one thread of a node takes for all who want the document. */
    private Optional<T> readThrough(String id, Supplier<Optional<T>> loader) {
        String token = token();
        for (int wait : WAITS_FOR_LOADER_MS) {
            // Who may not fill when it begins to load may not do so later either: a write of before may be under way
            // whose T another Redis took with it.
            Optional<Permit> permit = generation.permit().filter(Permit::mayFill);
            if (permit.isEmpty()) {
                return loader.get();
            }
            RedisReply<byte[]> reply = acquire(id, permit.get(), token);
            if (!reply.isAvailable()) {
                return loader.get();
            }
            if (reply.value().isEmpty()) {
                return load(id, permit.get(), token, loader);
            }
            Entry entry = Entry.parse(reply.value().get());
            if (entry.isDocument()) {
                return found(id, entry, loader);
            }
            if (!entry.isLoading()) {
                return loader.get();
            }
            sleep(wait);
        }
        return loader.get();
    }

    private Optional<T> found(String id, Entry entry, Supplier<Optional<T>> loader) {
        if (entry.content().length == 0) {
            return Optional.empty();
        }
        Optional<T> document = form.read(id, entry.content());
        if (document.isEmpty()) {
            // Not ours, or of a newer version of this application: out of the way with it.
            generation.link().ifPresent(link -> end(List.of(id), link, token()));
            return loader.get();
        }
        return document;
    }

    private Optional<T> load(String id, Permit permit, String token, Supplier<Optional<T>> loader) {
        Optional<T> loaded = loader.get();
        // Asked again: the load may have taken longer than the permit lasts.
        Optional<Permit> still = generation
                .permit()
                .filter(now -> now.generation() == permit.generation() && now.link() == permit.link());
        if (still.isPresent()) {
            byte[] mark = Entry.loading(permit.generation(), token);
            byte[] value = Entry.document(
                    permit.generation(), loaded.map(form::version).orElse(0L), loaded.map(form::write));
            byte[] life = millis(loaded.isPresent() ? jittered(ttl) : jittered(shorter(ttl, ABSENCE_LIFE)));
            Script.FILL.execute(permit.link(), key(id), READ_TIMEOUT, mark, value, life);
        }
        return loaded;
    }

    /**
     * Changes a document in the store so that every read that begins after this returns sees it.
     *
     * @param write one write to the store, bounded in time; what it throws other than {@code STORE_UNAVAILABLE} means
     *     that it was refused for certain
     * @throws GatehouseException what {@code write} throws; {@code STORE_UNAVAILABLE} also when it cannot be made sure
     *     that nobody is shown the old document: then the write may have happened
     */
    public <R> R write(String id, Supplier<R> write) {
        return write(List.of(id), write);
    }

    /** The same for several documents that one write changes; each step is taken for all of them in one round trip. */
    public <R> R write(List<String> ids, Supplier<R> write) {
        String token = token();
        Optional<RedisTopology> told = generation.link().filter(link -> begin(ids, link, token));
        R result;
        try {
            result = write.get();
        } catch (GatehouseException refused) {
            if (refused.code() == ErrorCode.STORE_UNAVAILABLE) {
                endLater(ids, token);
            } else {
                told.ifPresent(link -> end(ids, link, token));
            }
            throw refused;
        } catch (RuntimeException unknown) {
            endLater(ids, token);
            throw unknown;
        }
        // "Our T still stands" would not do: Redis may have restarted empty and have been filled since.
        if (told.filter(link -> end(ids, link, token) && generation.settles(link))
                .isEmpty()) {
            generation.raiseAndAwait();
        }
        return result;
    }

    private boolean begin(List<String> ids, RedisTopology link, String token) {
        byte[] life = millis(WRITE_MARK_LIFE);
        return all(ids, id -> Script.BEGIN.executeAsync(link, key(id), RedisScript.bytes(token), life));
    }

    private boolean end(List<String> ids, RedisTopology link, String token) {
        return all(ids, id -> Script.END.executeAsync(link, key(id), RedisScript.bytes(token)));
    }

    /** Sends something about each document before the first answer is awaited; false when one did not come. */
    private static boolean all(List<String> ids, Function<String, PendingReply<byte[]>> step) {
        List<PendingReply<byte[]>> sent = ids.stream().map(step).toList();
        return sent.stream().allMatch(pending -> pending.await(WRITE_TIMEOUT).isAvailable());
    }

    /**
     * The write may still happen: the T stays for as long as that can be, counted from now, and is then taken out. Where
     * the Redis that counts cannot be told, other nodes may hold what was before.
     */
    private void endLater(List<String> ids, String token) {
        if (generation.link().filter(link -> begin(ids, link, token)).isEmpty()) {
            generation.raiseSoon();
        }
        generation.execute(
                () -> {
                    Optional<RedisTopology> told = generation.link().filter(link -> end(ids, link, token));
                    if (told.filter(generation::isTrusted).isEmpty()) {
                        generation.raiseSoon();
                    }
                },
                WRITE_MARK_LIFE);
    }

    private RedisReply<byte[]> acquire(String id, Permit permit, String token) {
        byte[] number = RedisScript.bytes(Long.toString(permit.generation()));
        return Script.ACQUIRE.execute(
                permit.link(), key(id), READ_TIMEOUT, number, RedisScript.bytes(token), millis(LOAD_MARK_LIFE));
    }

    private String key(String id) {
        return prefix + ":{" + id + "}";
    }

    /** Names one load or one write among those of the next seconds; it need not be a secret. */
    private static String token() {
        return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    }

    private static Duration jittered(Duration life) {
        long millis = life.toMillis();
        return Duration.ofMillis(millis - ThreadLocalRandom.current().nextLong(millis / 10 + 1));
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static byte[] millis(Duration life) {
        return RedisScript.bytes(Long.toString(life.toMillis()));
    }

    private static void sleep(int millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }
}
