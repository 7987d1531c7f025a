package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.gatehouse.Node;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.fault.Scenario.Outcome;
import org.gatehouse.store.ClusterRedis;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Replicas of a Redis Cluster take over, on request or after a failure, while two nodes read and write. */
@Tag("fault")
class ClusterFaultsTest {
    private static final Duration LONGEST = Duration.ofSeconds(60);

    @Test
    void replicasTakeOver() throws Exception {
        Path folder = Files.createTempDirectory(Files.createDirectories(Path.of("target", "test-redis")), "cluster-");
        try (ClusterRedis redis = new ClusterRedis(folder);
                TestCluster<Node> site = TestCluster.onRedis(redis.uri())) {
            EmbeddedRedis asked = redis.servers().get(3);
            EmbeddedRedis killed = redis.servers().get(1);
            EmbeddedRedis forced = redis.servers().get(4);
            Outcome outcome = Scenario.run("Cluster 3+3: CLUSTER FAILOVER, then a master killed", site, load -> {
                Pause.of(Scenario.LENGTH.dividedBy(3));
                ClusterRedis.failOver(asked);
                await().atMost(LONGEST).until(() -> ClusterRedis.isMaster(asked));
                Pause.of(Scenario.LENGTH.dividedBy(3));
                killed.kill();
                await().atMost(LONGEST).until(() -> ClusterRedis.isMaster(forced));
                Pause.of(Scenario.LENGTH.dividedBy(3));
            });

            outcome.mustHold().mustAnswerEveryRead();
            assertThat(outcome.raises())
                    .as("raises, one for each of the two at least")
                    .isGreaterThan(1);
            site.awaitHits(LONGEST);
        }
    }
}
