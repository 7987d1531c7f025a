package org.gatehouse.fault;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.gatehouse.war.Response;

/** Records the results of calls, and the events between the calls, for each second. */
final class Timeline {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final long begin = System.nanoTime();
    private final List<Second> seconds = new ArrayList<>();
    private final List<String> failed = new ArrayList<>();
    private long lastMark = begin;
    private long lastFailure = begin;

    private static final class Second {
        private final List<String> events = new ArrayList<>();
        private int succeeded;
        private int failed;
    }

    /** Makes a call. The result counts for the second in which the call began. A status of 300 or more is a failure. */
    void record(Supplier<Response> call) {
        long start = System.nanoTime();
        String outcome;
        try {
            Response response = call.get();
            outcome = response.status() == 503 && response.header("Retry-After").matches("[1-9][0-9]*")
                    ? "503 with Retry-After"
                    : response.status() + " " + response.body();
            outcome = response.status() < 300 ? "" : outcome;
        } catch (UncheckedIOException | AssertionError failure) {
            outcome = failure.toString();
        }
        count(start, outcome);
    }

    private synchronized void count(long start, String failure) {
        Second second = second(start);
        if (failure.isEmpty()) {
            second.succeeded++;
        } else {
            second.failed++;
            failed.add(failure);
            lastFailure = Math.max(lastFailure, start);
        }
    }

    synchronized void mark(String event) {
        lastMark = System.nanoTime();
        second(lastMark).events.add(event);
    }

    /** Returns all failures, one line each. */
    synchronized List<String> failed() {
        return List.copyOf(failed);
    }

    synchronized int succeeded() {
        return seconds.stream().mapToInt(second -> second.succeeded).sum();
    }

    /** Returns the time since the start of the last failed call. */
    synchronized Duration sinceLastFailure() {
        return Duration.ofNanos(System.nanoTime() - lastFailure);
    }

    private Second second(long at) {
        int index = (int) ((at - begin) / SECOND);
        while (seconds.size() <= index) {
            seconds.add(new Second());
        }
        return seconds.get(index);
    }

    @Override
    public synchronized String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < seconds.size(); i++) {
            Second second = seconds.get(i);
            text.append(String.format(
                    Locale.ROOT,
                    "second %2d: %4d served, %4d failed  %s%n",
                    i,
                    second.succeeded,
                    second.failed,
                    String.join(", ", second.events)));
        }
        double recovery = Math.max(0, lastFailure - lastMark) / (double) SECOND;
        return text + String.format(Locale.ROOT, "the last call that failed began %.1f s after the return", recovery);
    }
}
