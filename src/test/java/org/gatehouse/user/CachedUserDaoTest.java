package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.cache.Generation;
import org.gatehouse.cache.NearCache;
import org.gatehouse.config.RedisUrl;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;
import org.gatehouse.json.Json;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.RedisConnection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class CachedUserDaoTest extends UserDaoContract {
    private final NearCache near = new NearCache(1 << 20);
    private final RedisConnection redis =
            new RedisConnection(RedisUrl.parse(stores.redis().uri()), near, new Metrics());
    private final Generation generation = new Generation(mongo, redis, near, false, new SecureRandom(), new Metrics());
    private final DocumentCache<User> cache =
            new DocumentCache<>(generation, "u", "users", Duration.ofMinutes(1), UserJson.codec(), new Metrics());

    @Override
    UserDao decorate(MongoUserDao stored) {
        generation.start();
        return new CachedUserDao(stored, cache);
    }

    @AfterAll
    void closeCache() {
        generation.close();
        redis.close();
    }

    @Test
    void updatesTheStoredUserAndNotTheCachedUserIfTheVersionIsMissing() {
        ObjectId id = new ObjectId();
        UserId userId = new UserId(id.toHexString());
        stores.users()
                .insertOne(new Document("_id", id).append("username", "alice").append("usernameKey", "alice"));
        AtomicInteger visits = new AtomicInteger();
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            users().find(userId);
            visit(id, visits.incrementAndGet());
            // The second read returned an old value. Therefore this value came from the cache.
            return visitsOf(users().find(userId).orElseThrow()) < visits.get();
        });

        AtomicInteger seen = new AtomicInteger();
        users().update(userId, user -> {
            seen.set(visitsOf(user));
            ObjectNode fields = user.fields().deepCopy().put("ours", 1);
            return user.with(user.username(), user.roles(), user.status(), fields);
        });

        assertThat(seen).hasValue(visits.get());
    }

    @Test
    void aChangeWithoutEffectDoesNotCacheTheUserThatWasReadEarlier() {
        ObjectId id = new ObjectId();
        UserId userId = new UserId(id.toHexString());
        Document document = new Document("_id", id).append("username", "carol").append("usernameKey", "carol");
        stores.users().insertOne(document.append("version", 1L).append("status", "active"));
        User seen = users().find(userId).orElseThrow();
        users().update(seen, user -> withVisits(user, 1));

        users().update(seen, user -> user);

        assertThat(visitsOf(users().find(userId).orElseThrow())).isEqualTo(1);
        stores.users().deleteOne(new Document("_id", id)); // other tests list all users
    }

    private static User withVisits(User user, int visits) {
        ObjectNode fields = user.fields().deepCopy().put("visits", visits);
        return user.with(user.username(), user.roles(), user.status(), fields);
    }

    @Test
    void findsAnImportedUserWhoseAbsenceWasCached() {
        ObjectId id = new ObjectId();
        UserId userId = new UserId(id.toHexString());
        NewUser bob = new NewUser(
                userId,
                Username.parse("bob").orElseThrow(),
                null,
                Set.of("user"),
                UserStatus.ACTIVE,
                Json.MAPPER.createObjectNode(),
                NewUser.Imported.NONE,
                List.of());
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            boolean absent = users().find(userId).isEmpty();
            stores.users()
                    .insertOne(new Document("_id", id).append("username", "b").append("usernameKey", "b"));
            boolean cached = absent && users().find(userId).isEmpty();
            stores.users().deleteOne(new Document("_id", id));
            return cached;
        });

        assertThat(users().insertAll(List.of(bob))).isEmpty();

        assertThat(users().find(userId).map(User::username)).hasValue("bob");
    }

    private void visit(ObjectId id, int visits) {
        stores.users().updateOne(new Document("_id", id), new Document("$set", new Document("visits", visits)));
    }

    private static int visitsOf(User user) {
        return user.fields().path("visits").asInt();
    }
}
