package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.gatehouse.fault.History.Verdict;
import org.gatehouse.fault.History.Violation;
import org.gatehouse.fault.History.ViolationType;
import org.gatehouse.war.ServiceClient;

/** Runs a load on a cluster during a fault. Checks the results that the clients received. */
final class Scenario {
    /** The minimum length of a fault. The system property {@code gatehouse.fault.seconds} sets this length. */
    static final Duration LENGTH = Duration.ofSeconds(Integer.getInteger("gatehouse.fault.seconds", 3));

    private static final Duration WARM_TIMEOUT = Duration.ofSeconds(30);

    private Scenario() {}

    /** Causes the fault while the load runs. The load stops when this method returns. */
    interface Fault {
        void inject(Load load) throws Exception;
    }

    /**
     * The results that the clients received.
     *
     * @param slowestChange the longest duration of an acknowledged change
     * @param unexpected responses that are not a consequence of the fault
     * @param nearHits the number of reads that copies in the near caches answered
     * @param increments the number of increments of the cache's generation
     * @param wentBackUnexpectedly reads that returned an older version than an earlier read, although no increment
     *     happened at this time
     */
    record Outcome(
            String name,
            Verdict verdict,
            double availability,
            Duration slowestChange,
            Duration slowestRead,
            List<String> unexpected,
            long nearHits,
            int increments,
            List<Violation> wentBackUnexpectedly) {

        /** Checks that both promises held. The second promise does not apply while the generation changes. */
        Outcome assertPromisesHold() {
            assertThat(wentBackUnexpectedly)
                    .as(name + ": reads that returned an older version")
                    .isEmpty();
            return assertAcknowledgedWritesSeen();
        }

        /**
         * Checks only the first promise. Use this check for faults in which Redis loses the mark (T) of a write in
         * progress.
         */
        Outcome assertAcknowledgedWritesSeen() {
            assertThat(unexpected).as(name + ": unexpected responses").isEmpty();
            assertThat(verdict.violations().stream().filter(violation -> violation.type() != ViolationType.WENT_BACK))
                    .as(name)
                    .isEmpty();
            assertThat(verdict.reads()).as(name + ": reads").isGreaterThan(20);
            assertThat(verdict.writes()).as(name + ": writes").isGreaterThan(5);
            return this;
        }

        /**
         * Returns the number of violations of the two promises. Reads that returned an older version during an
         * increment do not count.
         */
        int brokenPromises() {
            return verdict.violations().size()
                    - verdict.of(ViolationType.WENT_BACK).size()
                    + wentBackUnexpectedly.size();
        }

        Outcome assertEveryReadSucceeded() {
            assertThat(availability)
                    .as(name + ": share of reads that succeeded")
                    .isEqualTo(1.0);
            return this;
        }

        @Override
        public String toString() {
            int wentBack = verdict.of(ViolationType.WENT_BACK).size();
            return String.format(
                    Locale.ROOT,
                    "fault: %s: %d reads (%d near), %d writes, %d unknown; %d violations, %d went back (%d of them while the"
                            + " generation changed), worst staleness %d ms; %.1f %% of reads succeeded,"
                            + " slowest %d ms, slowest change %d ms, %d increments",
                    name,
                    verdict.reads(),
                    nearHits,
                    verdict.writes(),
                    verdict.unknown(),
                    verdict.violations().size() - wentBack,
                    wentBack,
                    wentBack - wentBackUnexpectedly.size(),
                    verdict.worstStalenessMillis(),
                    100 * availability,
                    slowestRead.toMillis(),
                    slowestChange.toMillis(),
                    increments);
        }
    }

    /**
     * Creates users, and waits until the nodes have cached these users. Then runs the fault under load. Finally, reads
     * every user on every node and checks all results.
     */
    static <N extends ServiceClient> Outcome run(String name, TestCluster<N> cluster, Fault fault) throws Exception {
        cluster.newUsers();
        cluster.awaitHits(WARM_TIMEOUT);
        return runOnCurrentUsers(name, cluster, fault);
    }

    /** Like {@link #run}, but does not create new users. The caller decides which users are in the cache. */
    static Outcome runOnCurrentUsers(String name, TestCluster<?> cluster, Fault fault) throws Exception {
        return run(name, cluster, fault, true);
    }

    /**
     * Runs the fault without a load. The fault makes each operation itself, so that a rare sequence of operations
     * happens every time.
     */
    static Outcome runWithoutLoad(String name, TestCluster<?> cluster, Fault fault) throws Exception {
        return run(name, cluster, fault, false);
    }

    private static Outcome run(String name, TestCluster<?> cluster, Fault fault, boolean underLoad) throws Exception {
        History history = new History();
        long nearHits = cluster.nearHits();
        long begin = System.nanoTime();
        cluster.stored().forEach((key, version) -> history.acknowledged(key, version, begin, begin));
        List<? extends ServiceClient> nodes =
                cluster.nodes().stream().map(TestCluster.LinkedNode::node).toList();
        Load load = new Load(nodes, cluster.token(), cluster.commonKeys(), history);
        try (GenerationWatch watch = new GenerationWatch(cluster.stores())) {
            try (load) {
                if (underLoad) {
                    load.start();
                }
                fault.inject(load);
            }
            for (String key : cluster.keys()) {
                for (int node = 0; node < nodes.size(); node++) {
                    load.read(node, key);
                }
            }
            Verdict verdict = history.check(cluster.stored());
            Stream<Violation> wentBack =
                    verdict.of(ViolationType.WENT_BACK).stream().filter(violation -> !watch.mayDiffer(violation.at()));
            Outcome outcome = new Outcome(
                    name,
                    verdict,
                    load.availability(),
                    load.slowestChange(),
                    load.slowestRead(),
                    load.unexpected(),
                    Math.max(0, cluster.nearHits() - nearHits),
                    watch.increments(),
                    wentBack.toList());
            System.out.println(outcome);
            return outcome;
        }
    }
}
