package org.gatehouse.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.gatehouse.cache.GenerationModel.Change;
import org.gatehouse.cache.GenerationModel.Promise;
import org.gatehouse.dev.EmbeddedRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks that the cache protocol keeps its promises in every possible order of steps. The steps are those of readers
 * and writers. Also checks that a promise breaks if a part of the protocol is missing. A real Redis executes the real
 * scripts.
 *
 * <p>{@link KeyModel} has several readers and writers in one generation. {@link GenerationModel} has two nodes that
 * increment the generation, and a Redis that fails. {@link NearModel} has nodes with near caches. Each of these classes
 * documents what the model omits. If a row of a table fails, the test prints the shortest sequence of steps that breaks
 * the promise.
 */
@Tag("also-full")
class CacheModelTest {
    private static final boolean LONG = Boolean.getBoolean("gatehouse.long");
    private static final String TAKES_LONG = ", takes long";

    private static final EmbeddedRedis redis = EmbeddedRedis.start(Path.of("target", "test-redis", "model"));
    private static final RedisClient client = RedisClient.create(redis.uri());
    private static final StatefulRedisConnection<String, byte[]> connection = connect();
    private static final TrackingConnection tracking = new TrackingConnection(connect());

    @AfterAll
    static void stop() {
        client.shutdown();
        redis.close();
    }

