package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.json.CollidingNames;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests input that could cost the server much time or make the calls of other clients fail. The callers are not
 * authenticated.
 */
class HostileInputTest {
    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores, Map.of("REGISTRATION", "open"));

    @AfterAll
    static void close() {
        node.close();
        stores.close();
    }

    @Test
    void anInvalidNameIsNotComparedWithThePassword() {
        // Gatehouse must not fold an invalid name, because folding 56 KB of misordered accents takes a second.
        // Therefore the password check does not compare the password with such a name.
        String tooLong = "zq7wkx9v3p".repeat(25) + "abcdef"; // too long for a username, but not for a password

        Response response = node.send(
                "POST",
                "/user",
                "{\"username\":\"" + tooLong + "\",\"password\":\"" + tooLong + "\"}",
                "Content-Type",
                "application/json");

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.json().findValuesAsText("field")).containsExactly("username");
    }

    @Test
    void collidingNamesDoNotMakeTheCallsOfOtherClientsFail() throws Exception {
        String admin = node.adminToken();
        String user = "/user/" + node.create(admin, "bystander", "correct horse battery staple");
        List<Integer> hostileStatuses = Collections.synchronizedList(new ArrayList<>());
        Thread attacker = new Thread(() -> {
            for (int i = 0; i < 30; i++) {
                String body = CollidingNames.body((i % 2 == 0 ? "ab" : "bA") + i, 30_000);
                String path = List.of("/login", "/token/refresh", "/logout").get(i % 3);
                hostileStatuses.add(node.post(path, "", body).status());
            }
        });
        attacker.start();
        for (int i = 0; attacker.isAlive() || i < 5; i++) {
            Response response = node.patch(user, admin, "{\"n" + i % 20 + "\":" + i + ",\"name" + i % 20 + "x\":1}");
            assertThat(response.status()).as(response.body()).isEqualTo(200);
        }
        attacker.join();

        assertThat(hostileStatuses).hasSize(30).isSubsetOf(200, 400, 401);
        Response imported = node.send(
                "POST",
                "/user/import",
                "{\"username\":\"newcomer-1\",\"aNameOfItsOwn\":1}\n" + CollidingNames.body("ab", 30_000)
                        + "\n{\"username\":\"newcomer-2\",\"another\":1}",
                "auth",
                admin,
                "Content-Type",
                "application/x-ndjson");
        assertThat(imported.body().lines().map(line -> line.replaceAll(".*\"status\":\"(\\w+)\".*", "$1")))
                .containsExactly("created", "error", "created", "done");
    }

    @Test
    void aFormWithManyCollidingNamesIsAccepted() {
        StringBuilder form = new StringBuilder("token=a");
        String names = CollidingNames.body("", 60_000).replaceAll("[{}\":1]", "");
        for (String name : names.split(",")) {
            // All these names have the same String.hashCode.
            form.append('&')
                    .append(name.replace("ab", "Aa").replace("bA", "BB"))
                    .append('=');
        }

        Response response = node.send(
                "POST",
                "/introspect",
                form.toString(),
                "auth",
                node.adminToken(),
                "Content-Type",
                "application/x-www-form-urlencoded");

        assertThat(response.body()).isEqualTo("{\"active\":false}");
    }

    @Test
    void aLoneSurrogateInANameIsRejected() {
        String admin = node.adminToken();
        String body = "{\"a\\ud800\":1,\"b\":{\"\\udc00\":1},\"password\\ud800\":1,\"c\":\"\\ud800\"}";

        for (String path : List.of("/login", "/logout", "/token/refresh", "/user")) {
            assertThat(node.post(path, admin, body).status()).as(path).isEqualTo(400);
        }
        assertThat(node.patch("/user/me", admin, body).status()).isEqualTo(400);
        assertThat(node.send("PUT", "/user/me/password", body, "auth", admin, "Content-Type", "application/json")
                        .status())
                .isEqualTo(400);
        Response imported =
                node.send("POST", "/user/import", body, "auth", admin, "Content-Type", "application/x-ndjson");
        assertThat(imported.body().lines()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", " null ", "", "{}"})
    void aLogoutWithAnEmptyBodyEndsTheSession(String body) {
        String token = node.adminToken();

        assertThat(node.post("/logout", token, body).status()).isEqualTo(200);
        assertThat(node.get("/user/me", token).text("code")).isEqualTo("SESSION_ENDED");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "true", "0", "\"\"", "null null", "nul"})
    void aMalformedLogoutEndsNoSession(String body) {
        String token = node.adminToken();

        assertThat(node.post("/logout", token, body).text("code")).isEqualTo("BODY_MALFORMED");
        assertThat(node.get("/user/me", token).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"no-such-charset", "\"$%\""})
    void aFormInAnUnknownCharsetIsRejected(String charset) {
        Response response = node.send(
                "POST",
                "/introspect",
                "token=a",
                "auth",
                node.adminToken(),
                "Content-Type",
                "application/x-www-form-urlencoded; charset=" + charset);

        assertThat(response.status()).as(response.body()).isEqualTo(415);
    }
}
