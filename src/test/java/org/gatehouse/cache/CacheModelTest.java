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
import org.gatehouse.cache.KeyModel.Change;
import org.gatehouse.cache.KeyModel.Promise;
import org.gatehouse.dev.EmbeddedRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the protocol promises and what each part of it is for, looked at in every order in which the steps of readers and
 * writers can follow each other. The steps in Redis are the real scripts in a real Redis.
 */
class CacheModelTest {
    private static final String TAKES_LONG = ", takes long";

    private static final EmbeddedRedis redis = EmbeddedRedis.start(Path.of("target", "test-redis", "model"));
    private static final RedisClient client = RedisClient.create(redis.uri());
    private static final StatefulRedisConnection<String, byte[]> connection =
            client.connect(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE));

    @AfterAll
    static void stop() {
        client.shutdown();
        redis.close();
    }

    /**
     * "Acknowledged" asks for the first promise alone, "both" for both; a "safe" Redis loses nothing by itself, a
     * "lossy" one may lose the key twice. What takes long is looked at in the long form.
     */
    @ParameterizedTest(name = "{0}")
    @CsvSource(useHeadersInDisplayName = true, delimiter = '|', textBlock = """
            what is different                | acknowledged, safe | acknowledged, lossy | both, safe | both, lossy
            NOTHING                          | holds              | holds               | holds      | breaks
            A_WRITER_IS_KILLED_BEFORE_END    | holds              | holds, takes long   | holds      | breaks
            A_WRITE_HAS_NO_ANSWER            | holds              | holds, takes long   | holds      | breaks
            FILL_DOES_NOT_LOOK_FOR_ITS_LEASE | breaks             | breaks              | breaks     | breaks
            NO_BEGIN                         | holds              | holds               | breaks     | breaks
            NO_END                           | holds              | breaks              | holds      | breaks
            END_LEAVES_V_AND_L               | holds              | breaks              | holds      | breaks
            ACKNOWLEDGED_BEFORE_END          | holds              | breaks              | holds      | breaks
            END_AT_ONCE_ON_NO_ANSWER         | holds, takes long  | holds, takes long   | breaks     | breaks
            """)
    void everyPartOfTheProtocolIsNeededAndTogetherTheyAreEnough(
            String different, String acknowledgedSafe, String acknowledgedLossy, String bothSafe, String bothLossy) {
        Set<Change> safe = EnumSet.noneOf(Change.class);
        if (!different.equals("NOTHING")) {
            safe.add(Change.valueOf(different));
        }
        Set<Change> lossy = EnumSet.of(Change.REDIS_LOSES_KEYS);
        lossy.addAll(safe);

        verify(Promise.ACKNOWLEDGED_IS_SEEN, safe, acknowledgedSafe);
        verify(Promise.ACKNOWLEDGED_IS_SEEN, lossy, acknowledgedLossy);
        verify(Promise.AND_NO_READ_GOES_BACK, safe, bothSafe);
        verify(Promise.AND_NO_READ_GOES_BACK, lossy, bothLossy);
    }

    private static void verify(Promise promise, Set<Change> changes, String verdict) {
        if (verdict.endsWith(TAKES_LONG) && !Boolean.getBoolean("gatehouse.long")) {
            return;
        }
        Exploration exploration = Exploration.of(new KeyModel(new ScriptedKey(connection.sync()), promise, changes));

        assertThat(exploration.holds() ? "holds" : "breaks")
                .as("%s, %s, %,d states: %s", promise, changes, exploration.states(), exploration.story())
                .isEqualTo(verdict.replace(TAKES_LONG, ""));
    }
}
