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

/** Runs a load on a site while a fault affects it, and checks the results that the clients saw. */
final class Scenario {
    /** The minimum length of a fault whose round only checks the promises; {@code gatehouse.fault.seconds}. */
    static final Duration LENGTH = Duration.ofSeconds(Integer.getInteger("gatehouse.fault.seconds", 3));

    private static final Duration WARM_LIMIT = Duration.ofSeconds(30);

    private Scenario() {}

    /** The events at the site while the load runs; the load ends with them. */
    interface Fault {
        void strike(Load load) throws Exception;
    }

    /**
     * The results that the clients saw.
     *
     * @param slowestChange the longest duration of an acknowledged change
     * @param unexpected responses that the fault does not explain
     * @param raises how often the generation of the cache was incremented
     * @param wentBackUnpermitted reads that went back although the generation did not change
     */
    record Outcome(
            String name,
            Verdict verdict,
            double availability,
            Duration slowestChange,
            Duration slowestRead,
            List<String> unexpected,
            int raises,
            List<Violation> wentBackUnpermitted) {

        /** Checks that both promises held, the second one except while the generation changed. */
        Outcome mustHold() {
            assertThat(wentBackUnpermitted).as(name + ": reads that went back").isEmpty();
            return mustShowWhatWasAcknowledged();
        }

        /** Checks only the first promise, for faults that make Redis lose the mark of a write in progress. */
        Outcome mustShowWhatWasAcknowledged() {
            assertThat(unexpected).as(name + ": unexpected answers").isEmpty();
            assertThat(verdict.violations().stream().filter(violation -> violation.breach() != ViolationType.WENT_BACK))
                    .as(name)
                    .isEmpty();
            assertThat(verdict.reads()).as(name + ": reads").isGreaterThan(20);
            assertThat(verdict.writes()).as(name + ": writes").isGreaterThan(5);
            return this;
        }

        /** Returns the number of violations that neither promise allows. */
        int broken() {
            return verdict.violations().size()
                    - verdict.of(ViolationType.WENT_BACK).size()
                    + wentBackUnpermitted.size();
        }

        Outcome mustAnswerEveryRead() {
            assertThat(availability).as(name + ": share of reads answered").isEqualTo(1.0);
            return this;
        }

        @Override
        public String toString() {
            int wentBack = verdict.of(ViolationType.WENT_BACK).size();
            return String.format(
                    Locale.ROOT,
                    "fault: %s: %d reads, %d writes, %d unknown; %d violations, %d went back (%d of them while the"
                            + " generation changed), worst staleness %d ms; %.1f %% of reads answered,"
                            + " slowest %d ms, slowest change %d ms, %d raises",
                    name,
                    verdict.reads(),
                    verdict.writes(),
                    verdict.unknown(),
                    verdict.violations().size() - wentBack,
                    wentBack,
                    wentBack - wentBackUnpermitted.size(),
                    verdict.worstStalenessMillis(),
                    100 * availability,
                    slowestRead.toMillis(),
                    slowestChange.toMillis(),
                    raises);
        }
    }

    /** Warms the cache for new users, runs the fault under load, reads every user on every node, and checks. */
    static <N extends ServiceClient> Outcome run(String name, TestCluster<N> site, Fault fault) throws Exception {
        site.newUsers();
        site.awaitHits(WARM_LIMIT);
        return strike(name, site, fault);
    }

    /** Like {@link #run}, but on the current users, which the caller may have warmed. */
    static Outcome strike(String name, TestCluster<?> site, Fault fault) throws Exception {
        return strike(name, site, fault, true);
    }

    /** Without a load, so that the fault itself makes each operation and rare sequences happen every time. */
    static Outcome direct(String name, TestCluster<?> site, Fault fault) throws Exception {
        return strike(name, site, fault, false);
    }

    private static Outcome strike(String name, TestCluster<?> site, Fault fault, boolean underLoad) throws Exception {
        History history = new History();
        long begin = System.nanoTime();
        site.stored().forEach((key, version) -> history.acknowledged(key, version, begin, begin));
        List<? extends ServiceClient> nodes =
                site.nodes().stream().map(TestCluster.LinkedNode::node).toList();
        Load load = new Load(nodes, site.token(), site.commonKeys(), history);
        try (GenerationWatch watch = new GenerationWatch(site.stores())) {
            try (load) {
                if (underLoad) {
                    load.start();
                }
                fault.strike(load);
            }
            for (String key : site.keys()) {
                for (int node = 0; node < nodes.size(); node++) {
                    load.read(node, key);
                }
            }
            Verdict verdict = history.check(site.stored());
            Stream<Violation> unpermitted =
                    verdict.of(ViolationType.WENT_BACK).stream().filter(violation -> !watch.mayDiffer(violation.at()));
            Outcome outcome = new Outcome(
                    name,
                    verdict,
                    load.availability(),
                    load.slowestChange(),
                    load.slowestRead(),
                    load.unexpected(),
                    watch.raises(),
                    unpermitted.toList());
            System.out.println(outcome);
            return outcome;
        }
    }
}
