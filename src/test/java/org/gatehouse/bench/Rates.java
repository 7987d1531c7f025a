package org.gatehouse.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.gatehouse.bench.Comparison.Target;
import org.gatehouse.bench.Comparison.Title;

/** How often a program answered in each of several rounds, per second and per second of processor time. */
final class Rates {
    private final List<Double> perSecond = new ArrayList<>();
    private final List<Double> perProcessorSecond = new ArrayList<>();

    /**
     * The result of one round.
     *
     * @param processorNanos the processor time of the program, without that of the load generator
     */
    record Round(long answers, long nanos, long processorNanos) {
        /** Returns the result of this many programs that would not disturb each other. */
        Round times(int programs) {
            return new Round(programs * answers, nanos, programs * processorNanos);
        }

        Round plus(Round next) {
            return new Round(answers + next.answers, nanos + next.nanos, processorNanos + next.processorNanos);
        }
    }

    /** Measures one round of a program. */
    interface Program {
        Round run() throws IOException;
    }

    /**
     * Measures this many rounds of each program. The programs take turns, and each turn begins with another program, so
     * that a program does not always follow the same one.
     *
     * @return the rates of the programs in the given order
     */
    static List<Rates> inTurns(int rounds, Program... programs) throws IOException {
        List<Rates> all = Stream.of(programs).map(program -> new Rates()).toList();
        for (int i = 0; i < rounds; i++) {
            for (int j = 0; j < programs.length; j++) {
                int next = (i + j) % programs.length;
                all.get(next).add(programs[next].run());
            }
        }
        return all;
    }

    void add(Round round) {
        perSecond.add(round.answers() * 1e9 / round.nanos());
        perProcessorSecond.add(round.answers() * 1e9 / round.processorNanos());
    }

    double medianPerSecond() {
        return Spread.of(perSecond).median();
    }

    /** Compares both rates with those of a reference. The target applies to the rate per second. */
    List<Comparison> beside(Title title, String unit, Rates reference) {
        Title processor = new Title(
                title.id() + Title.BY_PROCESSOR,
                title.subject(),
                title.reference() + ", by processor time",
                Target.none());
        return List.of(
                new Comparison(title, unit + "/s", perSecond, reference.perSecond),
                new Comparison(processor, unit + "/s of a core", perProcessorSecond, reference.perProcessorSecond));
    }
}
