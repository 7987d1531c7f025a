package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.gatehouse.app.Node;
import org.gatehouse.fault.Scenario.Outcome;
import org.gatehouse.fault.TestCluster.Starter;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests the fault scenarios themselves. If a mechanism of the cache is disabled, at least one scenario must fail. */
@Tag("fault")
class MutationTest {
    private static final Queue<String> table = new ConcurrentLinkedQueue<>();

    @AfterAll
    static void print() {
        System.out.printf(Locale.ROOT, "%-42s %-38s %s%n", "mechanism switched off", "scenario", "violations");
        table.stream().sorted().forEach(System.out::println);
    }

    @ParameterizedTest
    @EnumSource
    void aScenarioFailsWithoutEachMechanism(Mutation mutation) throws Exception {
        String classPath = Alteration.classPath(mutation.alterations());
        try (TestCluster<ServiceClient> cluster = cluster(settings -> NodeProcess.start(settings, classPath))) {
            Outcome outcome = mutation.scenario().run(cluster);

            table.add(row(mutation.name().toLowerCase(Locale.ROOT).replace('_', ' '), mutation.scenario(), outcome));
            assertThat(outcome.brokenPromises()).as(mutation + ": violations").isPositive();
        }
    }

    @Test
    void allScenariosPassWithAllMechanisms() throws Exception {
        pass(EnumSet.allOf(FaultScript.class), List.of());
    }

    @Test
    void allScenariosWithCopiesPassWithTheDelaysOfMutations() throws Exception {
        pass(FaultScript.ofCopies(), List.of(Alteration.LONG_REPORT_TIME, Alteration.SLOW_COPY));
    }

    @Test
    void aPingBeforeAChangePassesWithTheDelaysOfItsMutation() throws Exception {
        pass(
                EnumSet.of(FaultScript.A_PING_BEFORE_A_CHANGE),
                List.of(Alteration.LONG_READ_TIMEOUT, Alteration.SLOW_REPORT));
    }

    private static void pass(Set<FaultScript> scenarios, List<Alteration> delays) throws Exception {
        String classPath = Alteration.classPath(delays);
        try (TestCluster<ServiceClient> cluster = cluster(settings -> NodeProcess.start(settings, classPath))) {
            for (FaultScript scenario : scenarios) {
                Outcome outcome = scenario.run(cluster);

                table.add(row(delays.isEmpty() ? "(none)" : "(none, slow)", scenario, outcome));
                assertThat(outcome.brokenPromises())
                        .as(scenario + ": violations")
                        .isZero();
                assertThat(outcome.unexpected()).isEmpty();
            }
        }
    }

    private static TestCluster<ServiceClient> cluster(Starter<ServiceClient> starter) {
        return TestCluster.of(List.of(starter, starter), List.of(Node::start));
    }

    private static String row(String mutation, FaultScript scenario, Outcome outcome) {
        return String.format(Locale.ROOT, "%-42s %-38s %d", mutation, scenario, outcome.brokenPromises());
    }
}
