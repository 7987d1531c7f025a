package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import java.util.Queue;
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
        String classPath = mutation.alteration().classPath();
        try (TestCluster<ServiceClient> cluster = cluster(settings -> NodeProcess.start(settings, classPath))) {
            Outcome outcome = mutation.scenario().run(cluster);

            table.add(row(mutation.name().toLowerCase(Locale.ROOT).replace('_', ' '), mutation.scenario(), outcome));
            assertThat(outcome.brokenPromises()).as(mutation + ": violations").isPositive();
        }
    }

    @Test
    void allScenariosPassWithAllMechanisms() throws Exception {
        try (TestCluster<ServiceClient> cluster = cluster(NodeProcess::start)) {
            for (FaultScript scenario : FaultScript.values()) {
                Outcome outcome = scenario.run(cluster);

                table.add(row("(none)", scenario, outcome));
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
