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
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gatehouse.concurrent.Threads;

/**
 * Finds the master, or the masters that together hold all slots of a Cluster, and connects to each.
 *
 * <p>The run id of a server is read before its connection is used. Lettuce's cluster client is not used, because it
 * silently follows a slot to another server and reconnects to a server that has lost its data. Therefore only the slot
 * map is read from a Cluster, and each master gets a separate connection.
 */
final class RedisDiscovery {
    private static final Pattern RUN_ID = Pattern.compile("(?m)^run_id:(\\w+)");
    private static final RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

    private final RedisClient client;
    private final Duration timeout;
    private final RedisConnection owner;

    /** A connection and the reply of its server to {@code INFO}. */
    private record Handshake(StatefulRedisConnection<String, byte[]> connection, String info) {
        String runId() {
            Matcher matcher = RUN_ID.matcher(info);
            if (!matcher.find()) {
                throw new RedisConnectionException("the server does not report its run_id");
            }
            return matcher.group(1);
        }
    }

    /**
     * @param timeout the timeout of each connection attempt and of each command
     * @param owner the object to which the connections report
     */
    RedisDiscovery(RedisClient client, Duration timeout, RedisConnection owner) {
        this.client = client;
        this.timeout = timeout;
        this.owner = owner;
    }

    /**
     * Connects to the servers that a seed address leads to. The call takes at most a few times the timeout.
     *
     * @throws RedisConnectionException if this seed does not lead to a connection
     * @throws StoreRefusedException if a server replies but cannot be used now
     */
    RedisTopology connect(RedisURI seed) {
        List<StatefulRedisConnection<?, ?>> opened = new ArrayList<>();
        try {
            Handshake first = handshake(seed, opened);
            return hasLine(first.info(), "redis_mode:cluster")
                    ? connectAll(seed, first, opened)
                    : new RedisTopology(List.of(master(first)));
        } catch (RuntimeException failed) {
            opened.forEach(StatefulRedisConnection::close);
            throw failed;
        }
    }

    private RedisNodeConnection master(Handshake handshake) {
        if (hasLine(handshake.info(), "loading:1")) {
            throw new StoreRefusedException("It is loading its data.", null);
        }
        if (!hasLine(handshake.info(), "role:master")) {
            throw new StoreRefusedException("It is a replica.", null);
        }
        return new RedisNodeConnection(handshake.connection(), handshake.runId(), owner);
    }

    private static boolean hasLine(String text, String line) {
        return text.lines().anyMatch(line::equals);
    }

    private RedisTopology connectAll(RedisURI seed, Handshake first, List<StatefulRedisConnection<?, ?>> opened) {
        RedisNodeConnection[] bySlot = new RedisNodeConnection[SlotHash.SLOT_COUNT];
        boolean seedIsNeeded = false;
        String slotMap = await(first.connection().async().clusterNodes());
        for (RedisClusterNode node : ClusterPartitionParser.parse(slotMap)) {
            if (node.getSlots().isEmpty() || !node.is(NodeFlag.UPSTREAM)) {
                continue;
            }
            boolean isSeed = node.is(NodeFlag.MYSELF);
            seedIsNeeded |= isSeed;
            Handshake handshake = isSeed ? first : handshake(at(seed, node.getUri()), opened);
            RedisNodeConnection connection = master(handshake);
            requireWorkingCluster(handshake);
            node.getSlots().forEach(slot -> bySlot[slot] = connection);
        }
        List<RedisNodeConnection> complete = new ArrayList<>();
        Collections.addAll(complete, bySlot);
        if (complete.contains(null)) {
            throw new StoreRefusedException("The Cluster does not cover all slots.", null);
        }
        if (!seedIsNeeded) {
            first.connection().close();
        }
        return new RedisTopology(complete);
    }

    /** Rejects a Cluster that is down. A master without contact to other masters reports this state. */
    private void requireWorkingCluster(Handshake handshake) {
        if (!hasLine(await(handshake.connection().async().clusterInfo()), "cluster_state:ok")) {
            throw new StoreRefusedException("The Cluster is down.", null);
        }
    }

    private Handshake handshake(RedisURI uri, List<StatefulRedisConnection<?, ?>> opened) {
        CompletableFuture<StatefulRedisConnection<String, byte[]>> connecting =
                client.connectAsync(CODEC, uri).toCompletableFuture();
        StatefulRedisConnection<String, byte[]> connection;
        try {
            connection = await(connecting);
        } catch (RedisConnectionException failed) {
            var unused = connecting.thenAccept(StatefulRedisConnection::close); // it may connect later
            throw failed;
        }
        opened.add(connection);
        return new Handshake(connection, await(connection.async().info()));
    }

    private static RedisURI at(RedisURI seed, RedisURI address) {
        RedisURI uri = RedisURI.create(address.getHost(), address.getPort());
        uri.applyAuthentication(seed);
        uri.applySsl(seed);
        uri.setTimeout(seed.getTimeout());
        uri.setClientName(seed.getClientName());
        return uri;
    }

    private <T> T await(CompletionStage<T> stage) {
        try {
            // The wait is longer than the timeout, because Sentinels need several other connections first, and the
            // first Sentinels may be down.
            return Threads.get(stage.toCompletableFuture(), timeout.multipliedBy(4));
        } catch (ExecutionException | TimeoutException failed) {
            throw new RedisConnectionException("cannot connect", failed);
        }
    }
}
