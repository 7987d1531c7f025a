package org.gatehouse.fault;

import java.util.List;
import java.util.stream.Stream;

/**
 * The mechanisms of the cache that a test can disable. Each constant names the scenario that must fail without the
 * mechanism. The mechanisms of the entries in Redis come first, then those of the copies, from
 * {@link #COPIES_USED_WITHOUT_A_REPLY} on.
 */
enum Mutation {
    NO_LEASE_CHECK_IN_FILL(
            FaultScript.A_LOAD_OLDER_THAN_A_CHANGE,
            "cache/Script.java",
            "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'refused' end",
            ""),
    NO_BEGIN(
            FaultScript.A_CHANGE_WITH_A_LATE_REPLY,
            "cache/CacheWriter.java",
            "return all(keys, key -> Script.BEGIN",
            "if (!token.isEmpty()) return true;\nreturn all(keys, key -> Script.BEGIN"),
    NO_END(
            FaultScript.A_LOST_MARK,
            "cache/CacheWriter.java",
            "return all(keys, key -> Script.END",
            "if (!token.isEmpty()) return true;\nreturn all(keys, key -> Script.END"),
    END_LEAVES_V_AND_L(
            FaultScript.A_LOST_MARK,
            "cache/Script.java",
            "if not value then return 'gone' end",
            "if not value or string.sub(value, 1, 1) ~= 'T' then return 'gone' end"),
    ACKNOWLEDGED_BEFORE_END(
            FaultScript.A_LOST_MARK,
            "cache/CacheWriter.java",
            "topology -> end(keys, topology, token, entry) && generation.awaitSettled(topology)",
            """
            topology -> {
                generation.execute(() -> end(keys, topology, token, entry), Duration.ofMillis(500));
                return generation.awaitSettled(topology);
            }"""),
    ENTRIES_OF_OTHER_GENERATIONS_TRUSTED(
            FaultScript.A_CHANGE_WITHOUT_REDIS,
            "cache/Entry.java",
            "generation.equals(Long.toString(number))",
            "number != 0"),
    HITS_AT_ONCE_IN_A_NEW_GENERATION(
            FaultScript.TWO_NODES_ON_TWO_REDIS,
            "cache/Generation.java",
            "return now - firstSeen >= SETTLING.toNanos();",
            "return true;"),
    FILLS_AT_ONCE_IN_A_NEW_GENERATION(
            FaultScript.A_CHANGE_OLDER_THAN_REDIS,
            "cache/Generation.java",
            "boolean mayFill = isValid && now - known.firstSeen >= FILL_QUARANTINE.toNanos();",
            "boolean mayFill = isValid;"),
    END_AT_ONCE_ON_UNKNOWN(
            FaultScript.A_CHANGE_AFTER_ITS_TIMEOUT,
            "cache/CacheWriter.java",
            "if (rejected.code() == ErrorCode.STORE_UNAVAILABLE) {",
            "if (false) {"),
    HITS_WITHOUT_A_LEASE(
            FaultScript.A_NODE_WITHOUT_REPLIES,
            "concurrent/LeasedValue.java",
            "return now - sentAt < length;",
            "return true;"),
    ANY_RUN_OF_REDIS_TRUSTED(
            FaultScript.AN_OLD_SNAPSHOT, "store/RedisTopology.java", "return runIds;", "return List.of(\"any\");"),
    NO_INCREMENT_WHEN_END_CANNOT_BE_REPORTED(
            FaultScript.A_CHANGE_WITHOUT_REDIS, "cache/CacheWriter.java", "generation.incrementAndAwait();", ""),

    COPIES_USED_WITHOUT_A_REPLY(
            FaultScript.A_NODE_WITHOUT_REPORTS,
            "store/RedisNodeConnection.java",
            "boolean inTime = tracking && now - lastAnswered < REPORT_TIME_NANOS;",
            "boolean inTime = true;",
            Alteration.LONG_REPORT_TIME),
    NO_WAIT_BEFORE_THE_WRITE(
            FaultScript.A_NODE_WITHOUT_REPORTS,
            "cache/CacheWriter.java",
            "if (announced.isPresent() && !Threads.sleep(RedisTopology.REPORT_TIME)) {",
            "if (false) {",
            Alteration.LONG_REPORT_TIME),
    THE_WAIT_AFTER_THE_WRITE(
            FaultScript.A_CHANGE_BEFORE_ITS_REPORT,
            "cache/CacheWriter.java",
            "if (announced.isPresent() && !Threads.sleep(RedisTopology.REPORT_TIME)) {",
            """
            Supplier<R> original = write;
            write = () -> {
                R result = original.get();
                Threads.sleep(RedisTopology.REPORT_TIME);
                return result;
            };
            if (false) {""",
            Alteration.LONG_REPORT_TIME),
    NO_WAIT_AFTER_A_LOST_MARK(
            FaultScript.A_COPY_OF_A_LOST_MARK,
            "cache/CacheWriter.java",
            "replies.stream().noneMatch(Script::isGone)",
            "!replies.isEmpty()",
            Alteration.LONG_REPORT_TIME),
    COPIES_STORED_AFTER_A_REPORT(
            FaultScript.A_SLOW_COPY,
            "cache/NearCache.java",
            "slots.asMap().replace(key, reserved, new Slot(",
            """
            org.gatehouse.concurrent.Threads.sleep(java.time.Duration.ofMillis(300));
            slots.put(key, new Slot(""",
            Alteration.LONG_REPORT_TIME),
    EARLIER_PING_SHARED(
            FaultScript.A_PING_BEFORE_A_CHANGE,
            "store/SharedPing.java",
            "next = next == null ? new CompletableFuture<>() : next;",
            "if (onItsWay != null) return onItsWay;\nnext = next == null ? new CompletableFuture<>() : next;",
            Alteration.LONG_READ_TIMEOUT,
            Alteration.SLOW_REPORT),
    REPORTS_IGNORED(
            FaultScript.A_REPORTED_CHANGE,
            "cache/NearCache.java",
            "slots.invalidate(key);",
            "",
            Alteration.LONG_REPORT_TIME),
    REPORTS_OF_A_FLUSH_IGNORED(
            FaultScript.A_FLUSH, "cache/NearCache.java", "slots.invalidateAll();", "", Alteration.LONG_REPORT_TIME),
    COPIES_OF_LOST_CONNECTIONS_USED(
            FaultScript.A_LOST_CONNECTION,
            "cache/NearCache.java",
            "return generation == permit.generation() && topology == current;",
            "return generation == permit.generation();",
            Alteration.LONG_REPORT_TIME),
    COPIES_OF_OTHER_GENERATIONS_USED(
            FaultScript.A_CHANGE_WITHOUT_REDIS,
            "cache/NearCache.java",
            "return generation == permit.generation() && topology == current;",
            "return topology == current;",
            Alteration.LONG_REPORT_TIME);

    private final FaultScript scenario;
    private final List<Alteration> alterations;

    /** @param delays alterations that break no promise, but without which the scenario would depend on luck */
    Mutation(FaultScript scenario, String file, String text, String replacement, Alteration... delays) {
        this.scenario = scenario;
        this.alterations = Stream.concat(Stream.of(new Alteration(file, text, replacement)), Stream.of(delays))
                .toList();
    }

    FaultScript scenario() {
        return scenario;
    }

    /** Returns the alterations of the application: the disabled mechanism first, then delays. */
    List<Alteration> alterations() {
        return alterations;
    }
}
