package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests the restore procedure of docs/operations.md: all documents and indexes are copied, and Redis is emptied. */
class RestoreTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String OTHER_KEY = "another key, because the first one was lost with its machine";

    private static final Stores stores = new Stores();
    private static Response login;

    @BeforeAll
    static void useService() {
        try (Node node = Node.start(stores)) {
            node.create(node.adminToken(), "alice", PASSWORD);
            login = node.login("alice", PASSWORD);
        }
        assertThat(login.status()).isEqualTo(200);
    }

    @AfterAll
    static void stop() {
        stores.close();
    }

    @Test
    void allSessionsContinueWithTheAuthKeyOfTheBackup() {
        try (Stores restored = restored();
                Node node = Node.start(restored)) {
            assertThat(node.token("alice", PASSWORD)).isNotEmpty();
            assertThat(node.get("/user/me", login.text("token")).text("username"))
                    .isEqualTo("alice");
            assertThat(refresh(node).status()).isEqualTo(200);
        }
    }

    @Test
    void passwordsAndSessionsContinueWithAnotherAuthKey() {
        try (Stores restored = restored();
                Node node = Node.start(restored, Map.of("AUTH_KEY", OTHER_KEY))) {
            String token = node.token("alice", PASSWORD);
            assertThat(node.get("/user/me", token).status()).isEqualTo(200);
            assertThat(node.get("/user/me", login.text("token")).text("username"))
                    .isEqualTo("alice");
            assertThat(refresh(node).status()).isEqualTo(200);
            assertThat(node.get("/.well-known/jwks.json", "").json().path("keys"))
                    .as("the old key, which this node cannot decrypt, and a new key")
                    .hasSize(2);
        }
    }

    private static Response refresh(Node node) {
        return node.post("/token/refresh", "", new Document("refreshToken", login.text("refreshToken")).toJson());
    }

    private static Stores restored() {
        Stores restored = new Stores();
        for (String collection : stores.collections()) {
            List<Document> indexes = stores.collection(collection).listIndexes().into(new ArrayList<>());
            indexes.removeIf(index -> index.getString("name").equals("_id_"));
            indexes.forEach(index -> index.remove("ns"));
            if (!indexes.isEmpty()) {
                restored.command(new Document("createIndexes", collection).append("indexes", indexes));
            }
            List<Document> all = stores.collection(collection).find().into(new ArrayList<>());
            if (!all.isEmpty()) {
                restored.collection(collection).insertMany(all);
            }
        }
        return restored;
    }
}
