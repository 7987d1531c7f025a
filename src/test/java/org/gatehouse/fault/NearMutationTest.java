package org.gatehouse.fault;

import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests the fault scenarios like {@link MutationTest}, with the mechanisms of the copies in the memory of a node. */
@Tag("fault")
class NearMutationTest {
    private static final ScenarioTable table = new ScenarioTable();

    @AfterAll
    static void print() {
        table.print();
    }

    @ParameterizedTest
    @EnumSource(from = "COPIES_USED_WITHOUT_A_REPLY")
    void aScenarioFailsWithoutEachMechanism(Mutation mutation) throws Exception {
        table.assertDetected(mutation);
    }

    @Test
    void allScenariosPassWithTheDelaysOfMutations() throws Exception {
        table.assertPassed(FaultScript.ofCopies(), List.of(Alteration.LONG_REPORT_TIME, Alteration.SLOW_COPY));
    }

    @Test
    void aPingBeforeAChangePassesWithTheDelaysOfItsMutation() throws Exception {
        table.assertPassed(
                EnumSet.of(FaultScript.A_PING_BEFORE_A_CHANGE),
                List.of(Alteration.LONG_READ_TIMEOUT, Alteration.SLOW_REPORT));
    }
}