    private static StatefulRedisConnection<String, byte[]> connect() {
        return client.connect(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE));
    }

    private static ScriptedKey key() {
        return new ScriptedKey(connection.sync(), tracking);
    }

    /**
     * In the column names, "acknowledged" stands for {@code ACKNOWLEDGED_IS_SEEN}, and "both" stands for both promises
     * of {@link KeyModel.Promise}. A "safe" Redis never loses the key. A "lossy" Redis loses the key at most twice.
     * Cases marked "takes long" run only in the long form of this test.
     */
    @ParameterizedTest(name = "{0}")
    @CsvSource(useHeadersInDisplayName = true, delimiter = '|', textBlock = """
            change                           | acknowledged, safe | acknowledged, lossy | both, safe | both, lossy
            ''                               | holds              | holds               | holds      | breaks
            A_WRITER_IS_KILLED_BEFORE_END    | holds              | holds, takes long   | holds      | breaks
            A_WRITE_HAS_NO_REPLY             | holds              | holds, takes long   | holds      | breaks
            LOADS_ARE_SHARED                 | holds              | holds, takes long   | holds      | breaks
            FILL_IGNORES_ITS_LEASE           | breaks             | breaks              | breaks     | breaks
            NO_BEGIN                         | holds              | holds               | breaks     | breaks
            NO_END                           | holds              | breaks              | holds      | breaks
            END_LEAVES_V_AND_L               | holds              | breaks              | holds      | breaks
            ACKNOWLEDGED_BEFORE_END          | holds              | breaks              | holds      | breaks
            END_AT_ONCE_WITHOUT_A_REPLY      | holds, takes long  | holds, takes long   | breaks     | breaks
            NO_STAR_AT_BEGIN                 | breaks             | breaks              | breaks     | breaks
            NO_STAR_AT_A_LATE_END            | holds              | breaks              | holds      | breaks
            LOADS_ARE_SHARED_WITHOUT_A_LEASE | breaks             | breaks              | breaks     | breaks
            """)
    void everyPartOfTheProtocolIsNeededAndTogetherTheyAreEnough(
            String change, String acknowledgedSafe, String acknowledgedLossy, String bothSafe, String bothLossy) {
        Set<KeyModel.Change> safe = changes(KeyModel.Change.class, change);
        Set<KeyModel.Change> lossy = EnumSet.of(KeyModel.Change.REDIS_LOSES_KEYS);
        lossy.addAll(safe);

        verify(KeyModel.Promise.ACKNOWLEDGED_IS_SEEN, safe, acknowledgedSafe);
        verify(KeyModel.Promise.ACKNOWLEDGED_IS_SEEN, lossy, acknowledgedLossy);
        verify(KeyModel.Promise.AND_NO_READ_GOES_BACK, safe, bothSafe);
        verify(KeyModel.Promise.AND_NO_READ_GOES_BACK, lossy, bothLossy);
    }

    private static void verify(KeyModel.Promise promise, Set<KeyModel.Change> changes, String verdict) {
        if (LONG || !verdict.endsWith(TAKES_LONG)) {
            Model model = new KeyModel(key(), promise, changes);
            verify(model, promise + " with " + changes, verdict.replace(TAKES_LONG, ""));
        }
    }

    /**
     * The faults of a row may happen in any order, or not at all. Only the first node writes. Either both nodes read,
     * or only the second node reads.
     */
    @ParameterizedTest
    @CsvSource(useHeadersInDisplayName = true, delimiter = '|', textBlock = """
            nodes read on | faults
            2             | LINKS_BREAK A_WRITE_HAS_NO_REPLY
            1             | LINKS_BREAK A_WRITE_HAS_NO_REPLY REDIS_LOSES_THE_KEY
            1             | LINKS_BREAK A_WRITE_HAS_NO_REPLY REDIS_RESTARTS
            1             | LINKS_BREAK REDIS_RESTARTS FROM_A_SNAPSHOT
            1             | THE_WRITER_IS_KILLED REDIS_RESTARTS FROM_A_SNAPSHOT
            1             | THE_OLD_REDIS_STAYS_UP
            """)
    void acknowledgedWritesAreSeenDuringEveryFaultOfRedis(int readers, String faults) {
        verify(Promise.NO_STALE_ENTRY_STAYS, readers, faults, "holds");
    }

    @Tag("full")
    @ParameterizedTest
    @CsvSource(useHeadersInDisplayName = true, delimiter = '|', textBlock = """
            nodes read on | faults
            2             | LINKS_BREAK A_WRITE_HAS_NO_REPLY REDIS_RESTARTS FROM_A_SNAPSHOT
            1             | A_WRITE_HAS_NO_REPLY THE_OLD_REDIS_STAYS_UP FROM_A_SNAPSHOT
            1             | LINKS_BREAK THE_OLD_REDIS_STAYS_UP THE_OLD_REDIS_IS_FOUND_TOO
            """)
    void acknowledgedWritesAreSeenDuringCombinedFaults(int readers, String faults) {
        verify(Promise.NO_STALE_ENTRY_STAYS, readers, faults, "holds");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "A_WRITE_HAS_NO_REPLY", "A_WRITE_HAS_NO_REPLY THE_WRITER_IS_KILLED"})
    void noReadGoesBackWhileRedisIsAvailable(String faults) {
        verify(Promise.AND_NO_READ_GOES_BACK, 2, faults, "holds");
    }

    @ParameterizedTest
    @CsvSource(useHeadersInDisplayName = true, delimiter = '|', textBlock = """
            change                                    | faults                                      | promise
            NO_GENERATION_IN_THE_VALUE                | REDIS_RESTARTS FROM_A_SNAPSHOT              | ACKNOWLEDGED_IS_SEEN
            NO_WAIT_AFTER_AN_INCREMENT                | LINKS_BREAK                                 | ACKNOWLEDGED_IS_SEEN
            NO_QUARANTINE_FOR_HITS                    | THE_OLD_REDIS_STAYS_UP                      | ACKNOWLEDGED_IS_SEEN
            NO_QUARANTINE_FOR_ACKNOWLEDGEMENTS        | THE_OLD_REDIS_STAYS_UP                      | ACKNOWLEDGED_IS_SEEN
            NO_QUARANTINE_FOR_FILLS                   | REDIS_RESTARTS THE_WRITER_IS_KILLED         | NO_STALE_ENTRY_STAYS
            NO_FILL_QUARANTINE_BEFORE_THE_LOAD        | REDIS_RESTARTS THE_WRITER_IS_KILLED         | NO_STALE_ENTRY_STAYS
            ACKNOWLEDGED_WITHOUT_A_LEASE              | THE_OLD_REDIS_STAYS_UP                      | ACKNOWLEDGED_IS_SEEN
            ACKNOWLEDGED_UNDER_ANOTHER_RUN            | THE_OLD_REDIS_STAYS_UP                      | ACKNOWLEDGED_IS_SEEN
            LEASED_FROM_AN_OLD_READ                   | LINKS_BREAK                                 | ACKNOWLEDGED_IS_SEEN
            INCREMENTED_FROM_AN_OLD_READ              | LINKS_BREAK REDIS_RESTARTS                  | ACKNOWLEDGED_IS_SEEN
            NO_INCREMENT_AFTER_AN_UNREPORTED_LAST_END | LINKS_BREAK A_WRITE_HAS_NO_REPLY            | NO_STALE_ENTRY_STAYS
            LAST_END_SENT_TO_ANY_REDIS                | THE_OLD_REDIS_STAYS_UP A_WRITE_HAS_NO_REPLY | NO_STALE_ENTRY_STAYS
            """)
    void everyPartOfTheGenerationIsNeeded(String change, String faults, Promise promise) {
        // In each of these cases, one increment is enough to break the promise.
        verify(promise, 1, 1, change + " " + faults, "breaks");
    }

    /** Checks which promises break. {@code ACKNOWLEDGED_IS_SEEN} holds in each of these cases. */
    @ParameterizedTest
    @CsvSource(useHeadersInDisplayName = true, delimiter = '|', textBlock = """
            faults                                               | promise               | verdict
            LINKS_BREAK                                          | AND_NO_READ_GOES_BACK | breaks
            REDIS_RESTARTS                                       | AND_NO_READ_GOES_BACK | breaks
            LINKS_BREAK AN_INCREMENT_FAILS                       | NO_STALE_ENTRY_STAYS  | breaks
            LINKS_BREAK AN_INCREMENT_FAILS                       | ACKNOWLEDGED_IS_SEEN  | holds
            A_WRITE_OUTLASTS_ITS_MARK                            | AND_NO_READ_GOES_BACK | breaks
            A_WRITE_OUTLASTS_ITS_MARK THE_WRITER_IS_KILLED       | NO_STALE_ENTRY_STAYS  | breaks
            A_WRITE_OUTLASTS_ITS_MARK LINKS_BREAK REDIS_RESTARTS | ACKNOWLEDGED_IS_SEEN  | holds
            """)
    void theOtherPromisesBreakOnlyAsDocumented(String faults, Promise promise, String verdict) {
        verify(promise, 1, faults, verdict);
    }

    private static void verify(Promise promise, int readers, String words, String verdict) {
        verify(promise, readers, 2, words, verdict);
    }

    private static void verify(Promise promise, int readers, int increments, String words, String verdict) {
        Set<Change> changes = changes(Change.class, words);
        Model model = new GenerationModel(key(), promise, changes, readers, increments);
        verify(model, promise + " with " + changes, verdict);
    }

    /**
     * The columns are those of the first table, but a "lossy" Redis loses the key at most once. There is one writer. The
     * column "nodes" contains the number of nodes that is enough to break a promise.
     */
    @ParameterizedTest(name = "{1}")
    @CsvSource(useHeadersInDisplayName = true, delimiter = '|', textBlock = """
            nodes | change                           | acknowledged, safe | acknowledged, lossy | both, safe         | both, lossy
            2     | ''                               | holds              | holds, takes long   | holds              | breaks, takes long
            1     | STORED_LATE SLOTS_ARE_SHARED     | holds              | holds               | holds              | breaks
            2     | STORED_LATE                      | holds, takes long  | holds, takes long   | holds, takes long  | breaks, takes long
            1     | STORED_LATE_WITHOUT_A_SLOT       | breaks             | breaks              | breaks             | breaks
            2     | WAIT_AFTER_THE_WRITE             | holds, takes long  | holds, takes long   | breaks             | breaks, takes long
            1     | NO_WAIT                          | breaks             | breaks              | breaks             | breaks
            1     | NO_WAIT_AFTER_A_LOST_T           | holds              | breaks              | holds              | breaks
            1     | COPIES_ARE_VALID_WITHOUT_A_REPLY | breaks             | breaks              | breaks             | breaks
            1     | COPY_TAKEN_BEFORE_THE_CHECK      | breaks             | breaks              | breaks             | breaks
            1     | REPLIES_OVERTAKE_INVALIDATIONS   | breaks             | breaks              | breaks             | breaks
            1     | EARLIER_PING_IS_SHARED           | breaks             | breaks              | breaks             | breaks
            1     | REDIS_FORGETS_READS              | breaks             | breaks              | breaks             | breaks
            """)
    void everyPartOfTheNearCacheIsNeededAndTogetherTheyAreEnough(
            int nodes,
            String change,
            String acknowledgedSafe,
            String acknowledgedLossy,
            String bothSafe,
            String bothLossy) {
        String lossy = "REDIS_LOSES_THE_KEY " + change;

        verifyNear(1, nodes, KeyModel.Promise.ACKNOWLEDGED_IS_SEEN, change, acknowledgedSafe);
        verifyNear(1, nodes, KeyModel.Promise.ACKNOWLEDGED_IS_SEEN, lossy, acknowledgedLossy);
        verifyNear(1, nodes, KeyModel.Promise.AND_NO_READ_GOES_BACK, change, bothSafe);
        verifyNear(1, nodes, KeyModel.Promise.AND_NO_READ_GOES_BACK, lossy, bothLossy);
    }

    @Tag("full")
    @ParameterizedTest
    @CsvSource(useHeadersInDisplayName = true, delimiter = '|', textBlock = """
            writers | nodes | events                                           | promise
            2       | 1     | STORED_LATE SLOTS_ARE_SHARED                     | AND_NO_READ_GOES_BACK
            2       | 1     | REDIS_LOSES_THE_KEY STORED_LATE SLOTS_ARE_SHARED | ACKNOWLEDGED_IS_SEEN
            1       | 2     | STORED_LATE SLOTS_ARE_SHARED                     | AND_NO_READ_GOES_BACK
            """)
    void theNearCacheKeepsBothPromisesWithMoreWritersAndReaders(
            int writers, int nodes, String events, KeyModel.Promise promise) {
        verifyNear(writers, nodes, promise, events, "holds");
    }

    private static void verifyNear(int writers, int nodes, KeyModel.Promise promise, String words, String verdict) {
        if (LONG || !verdict.endsWith(TAKES_LONG)) {
            Set<NearModel.Change> changes = changes(NearModel.Change.class, words);
            Model model = new NearModel(key(), promise, changes, writers, nodes);
            verify(model, promise + " with " + changes, verdict.replace(TAKES_LONG, ""));
        }
    }

    private static void verify(Model model, String description, String verdict) {
        Exploration exploration = Exploration.of(model);

        assertThat(exploration.holds() ? "holds" : "breaks")
                .as("%s, %,d states: %s", description, exploration.states(), exploration.counterexample())
                .isEqualTo(verdict);
    }

    private static <E extends Enum<E>> Set<E> changes(Class<E> type, String words) {
        Set<E> changes = EnumSet.noneOf(type);
        for (String word : words.split(" ", -1)) {
            if (!word.isEmpty()) {
                changes.add(Enum.valueOf(type, word));
            }
        }
        return changes;
    }
}
