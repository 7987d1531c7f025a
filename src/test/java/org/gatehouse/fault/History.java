package org.gatehouse.fault;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Records the operations of clients. Then checks whether a single copy of each document could have returned the same
 * results.
 *
 * <p>The check is exact and short, because versions define the order of writes. If an operation ends before another
 * operation starts, the later operation must not return a lower version. Times are {@link System#nanoTime} of the
 * recording process.
 */
public final class History {
    private final Queue<Operation> operations = new ConcurrentLinkedQueue<>();

    private enum Kind {
        READ,
        ACKNOWLEDGED,
        UNKNOWN
    }

    private record Operation(String key, Kind kind, long version, long start, long end) {}

    /** The ways in which results can differ from the results of a single copy. */
    public enum ViolationType {
        /** Breaks the first promise: after an acknowledged write, an operation returned an older version. */
        ACKNOWLEDGED_NOT_SEEN,
        /** Breaks the second promise: after a read, another read returned a lower version. */
        WENT_BACK,
        READ_BEFORE_WRITTEN,
        VERSION_TWICE,
        UNEXPLAINED_VERSION,
        STORED_IS_OLDER
    }

    /**
     * @param at the start of the operation that shows the violation
     * @param staleness the time in ns from the end of the operation with the newer version to {@code at}; 0 if the
     *     violation breaks neither promise
     */
    public record Violation(ViolationType type, String key, long version, long at, long staleness) {
        long staleMillis() {
            return TimeUnit.NANOSECONDS.toMillis(staleness);
        }
    }

    public record Verdict(long reads, long writes, long unknown, List<Violation> violations) {
        List<Violation> of(ViolationType type) {
            return violations.stream()
                    .filter(violation -> violation.type() == type)
                    .toList();
        }

        long worstStalenessMillis() {
            return violations.stream().mapToLong(Violation::staleMillis).max().orElse(0);
        }
    }

    public void read(String key, long version, long start, long end) {
        operations.add(new Operation(key, Kind.READ, version, start, end));
    }

    /** Records an acknowledged write, or the initial version of a document. */
    public void acknowledged(String key, long version, long start, long end) {
        operations.add(new Operation(key, Kind.ACKNOWLEDGED, version, start, end));
    }

    /** Records a write whose outcome is unknown. The write may have taken effect, or may still take effect. */
    void unknown(String key, long start) {
        operations.add(new Operation(key, Kind.UNKNOWN, 0, start, Long.MAX_VALUE));
    }

    /** @param stored the version of each document in MongoDB after all writes */
    public Verdict check(Map<String, Long> stored) {
        List<Violation> violations = new ArrayList<>();
        Map<String, List<Operation>> byKey = operations.stream().collect(Collectors.groupingBy(Operation::key));
        byKey.forEach((key, operationsOfKey) ->
                new Key(key, operationsOfKey, violations).check(stored.getOrDefault(key, 0L)));
        return new Verdict(count(Kind.READ), count(Kind.ACKNOWLEDGED), count(Kind.UNKNOWN), List.copyOf(violations));
    }

    private long count(Kind kind) {
        return operations.stream().filter(operation -> operation.kind() == kind).count();
    }

    /** The history of one document. */
    private static final class Key {
        private final String key;
        private final TreeMap<Long, List<Operation>> versions = new TreeMap<>();
        private final Map<Long, Operation> acknowledged = new HashMap<>();
        private final List<Operation> unknown = new ArrayList<>();
        private final List<Violation> violations;

        Key(String key, List<Operation> operations, List<Violation> violations) {
            this.key = key;
            this.violations = violations;
            for (Operation operation : operations) {
                if (operation.kind() == Kind.UNKNOWN) {
                    unknown.add(operation);
                    continue;
                }
                versions.computeIfAbsent(operation.version(), version -> new ArrayList<>())
                        .add(operation);
                if (operation.kind() == Kind.ACKNOWLEDGED && acknowledged.put(operation.version(), operation) != null) {
                    report(ViolationType.VERSION_TWICE, operation, 0);
                }
            }
        }

        void check(long stored) {
            checkOrder();
            checkOrigins();
            checkVersions(stored);
        }

        /**
         * Iterates over the versions from the highest to the lowest. Keeps the earliest end of all operations with a
         * higher version.
         */
        private void checkOrder() {
            long acknowledgedBy = Long.MAX_VALUE;
            long readBy = Long.MAX_VALUE;
            for (List<Operation> same : versions.descendingMap().values()) {
                for (Operation operation : same) {
                    if (operation.start() > acknowledgedBy) {
                        report(ViolationType.ACKNOWLEDGED_NOT_SEEN, operation, operation.start() - acknowledgedBy);
                    } else if (operation.start() > readBy) {
                        report(ViolationType.WENT_BACK, operation, operation.start() - readBy);
                    }
                }
                for (Operation operation : same) {
                    if (operation.kind() == Kind.ACKNOWLEDGED) {
                        acknowledgedBy = Math.min(acknowledgedBy, operation.end());
                    } else {
                        readBy = Math.min(readBy, operation.end());
                    }
                }
            }
        }

        /**
         * Checks that no read of a version ended before the write of this version started. A version without an
         * acknowledged write comes from a write of unknown outcome. If several such writes exist, the check assumes the
         * first of them.
         */
        private void checkOrigins() {
            long firstUnknown =
                    unknown.stream().mapToLong(Operation::start).min().orElse(Long.MIN_VALUE);
            versions.forEach((version, same) -> {
                Operation write = acknowledged.get(version);
                long written = write == null ? firstUnknown : write.start();
                same.stream()
                        .filter(read -> read.end() < written)
                        .forEach(read -> report(ViolationType.READ_BEFORE_WRITTEN, read, 0));
            });
        }

        private void checkVersions(long stored) {
            if (acknowledged.isEmpty()) {
                return;
            }
            long first = acknowledged.keySet().stream().min(Long::compare).orElseThrow();
            long last = acknowledged.keySet().stream().max(Long::compare).orElseThrow();
            long highest = Math.max(stored, versions.lastKey());
            long missing = highest - first + 1 - acknowledged.size();
            if (missing > unknown.size()) {
                report(ViolationType.UNEXPLAINED_VERSION, new Operation(key, Kind.READ, highest, 0, 0), 0);
            }
            if (stored < Math.max(last, versions.lastKey())) {
                report(ViolationType.STORED_IS_OLDER, new Operation(key, Kind.READ, stored, 0, 0), 0);
            }
        }

        private void report(ViolationType type, Operation operation, long staleness) {
            violations.add(new Violation(type, key, operation.version(), operation.start(), staleness));
        }
    }
}
