package org.gatehouse.fault;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Repeats a fault during a scenario. */
final class Repeat {
    private Repeat() {}

    /** Runs the action at least once, and repeats it until the time has passed. */
    static void during(Duration time, Runnable work) {
        long deadline = System.nanoTime() + time.toNanos();
        do {
            work.run();
        } while (System.nanoTime() < deadline);
    }

    /**
     * Returns the given lengths of a fault in ms. If {@link Scenario#LENGTH} permits more repetitions, also returns
     * random lengths between the shortest and the longest.
     */
    static List<Long> lengths(long... millis) {
        List<Long> lengths = new ArrayList<>();
        long shortest = Long.MAX_VALUE;
        long longest = 0;
        for (long each : millis) {
            lengths.add(each);
            shortest = Math.min(shortest, each);
            longest = Math.max(longest, each);
        }
        long remaining = Scenario.LENGTH.toMillis()
                - lengths.stream().mapToLong(each -> each).sum();
        while (remaining > longest) {
            long next = ThreadLocalRandom.current().nextLong(shortest, longest + 1);
            lengths.add(next);
            remaining -= next;
        }
        return lengths;
    }
}
