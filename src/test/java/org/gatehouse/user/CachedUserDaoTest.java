package org.gatehouse.user;

import java.time.Duration;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.config.Secret;
import org.gatehouse.store.RedisConnection;
import org.junit.jupiter.api.AfterAll;

class CachedUserDaoTest extends UserDaoContract {
    private final RedisConnection redis =
            new RedisConnection(new Secret(stores.redis().uri()));

    @Override
    UserDao decorate(MongoUserDao stored) {
        return new CachedUserDao(stored, new DocumentCache(redis, "u", Duration.ofMinutes(1)));
    }

    @AfterAll
    void closeRedis() {
        redis.close();
    }
}
