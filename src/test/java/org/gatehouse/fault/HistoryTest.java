package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.gatehouse.fault.History.Verdict;
import org.gatehouse.fault.History.Violation;
import org.gatehouse.fault.History.ViolationType;
import org.junit.jupiter.api.Test;

/**
 * Tests that {@link History} reports every violation and nothing else. In each history, documents begin with version 1
 * at time 0.
 */
class HistoryTest {
    private static final String KEY = "key";
    private final History history = new History();

    HistoryTest() {
        history.acknowledged(KEY, 1, 0, 0);
    }

    @Test
    void acceptsTheResultsOfASingleCopy() {
        history.read(KEY, 1, 5, 15);
        history.acknowledged(KEY, 2, 10, 20);
        history.read(KEY, 2, 21, 22);
        history.read(KEY, 2, 23, 24);

        Verdict verdict = check(2);

        assertThat(verdict.violations()).isEmpty();
        assertThat(verdict.reads()).isEqualTo(3);
        assertThat(verdict.writes()).isEqualTo(2);
        assertThat(verdict.worstStalenessMillis()).isZero();
    }

    @Test
    void acceptsEitherVersionDuringAWrite() {
        history.acknowledged(KEY, 2, 10, 40);
        history.read(KEY, 1, 11, 30);
        history.read(KEY, 2, 12, 31);
        history.read(KEY, 1, 29, 39); // this read began before the end of the read that returned version 2
        history.read(KEY, 2, 33, 50);

        assertThat(check(2).violations()).isEmpty();
    }

    @Test
    void findsAReadThatMissesAnAcknowledgedWrite() {
        history.acknowledged(KEY, 2, ms(10), ms(20));
        history.read(KEY, 1, ms(27), ms(28));

        Verdict verdict = check(2);

        assertThat(verdict.violations())
                .containsExactly(new Violation(ViolationType.ACKNOWLEDGED_NOT_SEEN, KEY, 1, ms(27), ms(7)));
        assertThat(verdict.worstStalenessMillis()).isEqualTo(7);
    }

    @Test
    void findsAMissedWriteDuringALaterWrite() {
        history.acknowledged(KEY, 2, 10, 20);
        history.acknowledged(KEY, 3, 20, 90);
        history.read(KEY, 1, 30, 40);

        assertThat(violationTypes(3)).containsExactly(ViolationType.ACKNOWLEDGED_NOT_SEEN);
    }

    @Test
    void measuresStalenessFromTheEarliestEndOfAHigherVersion() {
        history.acknowledged(KEY, 2, 10, 80);
        history.acknowledged(KEY, 3, 20, 30);
        history.read(KEY, 1, 40, 50);

        assertThat(check(3).violations())
                .containsExactly(new Violation(ViolationType.ACKNOWLEDGED_NOT_SEEN, KEY, 1, 40, 10));
    }

    @Test
    void findsAReadThatIsOlderThanAnEarlierRead() {
        history.acknowledged(KEY, 2, 10, 90);
        history.read(KEY, 2, 15, 20);
        history.read(KEY, 1, 25, 30);

        assertThat(check(2).violations()).containsExactly(new Violation(ViolationType.WENT_BACK, KEY, 1, 25, 5));
    }

    @Test
    void findsAReadThatMissesAWriteOfUnknownOutcomeAfterAnotherReadReturnedIt() {
        history.unknown(KEY, 10);
        history.read(KEY, 2, 15, 20);
        history.read(KEY, 1, 25, 30);

        assertThat(violationTypes(2)).containsExactly(ViolationType.WENT_BACK);
    }

    @Test
    void findsAWriteWithALowerVersionThanAnEarlierWrite() {
        history.acknowledged(KEY, 3, 10, 20);
        history.acknowledged(KEY, 2, 25, 30);

        assertThat(violationTypes(3)).containsExactly(ViolationType.ACKNOWLEDGED_NOT_SEEN);
    }

    @Test
    void findsAReadThatEndsBeforeTheWriteOfItsVersionStarts() {
        history.read(KEY, 2, 5, 9);
        history.acknowledged(KEY, 2, 10, 20);

        assertThat(violationTypes(2)).containsExactly(ViolationType.READ_BEFORE_WRITTEN);
    }

    @Test
    void findsAReadThatEndsBeforeAllWritesOfUnknownOutcomeStart() {
        history.read(KEY, 2, 5, 9);
        history.unknown(KEY, 10);

        assertThat(violationTypes(2)).containsExactly(ViolationType.READ_BEFORE_WRITTEN);
    }

    @Test
    void findsAVersionThatWasAcknowledgedTwice() {
        history.acknowledged(KEY, 2, 10, 20);
        history.acknowledged(KEY, 2, 12, 22);

        assertThat(violationTypes(2)).containsExactly(ViolationType.VERSION_TWICE);
    }

    @Test
    void findsAGapThatNoUnknownWriteExplains() {
        history.acknowledged(KEY, 3, 10, 20);
        assertThat(violationTypes(3)).containsExactly(ViolationType.UNEXPLAINED_VERSION);

        history.unknown(KEY, 5);
        assertThat(violationTypes(3)).isEmpty();

        history.acknowledged(KEY, 5, 30, 40);
        assertThat(violationTypes(5)).containsExactly(ViolationType.UNEXPLAINED_VERSION);
    }

    @Test
    void findsAReadOfAVersionThatNoClientWrote() {
        history.read(KEY, 2, 10, 20);

        assertThat(violationTypes(2)).containsExactly(ViolationType.UNEXPLAINED_VERSION);
    }

    @Test
    void findsAStoredDocumentThatMissesAnAcknowledgedWrite() {
        history.acknowledged(KEY, 2, 10, 20);

        assertThat(violationTypes(1)).containsExactly(ViolationType.STORED_IS_OLDER);
        assertThat(violationTypes(0)).containsExactly(ViolationType.STORED_IS_OLDER);
    }

    @Test
    void findsAStoredDocumentThatNoClientWrote() {
        history.acknowledged(KEY, 2, 10, 20);

        assertThat(violationTypes(3)).containsExactly(ViolationType.UNEXPLAINED_VERSION);
    }

    @Test
    void acceptsAStoredDocumentOfAWriteOfUnknownOutcome() {
        history.acknowledged(KEY, 2, 10, 20);
        history.unknown(KEY, 25);

        Verdict verdict = check(3);

        assertThat(verdict.violations()).isEmpty();
        assertThat(verdict.unknown()).isEqualTo(1);
    }

    @Test
    void checksEachDocumentSeparately() {
        history.acknowledged("other", 7, 0, 0);
        history.read(KEY, 1, 5, 6);
        history.read("other", 7, 5, 6);

        assertThat(history.check(Map.of(KEY, 1L, "other", 7L)).violations()).isEmpty();
    }

    private Verdict check(long stored) {
        return history.check(Map.of(KEY, stored));
    }

    private List<ViolationType> violationTypes(long stored) {
        return check(stored).violations().stream().map(Violation::type).toList();
    }

    private static long ms(long time) {
        return TimeUnit.MILLISECONDS.toNanos(time);
    }
}
