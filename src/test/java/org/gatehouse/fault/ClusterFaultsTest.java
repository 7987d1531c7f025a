package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.gatehouse.app.Node;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.fault.Scenario.Outcome;
import org.gatehouse.store.ClusterRedis;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Tests two nodes that read and write during failovers of a Redis Cluster. A failover is either manual or follows a
 * crash.
 */
@Tag("fault")
class ClusterFaultsTest {
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);

    @Test
    void promisesHoldWhileReplicasTakeOver() throws Exception {
        Path folder = Files.createTempDirectory(Files.createDirectories(Path.of("target", "test-redis")), "cluster-");
        try (ClusterRedis redis = new ClusterRedis(folder);
                TestCluster<Node> cluster = TestCluster.onRedis(redis.uri())) {
            EmbeddedRedis requested = redis.servers().get(3);
            EmbeddedRedis killed = redis.servers().get(1);
            EmbeddedRedis forced = redis.servers().get(4);
            Outcome outcome = Scenario.run("Cluster 3+3: CLUSTER FAILOVER, then a master killed", cluster, load -> {
                Sleep.of(Scenario.LENGTH.dividedBy(3));
                ClusterRedis.failOver(requested);
                await().atMost(WAIT_TIMEOUT).until(() -> ClusterRedis.isMaster(requested));
                Sleep.of(Scenario.LENGTH.dividedBy(3));
                killed.kill();
                await().atMost(WAIT_TIMEOUT).until(() -> ClusterRedis.isMaster(forced));
                Sleep.of(Scenario.LENGTH.dividedBy(3));
            });

            outcome.assertPromisesHold().assertEveryReadSucceeded();
            assertThat(outcome.increments())
                    .as("increments of the generation after two failovers")
                    .isGreaterThan(1);
            cluster.awaitHits(WAIT_TIMEOUT);
        }
    }
}
