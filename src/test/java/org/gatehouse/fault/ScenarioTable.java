package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.gatehouse.app.Node;
import org.gatehouse.fault.Scenario.Outcome;
import org.gatehouse.fault.TestCluster.Starter;
import org.gatehouse.war.ServiceClient;

/** Runs fault scenarios on altered nodes, and notes the violations in a table. */
final class ScenarioTable {
    private final Queue<String> rows = new ConcurrentLinkedQueue<>();

    /** Fails unless the scenario of the mutation breaks a promise. */
    void assertDetected(Mutation mutation) throws Exception {
        try (TestCluster<ServiceClient> cluster = cluster(mutation.alterations())) {
            Outcome outcome = mutation.scenario().run(cluster);

            add(mutation.name().toLowerCase(Locale.ROOT).replace('_', ' '), mutation.scenario(), outcome);
            assertThat(outcome.brokenPromises()).as(mutation + ": violations").isPositive();
        }
    }

    /** @param delays alterations that must not break a promise */
    void assertPassed(Set<FaultScript> scenarios, List<Alteration> delays) throws Exception {
        try (TestCluster<ServiceClient> cluster = cluster(delays)) {
            for (FaultScript scenario : scenarios) {
                Outcome outcome = scenario.run(cluster);

                add(delays.isEmpty() ? "(none)" : "(none, slow)", scenario, outcome);
                assertThat(outcome.brokenPromises())
                        .as(scenario + ": violations")
                        .isZero();
                assertThat(outcome.unexpected()).isEmpty();
            }
        }
    }

    void print() {
        System.out.printf(Locale.ROOT, "%-42s %-38s %s%n", "mechanism switched off", "scenario", "violations");
        rows.stream().sorted().forEach(System.out::println);
    }

    private void add(String mutation, FaultScript scenario, Outcome outcome) {
        rows.add(String.format(Locale.ROOT, "%-42s %-38s %d", mutation, scenario, outcome.brokenPromises()));
    }

    private static TestCluster<ServiceClient> cluster(List<Alteration> alterations) {
        String classPath = Alteration.classPath(alterations);
        Starter<ServiceClient> altered = settings -> NodeProcess.start(settings, classPath);
        return TestCluster.of(List.of(altered, altered), List.of(Node::start));
    }
}
