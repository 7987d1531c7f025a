package org.gatehouse.user;

import java.security.SecureRandom;
import java.time.Duration;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.cache.Generation;
import org.gatehouse.config.RedisUrl;
import org.gatehouse.store.RedisConnection;
import org.junit.jupiter.api.AfterAll;

class CachedUserDaoTest extends UserDaoContract {
    private final RedisConnection redis =
            new RedisConnection(RedisUrl.parse(stores.redis().uri()));
    private final Generation generation = new Generation(mongo, redis, false, new SecureRandom());

    @Override
    UserDao decorate(MongoUserDao stored) {
        generation.start();
        return new CachedUserDao(
                stored, new DocumentCache<>(generation, "u", Duration.ofMinutes(1), UserJson.cached()));
    }

    @AfterAll
    void closeCache() {
        generation.close();
        redis.close();
    }
}
