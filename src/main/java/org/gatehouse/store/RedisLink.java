package org.gatehouse.store;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.cluster.SlotHash;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/**
 * The way to one run of one server, or of all masters of a Cluster, until any of it breaks.
 *
 * <p>Callers may rely on this: whatever is asked through one link is asked of the servers named by {@link #runIds} and
 * of no others.
 */
public final class RedisLink {
    private final List<RedisServer> bySlot;
    private final List<String> runIds;
    private final List<String> probeKeys;

    /** @param bySlot the one server, or for each slot of a Cluster the master that has it */
    RedisLink(List<RedisServer> bySlot) {
        this.bySlot = bySlot;
        this.runIds =
                bySlot.stream().map(RedisServer::runId).distinct().sorted().toList();
        this.probeKeys = RedisProbe.keys(bySlot);
    }

    /** The servers' names for themselves, others after each of their starts; in order. */
    public List<String> runIds() {
        return runIds;
    }

    /** A command on its way. */
    public interface Pending<T> {
        /**
         * Waits for the answer.
         *
         * @return what it is, or that there is none (nil); empty when Redis did not answer in time, or with an error
         * @throws RedisNoScriptException if it was a script by its digest and the server does not know it
         */
        Optional<Optional<T>> await(Duration limit);
    }

    /** Sends without waiting. */
    public <T> Pending<T> send(String key, RedisCommand<T> command) {
        RedisServer server = bySlot.size() == 1 ? bySlot.get(0) : bySlot.get(SlotHash.getSlot(key));
        long sentAt = System.nanoTime();
        Optional<RedisFuture<T>> sent = server.send(command);
        return limit -> sent.flatMap(future -> server.await(future, sentAt, limit));
    }

    /** Sends and waits. */
    public <T> Optional<Optional<T>> ask(String key, Duration limit, RedisCommand<T> command) {
        return send(key, command).await(limit);
    }

    /** Whether all servers do in time what Gatehouse asks of them, without any of its data being touched. */
    boolean works(Duration limit) {
        List<Pending<byte[]>> sent = probeKeys.stream()
                .flatMap(tag -> RedisProbe.send(this, tag).stream())
                .toList();
        // Each answer is waited for, so that none is still to come when the result is known.
        return sent.stream().map(pending -> pending.await(limit).isPresent()).reduce(true, Boolean::logicalAnd);
    }

    boolean contains(RedisServer server) {
        return bySlot.contains(server);
    }

    boolean isOpen() {
        return servers().stream().allMatch(RedisServer::isOpen);
    }

    void close() {
        servers().forEach(RedisServer::close);
    }

    private Collection<RedisServer> servers() {
        return new LinkedHashSet<>(bySlot);
    }
}
