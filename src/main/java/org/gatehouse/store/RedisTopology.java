package org.gatehouse.store;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The connections to a single Redis server, or to all masters of a Cluster. A topology is used until one of its
 * connections breaks.
 *
 * <p>Callers may rely on this: every command is sent to a server with one of these {@link #runIds}, never to another
 * server.
 */
public final class RedisTopology {
    /**
     * A reader may use its own copy of a value for this time after it sent a command to which Redis has replied. A
     * writer waits for this time after it has changed the key. Then no reader uses an older copy.
     */
    public static final Duration REPORT_TIME = Duration.ofMillis(5);

    private static final AtomicLong created = new AtomicLong();

    private final long number = created.incrementAndGet();
    private final List<RedisNodeConnection> bySlot;
    private final List<String> runIds;
    private final List<String> probeKeys;

    /** @param bySlot the single server, or the master of each slot of a Cluster */
    RedisTopology(List<RedisNodeConnection> bySlot) {
        this.bySlot = bySlot;
        this.runIds = bySlot.stream()
                .map(RedisNodeConnection::runId)
                .distinct()
                .sorted()
                .toList();
        this.probeKeys = RedisProbe.keys(bySlot);
    }

    /** Returns a number that no other topology of this application has. */
    public long number() {
        return number;
    }

    /** Returns the sorted run ids of the servers. A server gets a new run id at each start. */
    public List<String> runIds() {
        return runIds;
    }

    /** A command that uses one key and is available on a single server and on a Cluster. */
    public interface Command<T> {
        RedisFuture<T> send(RedisClusterAsyncCommands<String, byte[]> commands);
    }

    /** The reply of Redis to a command. */
    public sealed interface Reply<T> {
        record Value<T>(T content) implements Reply<T> {}

        /** Redis replied that there is no value. */
        record Nil<T>() implements Reply<T> {}

        /** Redis did not reply in time, replied with an error, or did not receive the command. */
        record Unavailable<T>() implements Reply<T> {}

        default boolean isAvailable() {
            return !(this instanceof Unavailable);
        }

        /** Returns the value, or empty if there is no value or Redis is unavailable. */
        default Optional<T> value() {
            return this instanceof Value<T> value ? Optional.of(value.content()) : Optional.empty();
        }
    }

    /** A reply for which the caller can wait. */
    public interface PendingReply<T> {
        /**
         * Waits for the reply.
         *
         * @throws RedisNoScriptException if a script was called by its digest and the server does not know it
         */
        Reply<T> await(Duration timeout);
    }

    /** Sends a command without waiting for its reply. */
    public <T> PendingReply<T> executeAsync(String key, Command<T> command) {
        RedisNodeConnection node = node(key);
        long sentAt = System.nanoTime();
        RedisFuture<T> sent = node.send(command, sentAt);
        return timeout -> sent == null ? new Reply.Unavailable<>() : node.await(sent, sentAt, timeout);
    }

    /** Sends a command and waits for its reply. */
    public <T> Reply<T> execute(String key, Duration timeout, Command<T> command) {
        return executeAsync(key, command).await(timeout);
    }

    /** Returns whether a GET of this key that is sent now makes Redis report the next change of the key. */
    public boolean isTracking(String key) {
        return node(key).isTracking();
    }

    /**
     * Returns whether every change of this key that happened more than {@link #REPORT_TIME} ago has been reported, if
     * Redis had to report it.
     */
    public boolean reportsInTime(String key) {
        return node(key).reportsInTime();
    }

    /**
     * Prepares to ask Redis whether every change of this key before this call has been reported, if Redis had to report
     * it. The changes have been reported if the awaited reply is available. Callers share the question, so it costs less
     * than a GET.
     */
    public PendingReply<Void> confirmReportsAsync(String key) {
        RedisNodeConnection node = node(key);
        Future<Void> confirmation = node.joinConfirmation();
        return timeout -> node.awaitConfirmation(confirmation, timeout) ? new Reply.Nil<>() : new Reply.Unavailable<>();
    }

    private RedisNodeConnection node(String key) {
        return bySlot.size() == 1 ? bySlot.get(0) : bySlot.get(SlotHash.getSlot(key));
    }

    void startTracking(Invalidations invalidations) {
        probeKeys.forEach(tag -> {
            String key = RedisProbe.key(tag);
            node(key).startTracking(key, invalidations);
        });
    }

    /** Returns whether all servers execute Gatehouse's commands in time. The check does not change data. */
    boolean works(Duration timeout) {
        List<PendingReply<byte[]>> sent = probeKeys.stream()
                .flatMap(tag -> RedisProbe.executeAsync(this, tag).stream())
                .toList();
        // All replies are awaited, even after a failure, so that none is outstanding at the end.
        return sent.stream()
                .map(pending -> pending.await(timeout).isAvailable())
                .reduce(true, Boolean::logicalAnd);
    }

    boolean contains(RedisNodeConnection node) {
        return bySlot.contains(node);
    }

    boolean isOpen() {
        return nodes().stream().allMatch(RedisNodeConnection::isOpen);
    }

    void close() {
        nodes().forEach(RedisNodeConnection::close);
    }

    private Collection<RedisNodeConnection> nodes() {
        return new LinkedHashSet<>(bySlot);
    }
}
