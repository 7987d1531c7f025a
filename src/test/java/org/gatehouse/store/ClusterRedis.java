package org.gatehouse.store;

import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.cluster.SlotHash;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.gatehouse.dev.EmbeddedRedis;

/** A Redis Cluster of three masters. Each master has a replica that takes over if the master fails. */
public final class ClusterRedis implements AutoCloseable {
    private static final int MASTERS = 3;
    private static final int BUS_OFFSET = 10_000;
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);

    private final List<EmbeddedRedis> servers = new ArrayList<>();

    /** Starts all six servers and waits until the Cluster works. */
    public ClusterRedis(Path folder) {
        try {
            for (int i = 0; i < 2 * MASTERS; i++) {
                servers.add(start(folder.resolve("server-" + i)));
            }
            joinServers();
        } catch (RuntimeException failed) {
            close();
            throw failed;
        }
    }

    private static EmbeddedRedis start(Path folder) {
        return EmbeddedRedis.start(
                folder,
                freePort(),
                "--save",
                "",
                "--cluster-enabled",
                "yes",
                "--cluster-config-file",
                "nodes-" + System.nanoTime() + ".txt",
                "--cluster-node-timeout",
                "2000");
    }

    private void joinServers() {
        for (int i = 0; i < MASTERS; i++) {
            int[] slots = IntStream.range(i * SlotHash.SLOT_COUNT / MASTERS, (i + 1) * SlotHash.SLOT_COUNT / MASTERS)
                    .toArray();
            call(servers.get(i), redis -> redis.clusterAddSlots(slots));
        }
        for (EmbeddedRedis server : servers) {
            call(server, redis -> redis.clusterMeet("127.0.0.1", servers.get(0).port()));
        }
        for (int i = 0; i < MASTERS; i++) {
            String master = call(servers.get(i), RedisCommands::clusterMyId);
            EmbeddedRedis replica = servers.get(i + MASTERS);
            await().atMost(WAIT_TIMEOUT)
                    .ignoreExceptions()
                    .until(() -> call(
                            replica, redis -> redis.clusterReplicate(master).equals("OK")));
        }
        await().atMost(WAIT_TIMEOUT)
                .ignoreExceptions()
                .until(() -> servers.stream().allMatch(this::knowsAll));
    }

    /**
     * Returns the address in the format of the setting {@code REDIS_URL}. The address names three of the six servers.
     * Each of the three may be a master or a replica.
     */
    public String uri() {
        return servers.stream()
                .skip(MASTERS - 1)
                .limit(3)
                .map(server -> "127.0.0.1:" + server.port())
                .collect(Collectors.joining(",", "redis://", ""));
    }

    /** Returns all servers. Initially, the first three are masters, and their replicas follow in the same order. */
    public List<EmbeddedRedis> servers() {
        return servers;
    }

    /** Returns whether the server is currently a master. */
    public static boolean isMaster(EmbeddedRedis server) {
        return call(server, redis -> redis.info("replication")).contains("role:master");
    }

    /**
     * Starts a failover from a healthy master to this replica. The failover loses no write. This method does not wait
     * until the failover ends.
     */
    public static void failOver(EmbeddedRedis replica) {
        call(replica, redis -> redis.clusterFailover(false));
    }

    @Override
    public void close() {
        servers.forEach(EmbeddedRedis::close);
    }

    private boolean knowsAll(EmbeddedRedis server) {
        String replicas = call(server, RedisCommands::clusterNodes);
        long known =
                replicas.lines().filter(line -> line.contains(" connected")).count();
        return known == servers.size()
                && replicas.lines().filter(line -> line.contains("slave")).count() == MASTERS
                && call(server, RedisCommands::clusterInfo).contains("cluster_state:ok");
    }

    private static <T> T call(EmbeddedRedis server, Function<RedisCommands<String, String>, T> command) {
        RedisURI uri = RedisURI.create("127.0.0.1", server.port());
        uri.setTimeout(Duration.ofSeconds(2));
        try (RedisClient client = RedisClient.create(uri);
                StatefulRedisConnection<String, String> connection = client.connect()) {
            return command.apply(connection.sync());
        }
    }

    /**
     * Returns a free port. Redis derives the port of the cluster bus from the returned port. The bus port is also free.
     */
    private static int freePort() {
        while (true) {
            int port = EmbeddedRedis.freePort();
            if (port + BUS_OFFSET <= 65_535) {
                try (ServerSocket bus = new ServerSocket(port + BUS_OFFSET, 1, InetAddress.getLoopbackAddress())) {
                    return bus.getLocalPort() - BUS_OFFSET;
                } catch (IOException taken) {
                    // Another process uses the port of the bus, so the loop continues with another port.
                }
            }
        }
    }
}
