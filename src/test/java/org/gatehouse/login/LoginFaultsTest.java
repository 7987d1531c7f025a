package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.store.FaultyMongo;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Tests logins in which one of the steps after the check of the password fails. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LoginFaultsTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final int TEMPORARY = 11602;
    private static final String DATABASE = "login-faults";

    private final FaultyMongo mongo = FaultyMongo.start();
    private final EmbeddedRedis redis = EmbeddedRedis.start(Path.of("target", "test-redis", DATABASE));
    private final Node node = Node.start(Map.of(
            "AUTH_KEY",
            ServiceClient.AUTH_KEY,
            "DB_HOST",
            mongo.uri(),
            "DB_NAME",
            DATABASE,
            "REDIS_URL",
            redis.uri(),
            "ADMIN_USERNAME",
            ServiceClient.ADMIN,
            "ADMIN_PASSWORD",
            ServiceClient.ADMIN_PASSWORD));
    private final String admin = node.adminToken();
    private final MongoClient client = MongoClients.create(mongo.uri());

    @AfterEach
    void resetMongo() {
        mongo.reset();
    }

    @AfterAll
    void close() {
        client.close();
        node.close();
        redis.close();
        mongo.close();
    }

    @Test
    void aSessionIsEndedIfTheLoginCannotBeRecorded() {
        ObjectId user = new ObjectId(node.create(admin, "alice", PASSWORD));
        mongo.failWith(TEMPORARY, "users", "findAndModify");

        assertThat(node.login("alice", PASSWORD).status()).isEqualTo(503);

        await().atMost(Duration.ofSeconds(60)).until(() -> {
            List<Document> sessions = found("sessions", new Document("userId", user));
            return sessions.size() == 1 && sessions.get(0).containsKey("endedAt");
        });
        assertThat(found("audit", succeeded(user))).isEmpty();
    }

    @Test
    void aRefreshThatFailsKeepsTheCookie() {
        Browser browser = new Browser("https://login.example.com", "same-origin", "");
        String credentials = ServiceClient.credentials(ServiceClient.ADMIN, ServiceClient.ADMIN_PASSWORD);
        browser.post(node, "/login", credentials.replace("}", ",\"session\":\"cookie\"}"));
        String cookie = browser.cookies();
        mongo.failWith(TEMPORARY, "sessions", "findAndModify");

        for (String call : List.of("/token/refresh", "/logout")) {
            Response failed = browser.post(node, call, "{\"session\":\"cookie\"}");
            assertThat(failed.status()).as(failed.body()).isEqualTo(503);
            assertThat(failed.headers().allValues("Set-Cookie")).isEmpty();
            assertThat(browser.cookies()).isEqualTo(cookie).isNotEmpty();
        }
        mongo.reset();
        assertThat(browser.post(node, "/token/refresh", "{\"session\":\"cookie\"}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void aLoginWithoutASessionFailsAndIsNotInTheAuditLog() {
        ObjectId user = new ObjectId(node.create(admin, "bob", PASSWORD));
        mongo.failWith(TEMPORARY, "sessions", "insert");

        assertThat(node.login("bob", PASSWORD).status()).isEqualTo(503);

        assertThat(found("audit", succeeded(user))).isEmpty();
        mongo.reset();
        assertThat(node.login("bob", PASSWORD).status()).isEqualTo(200);
        assertThat(found("audit", succeeded(user))).hasSize(1);
    }

    private static Bson succeeded(ObjectId user) {
        return new Document("type", "LOGIN_SUCCEEDED").append("actor", user);
    }

    private List<Document> found(String collection, Bson filter) {
        MongoCollection<Document> documents = client.getDatabase(DATABASE).getCollection(collection);
        return documents.find(filter).into(new ArrayList<>());
    }
}
