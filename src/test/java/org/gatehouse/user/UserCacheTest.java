package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class UserCacheTest {
    private static final String PASSWORD = "correct horse battery staple";

    private static final Stores stores = new Stores();
    private static final Node gatehouse = Node.start(stores, Map.of("REDIS_EXPIRY_SECS", "600"));
    private static String admin = "";
    private static String id = "";

    @BeforeAll
    static void createAlice() {
        admin = gatehouse.adminToken();
        id = gatehouse.create(admin, "alice", PASSWORD);
    }

    @AfterAll
    static void stop() {
        gatehouse.close();
        stores.close();
    }

    @Test
    void aReadIsServedFromRedis() {
        // The test writes directly to MongoDB. Therefore a response with the old value comes from the cache.
        ObjectId objectId = new ObjectId(id);
        AtomicInteger marker = new AtomicInteger();
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            Document next = new Document("marker", marker.incrementAndGet());
            stores.users().updateOne(new Document("_id", objectId), new Document("$set", next));
            return gatehouse.get("/user/" + id, admin).json().path("marker").asInt() < marker.get();
        });

        withRedis(redis -> redis.sync().del(key()));
        assertThat(gatehouse.get("/user/" + id, admin).json().path("marker").asInt())
                .isEqualTo(marker.get());
    }

    @Test
    void anEntryExpiresAndContainsNoPassword() {
        awaitCached();

        withRedis(redis -> {
            assertThat(redis.sync().ttl(key())).isBetween(500L, 600L);
            String entry = redis.sync().get(key());
            assertThat(entry)
                    .contains("alice")
                    .doesNotContainIgnoringCase("password")
                    .doesNotContain("argon2");
            assertThat(redis.sync().keys("*"))
                    .allMatch(key -> key.matches("u:\\{.*|s:(epoch:|service:)?\\{.*|throttle:.*"));
        });
    }

    @Test
    void theReadAfterAChangeReturnsTheNewValue() {
        awaitCached();

        gatehouse.patch("/user/" + id, admin, "{\"email\":\"new@e.x\"}");

        assertThat(gatehouse.get("/user/" + id, admin).text("email")).isEqualTo("new@e.x");
    }

    @Test
    void aDeletedUserIsNotReadFromTheCache() {
        String gone = gatehouse.create(admin, "short-lived", PASSWORD);
        gatehouse.get("/user/" + gone, admin);

        gatehouse.delete("/user/" + gone, admin);

        assertThat(gatehouse.get("/user/" + gone, admin).status()).isEqualTo(404);
        withRedis(redis ->
                assertThat(String.valueOf(redis.sync().get("u:{" + gone + "}"))).doesNotContain("short-lived"));
    }

    @Test
    void anInvalidEntryOrAnEntryOfAnotherUserIsIgnored() {
        String foreign = gatehouse.get("/user/me", admin).body();
        for (String entry : List.of("", "junk", "[]", "{}", "{\"_id\":\"x\"}", foreign)) {
            withRedis(redis -> redis.sync().set(key(), entry));

            Response response = gatehouse.get("/user/" + id, admin);

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text("username")).isEqualTo("alice");
        }
    }

    @Test
    void withoutRedisEveryCallSucceeds() {
        awaitCached();
        stores.redis().kill();
        try {
            assertThat(gatehouse.get("/user/" + id, admin).status()).isEqualTo(200);
            assertThat(gatehouse.patch("/user/" + id, admin, "{\"n\":1}").status())
                    .isEqualTo(200);
            assertThat(gatehouse.get("/user/" + id, admin).json().path("n").asInt())
                    .isEqualTo(1);
            assertThat(gatehouse.login("alice", PASSWORD).status()).isEqualTo(200);
            String other = gatehouse.create(admin, "made-without-redis", PASSWORD);
            assertThat(gatehouse.delete("/user/" + other, admin).status()).isEqualTo(204);
        } finally {
            stores.redis().restart();
        }
        awaitCached();
    }

    @Test
    void aNodeThatStartsWithoutRedisUsesTheCacheAfterRedisReturns() {
        stores.redis().kill();
        try (Node second = Node.start(stores)) {
            try {
                assertThat(second.get("/user/" + id, second.adminToken()).status())
                        .isEqualTo(200);
            } finally {
                stores.redis().restart();
            }
            awaitCached(second);
        }
    }

    private static void awaitCached() {
        awaitCached(gatehouse);
    }

    /** Reads until the entry is in Redis. The first reads after a new connection may bypass the cache. */
    private static void awaitCached(Node server) {
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            server.get("/user/" + id, admin);
            boolean[] cached = new boolean[1];
            withRedis(
                    redis -> cached[0] = String.valueOf(redis.sync().get(key())).startsWith("V"));
            return cached[0];
        });
    }

    private static void withRedis(Consumer<StatefulRedisConnection<String, String>> action) {
        try (RedisClient client = RedisClient.create(stores.redis().uri());
                StatefulRedisConnection<String, String> connection = client.connect()) {
            action.accept(connection);
        }
    }

    private static String key() {
        return "u:{" + id + "}";
    }
}
