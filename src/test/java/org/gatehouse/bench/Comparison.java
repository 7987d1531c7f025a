package org.gatehouse.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

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
     * @param target the required minimum or maximum of the median ratio
     */
    record Title(String id, String subject, String reference, Target target) {}

    /** The required minimum or maximum of the median ratio. */
    record Target(double bound, boolean atLeast) {
        static Target atLeast(double bound) {
            return new Target(bound, true);
        }

        static Target atMost(double bound) {
            return new Target(bound, false);
        }

        static Target none() {
            return new Target(Double.NaN, true);
        }

        boolean isSet() {
            return !Double.isNaN(bound);
        }

        boolean isMetBy(double median) {
            return atLeast ? median >= bound : median <= bound;
        }

        /**
         * Describes the target, and whether this median meets the target. Returns an empty text if there is no target.
         */
        String describe(double median) {
            if (!isSet()) {
                return "";
            }
            String side = atLeast ? "at least" : "at most";
            return String.format(
                    Locale.ROOT, ", target %s %.2f: %s", side, bound, isMetBy(median) ? "reached" : "missed");
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
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < subject.size(); i++) {
            ratios.add(subject.get(i) / reference.get(i));
        }
        return ratios;
    }
}
