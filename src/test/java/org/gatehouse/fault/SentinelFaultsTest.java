package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.sentinel.api.StatefulRedisSentinelConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.gatehouse.app.Node;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.fault.Scenario.Outcome;
import org.gatehouse.fault.TcpProxy.Direction;
import org.gatehouse.store.SentinelRedis;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Tests two nodes that read and write while Sentinels promote a Redis server that has missed changes. */
@Tag("fault")
@Execution(ExecutionMode.CONCURRENT)
class SentinelFaultsTest {
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);

    @Test
    void promisesHoldIfTheNewMasterHasMissedChanges() throws Exception {
        try (SentinelRedis redis = new SentinelRedis(folder());
                TestCluster<Node> cluster = TestCluster.onRedis(redis.uri());
                TcpProxy replication =
                        new TcpProxy("127.0.0.1", redis.servers().get(0).port())) {
            EmbeddedRedis replica = redis.servers().get(1);
            AtomicLong stale = new AtomicLong();
            redis.sentinels().forEach(SentinelFaultsTest::allowReplicationThroughProxy);
            Outcome outcome = Scenario.run("Sentinel failover with held-back replication", cluster, load -> {
                cluster.withRedis(replica, to -> to.replicaof("127.0.0.1", replication.port()));
                await().atMost(WAIT_TIMEOUT)
                        .until(() -> cluster.withRedis(replica, to -> to.info("replication"))
                                .contains("master_link_status:up"));
                replication.stall(Direction.TO_CLIENT);
                await().atMost(WAIT_TIMEOUT).until(() -> cluster.staleEntries(replica) > 1);
                stale.set(cluster.staleEntries(replica));
                redis.servers().get(0).kill();
                replication.cut();
                await().atMost(WAIT_TIMEOUT).until(() -> redis.master() == replica);
                Sleep.of(Scenario.LENGTH);
            });

            outcome.assertPromisesHold().assertEveryReadSucceeded();
            assertThat(stale).as("stale entries on the replica").hasValueGreaterThan(0);
            assertThat(outcome.increments()).isPositive();
            cluster.awaitHits(WAIT_TIMEOUT);
        }
    }

    /**
     * Increases the failover timeout. Otherwise the Sentinel would connect the replica directly to its master after
     * three seconds, without the proxy.
     */
    private static void allowReplicationThroughProxy(EmbeddedRedis sentinel) {
        try (RedisClient client = RedisClient.create();
                StatefulRedisSentinelConnection<String, String> connection =
                        client.connectSentinel(RedisURI.create(sentinel.uri()))) {
            connection.sync().set("main", "failover-timeout", "30000");
        }
    }

    /** One node stays connected to the old master. No other client can reach this master any more. */
    @Test
    void promisesHoldIfOneNodeStillUsesTheOldMaster() throws Exception {
        try (SentinelRedis redis = new SentinelRedis(folder());
                TestCluster<Node> cluster = TestCluster.onRedis(redis.uri())) {
            EmbeddedRedis old = redis.servers().get(0);
            Outcome outcome = Scenario.run("isolated old master", cluster, load -> {
                long connected = isolate(cluster, old);
                await().atMost(WAIT_TIMEOUT).until(() -> redis.master() != old);
                assertThat(connected).as("nodes that use the old master").isEqualTo(1);
                Sleep.of(Scenario.LENGTH);
            });

            outcome.assertPromisesHold().assertEveryReadSucceeded();
            assertThat(outcome.increments()).isPositive();
            cluster.awaitHits(WAIT_TIMEOUT);
        }
    }

    /**
     * Isolates a server: ends all connections except the connection of one node, and sets a new password that no client
     * knows.
     *
     * @return the number of nodes that are still connected
     */
    private static long isolate(TestCluster<?> cluster, EmbeddedRedis server) {
        return cluster.withRedis(server, redis -> {
            List<String> others = redis.clientList()
                    .lines()
                    .filter(client -> !client.contains("name=gatehouse"))
                    .map(SentinelFaultsTest::id)
                    .toList();
            List<String> nodes = nodes(redis);
            redis.configSet("requirepass", "of another server");
            redis.clientKill(KillArgs.Builder.id(Long.parseLong(nodes.get(0))));
            others.forEach(id ->
                    redis.clientKill(KillArgs.Builder.id(Long.parseLong(id)).skipme(true)));
            return (long) nodes(redis).size();
        });
    }

    private static List<String> nodes(RedisCommands<String, String> redis) {
        return redis.clientList()
                .lines()
                .filter(client -> client.contains("name=gatehouse"))
                .map(SentinelFaultsTest::id)
                .toList();
    }

    private static String id(String client) {
        return client.substring("id=".length(), client.indexOf(' '));
    }

    private static Path folder() throws Exception {
        return Files.createTempDirectory(Files.createDirectories(Path.of("target", "test-redis")), "sentinel-");
    }
}
