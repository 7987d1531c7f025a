package org.gatehouse.fault;

import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests the fault scenarios themselves. If a mechanism of the entries in Redis is disabled, at least one scenario must
 * fail. {@link NearMutationTest} tests the mechanisms of the copies; the two run beside each other.
 */
@Tag("fault")
class MutationTest {
    private static final ScenarioTable table = new ScenarioTable();

    @AfterAll
    static void print() {
        table.print();
    }

    @ParameterizedTest
    @EnumSource(to = "NO_INCREMENT_WHEN_END_CANNOT_BE_REPORTED")
    void aScenarioFailsWithoutEachMechanism(Mutation mutation) throws Exception {
        table.assertDetected(mutation);
    }

    @Test
    void allScenariosPassWithAllMechanisms() throws Exception {
        table.assertPassed(EnumSet.allOf(FaultScript.class), List.of());
    }
}
