package org.gatehouse.fault;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Repeats faults for the length of a round. */
final class Repeat {
    private Repeat() {}

    /** Runs the work at least once, and repeats it until the time is over. */
    static void during(Duration time, Runnable work) {
        long deadline = System.nanoTime() + time.toNanos();
        do {
            work.run();
        } while (System.nanoTime() < deadline);
    }

    /** Returns lengths of a fault in ms: the given ones, and in a long round others between their extremes. */
    static List<Long> lengths(long... millis) {
        List<Long> lengths = new ArrayList<>();
        long least = Long.MAX_VALUE;
        long greatest = 0;
        for (long each : millis) {
            lengths.add(each);
            least = Math.min(least, each);
            greatest = Math.max(greatest, each);
        }
        long left = Scenario.LENGTH.toMillis()
                - lengths.stream().mapToLong(each -> each).sum();
        while (left > greatest) {
            long next = ThreadLocalRandom.current().nextLong(least, greatest + 1);
            lengths.add(next);
            left -= next;
        }
        return lengths;
    }
}
