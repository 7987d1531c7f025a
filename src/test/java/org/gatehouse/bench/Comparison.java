package org.gatehouse.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Measurements of two sides, taken alternately in many short rounds. The noise of adjacent rounds is similar. Therefore
 * the ratio of each pair is more meaningful than the ratio of two averages.
 *
 * @param unit the unit of both sides
 * @param subject the result of the measured side in each round
 * @param reference the result of the reference in each round
 */
record Comparison(Title title, String unit, List<Double> subject, List<Double> reference) {
    /**
     * The names of both sides, and the target of the comparison.
     *
     * @param id the name in the file of figures
     */
    record Title(String id, String subject, String reference, Target target) {
        /** The end of the id of a comparison by processor time. The rest is the id of the comparison by time. */
        static final String BY_PROCESSOR = "-processor";
    }

    /** The quantity to which a target applies. */
    enum Measure {
        RATIO,
        SUBJECT,
        DIFFERENCE
    }

    /** The required minimum or maximum of the median ratio, or of another quantity. */
    record Target(double bound, boolean atLeast, Measure measure) {
        static Target atLeast(double bound) {
            return new Target(bound, true, Measure.RATIO);
        }

        static Target atMost(double bound) {
            return new Target(bound, false, Measure.RATIO);
        }

        static Target subjectAtMost(double bound) {
            return new Target(bound, false, Measure.SUBJECT);
        }

        static Target differenceAtMost(double bound) {
            return new Target(bound, false, Measure.DIFFERENCE);
        }

        static Target none() {
            return new Target(Double.NaN, true, Measure.RATIO);
        }

        boolean isSet() {
            return !Double.isNaN(bound);
        }

        boolean isMetBy(double median) {
            return atLeast ? median >= bound : median <= bound;
        }

        /** Describes the target, such as {@code ≥ 0.5}. */
        String describe() {
            return (atLeast ? "≥ " : "≤ ") + bound;
        }

        String verdict(double median) {
            return isMetBy(median) ? "reached" : "missed";
        }
    }

    /** Measures one side once. */
    interface Side {
        double measure() throws IOException;
    }

    Comparison {
        subject = List.copyOf(subject);
        reference = List.copyOf(reference);
    }

    /**
     * Measures this many pairs. The sides take turns at being measured first, so that neither side always follows the
     * other.
     */
    static Comparison alternate(Title title, String unit, int pairs, Side subject, Side reference) throws IOException {
        List<Double> subjects = new ArrayList<>();
        List<Double> references = new ArrayList<>();
        for (int i = 0; i < pairs; i++) {
            if (i % 2 == 0) {
                subjects.add(subject.measure());
                references.add(reference.measure());
            } else {
                references.add(reference.measure());
                subjects.add(subject.measure());
            }
        }
        return new Comparison(title, unit, subjects, references);
    }

    List<Double> ratios() {
        return measured(Measure.RATIO);
    }

    /** Returns the quantity to which the target applies. */
    Spread measured() {
        return Spread.of(measured(title.target().measure()));
    }

    private List<Double> measured(Measure measure) {
        List<Double> measured = new ArrayList<>();
        for (int i = 0; i < subject.size(); i++) {
            measured.add(
                    switch (measure) {
                        case RATIO -> subject.get(i) / reference.get(i);
                        case SUBJECT -> subject.get(i);
                        case DIFFERENCE -> subject.get(i) - reference.get(i);
                    });
        }
        return measured;
    }
}
