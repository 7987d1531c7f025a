package org.gatehouse.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Response times in milliseconds from several rounds. In each round, calls were sent at a fixed rate.
 *
 * @param rate calls per second
 */
record Latencies(String name, double rate, Spread p50, Spread p99) {
    /** @param rounds the response times of each round in nanoseconds, in ascending order */
    static Latencies of(String name, double rate, List<long[]> rounds) {
        List<Double> p50 = new ArrayList<>();
        List<Double> p99 = new ArrayList<>();
        for (long[] round : rounds) {
            p50.add(percentile(round, 0.50));
            p99.add(percentile(round, 0.99));
        }
        return new Latencies(name, rate, Spread.of(p50), Spread.of(p99));
    }

    /** @param sorted times in nanoseconds, in ascending order */
    static double percentile(long[] sorted, double part) {
        return sorted[Math.min(sorted.length - 1, (int) Math.ceil(part * sorted.length) - 1)] / 1e6;
    }
}
