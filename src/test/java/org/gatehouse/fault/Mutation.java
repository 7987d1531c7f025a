package org.gatehouse.fault;

/**
 * The mechanisms of the cache that a test can disable. Each constant names the scenario that must fail without the
 * mechanism.
 */
enum Mutation {
    NO_LEASE_CHECK_IN_FILL(
            FaultScript.A_LOAD_OLDER_THAN_A_CHANGE,
            "cache/Script.java",
            "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'refused' end",
            ""),
    NO_BEGIN(
            FaultScript.A_CHANGE_WITH_A_LATE_REPLY,
            "cache/DocumentCache.java",
            "return all(ids, id -> Script.BEGIN",
            "if (!token.isEmpty()) return true;\nreturn all(ids, id -> Script.BEGIN"),
    NO_END(
            FaultScript.A_LOST_MARK,
            "cache/DocumentCache.java",
            "return all(ids, id -> Script.END",
            "if (!token.isEmpty()) return true;\nreturn all(ids, id -> Script.END"),
    END_LEAVES_V_AND_L(
            FaultScript.A_LOST_MARK,
            "cache/Script.java",
            "if not value then return 'done' end",
            "if not value or string.sub(value, 1, 1) ~= 'T' then return 'done' end"),
    ACKNOWLEDGED_BEFORE_END(
            FaultScript.A_LOST_MARK,
            "cache/DocumentCache.java",
            "topology -> end(ids, topology, token) && generation.awaitSettled(topology)",
            """
            topology -> {
                generation.execute(() -> end(ids, topology, token), Duration.ofMillis(500));
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
            "cache/DocumentCache.java",
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
            FaultScript.A_CHANGE_WITHOUT_REDIS, "cache/DocumentCache.java", "generation.incrementAndAwait();", "");

    private final FaultScript scenario;
    private final String file;
    private final String text;
    private final String replacement;

    Mutation(FaultScript scenario, String file, String text, String replacement) {
        this.scenario = scenario;
        this.file = file;
        this.text = text;
        this.replacement = replacement;
    }

    FaultScript scenario() {
        return scenario;
    }

    Alteration alteration() {
        return new Alteration(file, text, replacement);
    }
}
