package org.gatehouse.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the end of the sessions of all users at once, on two nodes. Each test has its own users. */
class EndAllSessionsTest {
    private static final String PASSWORD = "correct horse battery staple";

    private static final Stores stores = new Stores();
    private static final Node one = Node.start(stores);
    private static final Node other = Node.start(stores);
    private static final AtomicInteger number = new AtomicInteger();

    private final String alice = "alice-" + number.incrementAndGet();
    private final String bob = "bob-" + number.get();
    private final List<Response> logins = new ArrayList<>();
    private String admin = "";

    @BeforeEach
    void logIn() {
        admin = one.adminToken();
        for (String name : List.of(alice, bob)) {
            one.create(admin, name, PASSWORD);
            logins.add(one.login(name, PASSWORD));
        }
        for (Response login : logins) { // both nodes have copies of the sessions
            assertThat(one.get("/user/me", login.text("token")).status()).isEqualTo(200);
            assertThat(other.get("/user/me", login.text("token")).status()).isEqualTo(200);
        }
    }

    @AfterAll
    static void stop() {
        one.close();
        other.close();
        stores.close();
    }

    @Test
    void everySessionOfEveryUserEndsOnEveryNode() {
        assertThat(one.delete("/session?all=true", admin).status()).isEqualTo(204);

        assertEnded();
        assertThat(other.get("/user/me", admin).text("code")).isEqualTo("SESSION_ENDED");
        String later = other.adminToken();
        assertThat(one.get("/user/me", later).status()).isEqualTo(200);
        assertThat(one.get("/session", later).json()).hasSize(1);
        assertThat(one.get("/audit?type=ALL_SESSIONS_ENDED&user=" + adminId(later) + "&limit=1", later)
                        .json()
                        .path(0)
                        .path("details")
                        .path("session")
                        .asText())
                .isEqualTo("all");
        assertThat(one.post("/logout", later, "{\"everywhere\":true}")
                        .json()
                        .path("ended")
                        .asInt())
                .isEqualTo(1);
    }

    @Test
    void oneNumberChanges() {
        List<Document> before = sessions();

        assertThat(one.delete("/session?all=true", admin).status()).isEqualTo(204);

        assertThat(sessions()).isEqualTo(before);
    }

    @Test
    void withOthersTheSessionOfTheCallerStays() {
        assertThat(one.delete("/session?all=true&others=true", admin).status()).isEqualTo(204);

        assertEnded();
        assertThat(other.get("/user/me", admin).status()).isEqualTo(200);
        assertThat(other.get("/session", admin).json()).hasSize(1);
        String second = other.adminToken();

        assertThat(other.delete("/session?all=true&others=true", second).status())
                .isEqualTo(204);

        assertThat(one.get("/user/me", admin).status())
                .as("exempt the first time only")
                .isEqualTo(401);
        assertThat(one.get("/user/me", second).status()).isEqualTo(200);
    }

    @Test
    void onlyAdministratorsEndTheSessionsOfAll() {
        String user = logins.get(0).text("token");

        assertThat(one.delete("/session?all=true", user).status()).isEqualTo(403);
        assertThat(one.delete("/session?all=true&others=true", user).status()).isEqualTo(403);

        assertThat(one.get("/user/me", logins.get(1).text("token")).status()).isEqualTo(200);
        assertThat(one.delete("/session?all=false&others=true", user).status()).isEqualTo(204);
        assertThat(one.get("/user/me", logins.get(1).text("token")).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "?all=false", "?all=1", "?all=", "?all=true&all=true", "?All=true", "?all=true&others=yes"})
    void anUnclearRequestEndsNothing(String query) {
        assertThat(one.delete("/session" + query, admin).status()).isEqualTo(400);

        assertThat(one.get("/user/me", admin).status()).isEqualTo(200);
    }

    @Test
    void sessionsOfEarlierVersionsEndToo() {
        stores.collection("sessions")
                .updateMany(new Document(), new Document("$unset", new Document("globalEpoch", "")));
        stores.meta().replaceOne(new Document("_id", "sessions"), new Document("_id", "sessions").append("epoch", 0L));
        flushRedis();
        assertThat(other.get("/user/me", logins.get(0).text("token")).status()).isEqualTo(200);
        assertThat(other.get("/session", logins.get(0).text("token")).json()).hasSize(1);

        assertThat(one.delete("/session?all=true", admin).status()).isEqualTo(204);

        assertEnded();
    }

    private static String adminId(String token) {
        return one.get("/user/me", token).text("_id");
    }

    private static void flushRedis() {
        try (RedisClient client = RedisClient.create(stores.redis().uri());
                StatefulRedisConnection<String, String> connection = client.connect()) {
            connection.sync().flushall();
        }
    }

    private void assertEnded() {
        for (Response login : logins) {
            for (Node node : List.of(one, other)) {
                assertThat(node.get("/user/me", login.text("token")).text("code"))
                        .isEqualTo("SESSION_ENDED");
            }
            Response refreshed =
                    other.post("/token/refresh", "", "{\"refreshToken\":\"" + login.text("refreshToken") + "\"}");
            assertThat(refreshed.text("code")).isEqualTo("SESSION_ENDED");
        }
    }

    private List<Document> sessions() {
        return stores.collection("sessions").find().sort(new Document("_id", 1)).into(new ArrayList<>());
    }
}
