package org.gatehouse.store;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.models.partitions.ClusterPartitionParser;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode.NodeFlag;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the servers to use, and connects to each: to a master, or in a Cluster to those that have all slots between
 * them.
 *
 * <p>A connection is handed out only when it is known whom it leads to. Lettuce's own client for a Cluster would follow
 * a slot to another server, or reconnect to one that forgot everything, without a word; so of a Cluster only the map of
 * slots is asked for, and each master gets a connection of its own.
 */
final class RedisLookup {
    private static final Pattern RUN_ID = Pattern.compile("(?m)^run_id:(\\w+)");
    private static final Pattern CLUSTER = Pattern.compile("(?m)^redis_mode:cluster");
    private static final Pattern MASTER = Pattern.compile("(?m)^role:master");
    private static final Pattern LOADING = Pattern.compile("(?m)^loading:1");
    private static final Pattern CLUSTER_WORKS = Pattern.compile("(?m)^cluster_state:ok");
    private static final RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

    private final RedisClient client;
    private final Duration limit;
    private final Function<Met, RedisServer> servers;

    /** A connection, and what the server at its end said of itself. */
    record Met(StatefulRedisConnection<String, byte[]> connection, String info) {
        String runId() {
            Matcher matcher = RUN_ID.matcher(info);
            if (!matcher.find()) {
                throw new RedisConnectionException("the server does not tell its run_id");
            }
            return matcher.group(1);
        }

        void requireMaster() {
            if (LOADING.matcher(info).find()) {
                throw new StoreRefusedException("It is loading its data.", null);
            }
            if (!MASTER.matcher(info).find()) {
                throw new StoreRefusedException("It is a replica.", null);
            }
        }
    }

    /** @param limit for each connection and each question */
    RedisLookup(RedisClient client, Duration limit, Function<Met, RedisServer> servers) {
        this.client = client;
        this.limit = limit;
        this.servers = servers;
    }

    /**
     * Waits until connected, or for at most a few times the limit.
     *
     * @throws RedisConnectionException when that cannot be done through this seed
     * @throws StoreRefusedException when a server answers that is not one to use now
     */
    RedisLink connect(RedisURI seed) {
        List<StatefulRedisConnection<?, ?>> opened = new ArrayList<>();
        try {
            Met first = meet(seed, opened);
            return CLUSTER.matcher(first.info()).find() ? connectAll(seed, first, opened) : connectOne(first);
        } catch (RuntimeException failed) {
            opened.forEach(StatefulRedisConnection::close);
            throw failed;
        }
    }

    private RedisLink connectOne(Met met) {
        met.requireMaster();
        return new RedisLink(List.of(servers.apply(met)));
    }

    private RedisLink connectAll(RedisURI seed, Met first, List<StatefulRedisConnection<?, ?>> opened) {
        RedisServer[] bySlot = new RedisServer[SlotHash.SLOT_COUNT];
        boolean seedIsNeeded = false;
        String map = ask(first.connection().async().clusterNodes());
        for (RedisClusterNode node : ClusterPartitionParser.parse(map)) {
            if (node.getSlots().isEmpty() || !node.is(NodeFlag.UPSTREAM)) {
                continue;
            }
            boolean isSeed = node.is(NodeFlag.MYSELF);
            seedIsNeeded |= isSeed;
            Met met = isSeed ? first : meet(at(seed, node.getUri()), opened);
            met.requireMaster();
            requireWorkingCluster(met);
            RedisServer server = servers.apply(met);
            node.getSlots().forEach(slot -> bySlot[slot] = server);
        }
        List<RedisServer> complete = new ArrayList<>();
        Collections.addAll(complete, bySlot);
        if (complete.contains(null)) {
            throw new StoreRefusedException("The Cluster does not cover all slots.", null);
        }
        if (!seedIsNeeded) {
            first.connection().close();
        }
        return new RedisLink(complete);
    }

    /** A master that was cut off from the others says so, after a while. */
    private void requireWorkingCluster(Met met) {
        if (!CLUSTER_WORKS.matcher(ask(met.connection().async().clusterInfo())).find()) {
            throw new StoreRefusedException("The Cluster is down.", null);
        }
    }

    private Met meet(RedisURI uri, List<StatefulRedisConnection<?, ?>> opened) {
        CompletableFuture<StatefulRedisConnection<String, byte[]>> connecting =
                client.connectAsync(CODEC, uri).toCompletableFuture();
        StatefulRedisConnection<String, byte[]> connection;
        try {
            connection = await(connecting);
        } catch (RedisConnectionException failed) {
            var unused = connecting.thenAccept(StatefulRedisConnection::close); // should it come after all
            throw failed;
        }
        opened.add(connection);
        return new Met(connection, ask(connection.async().info()));
    }

    private static RedisURI at(RedisURI seed, RedisURI place) {
        RedisURI uri = RedisURI.create(place.getHost(), place.getPort());
        uri.applyAuthentication(seed);
        uri.applySsl(seed);
        uri.setTimeout(seed.getTimeout());
        uri.setClientName(seed.getClientName());
        return uri;
    }

    private <T> T ask(CompletionStage<T> question) {
        return await(question.toCompletableFuture());
    }

    private <T> T await(CompletableFuture<T> future) {
        try {
            // With Sentinels a connection takes several, of which the first ones may be dead.
            return future.get(limit.multipliedBy(4).toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException | TimeoutException failed) {
            throw new RedisConnectionException("cannot connect", failed);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new RedisConnectionException("stopped", stopping);
        }
    }
}
