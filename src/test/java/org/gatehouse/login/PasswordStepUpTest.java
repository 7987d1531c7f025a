package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.json.Json;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which proof a change of password or username requires. Also tests how many attempts are allowed. */
class PasswordStepUpTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String NEW_PASSWORD = "staple battery horse correct";

    private static final Stores stores = new Stores();
    /** More than the default of {@code STEP_UP_MAX_AGE}, also for a time in whole seconds. */
    private static final Duration STEP_UP_AGE = Duration.ofMinutes(10).plusMillis(1_001);

    private static final SettableClock clock = SettableClock.atNow();
    private static final Node node = Node.start(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1"), clock);
    private static final AtomicInteger number = new AtomicInteger();

    private final String name = "user-" + number.incrementAndGet();
    private final String id = node.create(node.adminToken(), name, PASSWORD);
    private final String source = "198.51.100." + number.get();
    private String token = loginFrom(source, name, PASSWORD).text("token");

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @Test
    void aWrongCurrentPasswordIsAFieldErrorAndNotATokenError() {
        for (String target : List.of("me", id)) {
            Response rejected = changePassword(target, "wrong");

            assertCurrentPasswordRejected(rejected);
            assertThat(rejected.header("WWW-Authenticate")).isEmpty();
        }
        assertThat(changePassword("me", PASSWORD).status()).isEqualTo(204);
    }

    @Test
    void failuresStillCountAfterAUsernameChange() {
        for (int i = 0; i < 5; i++) {
            assertCurrentPasswordRejected(changePassword("me", "guess " + i));
            assertCurrentPasswordRejected(patch(Map.of("username", name + "-x", "currentPassword", "guess " + i)));
        }
        assertThrottled(changePassword("me", PASSWORD));

        assertThat(patch(Map.of("username", name + "-renamed")).status()).isEqualTo(200);

        assertThrottled(changePassword("me", PASSWORD));
        assertThrottled(patch(Map.of("username", name, "currentPassword", PASSWORD)));
        assertThrottled(loginFrom(source, name + "-renamed", PASSWORD));
        // The throttle blocks only the source of the failed attempts. The user can log in from another source.
        assertThat(loginFrom("203.0.113." + number.get(), name + "-renamed", PASSWORD)
                        .status())
                .isEqualTo(200);
        JsonNode counted =
                node.get("/user/" + id + "/throttle", node.adminToken()).json();
        assertThat(counted.path("sources").path(0).path("failures").asInt()).isEqualTo(10);
        assertThat(node.delete("/user/" + id + "/throttle", node.adminToken()).status())
                .isEqualTo(204);
        assertThat(changePassword("me", PASSWORD).status()).isEqualTo(204);
    }

    @Test
    void failedLoginsStillCountAfterAUsernameChange() {
        for (int i = 0; i < 10; i++) {
            assertThat(loginFrom(source, name, "guess " + i).status()).isEqualTo(401);
        }
        assertThat(patch(Map.of("username", name + "-renamed")).status()).isEqualTo(200);

        assertThrottled(loginFrom(source, name + "-renamed", PASSWORD));
    }

    @Test
    void aUsernameChangeRequiresTheCurrentPasswordOrARecentLogin() {
        clock.advance(STEP_UP_AGE);
        token = refreshed();

        assertStepUp(patch(Map.of("username", name + "-a")));
        assertCurrentPasswordRejected(patch(Map.of("username", name + "-a", "currentPassword", "wrong")));
        assertThat(patch(Map.of("city", "Bern", "username", name)).status())
                .as("an unchanged username requires no proof")
                .isEqualTo(200);
        Response changed = patch(Map.of("username", name + "-a", "currentPassword", PASSWORD));
        assertThat(changed.status()).as(changed.body()).isEqualTo(200);
        assertThat(changed.text("username")).isEqualTo(name + "-a");

        token = loginFrom(source, name + "-a", PASSWORD).text("token");
        assertThat(patch(Map.of("username", name + "-b")).status()).isEqualTo(200);
        assertCurrentPasswordRejected(patch(Map.of("username", name + "-c", "currentPassword", "wrong")));
    }

    @Test
    void theLimitOfUsernameChangesDoesNotApplyToAdministrators() {
        node.patch("/user/" + id, node.adminToken(), "{\"roles\":[\"admin\"]}");
        String other = node.create(node.adminToken(), name + "-other", PASSWORD);

        for (int i = 0; i < 12; i++) {
            assertThat(node.patch("/user/" + other, token, "{\"username\":\"" + name + "-other-" + i + "\"}")
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void theUsernameChangesOfAUserAreLimited() {
        Response stale = node.send(
                "PATCH",
                "/user/me",
                "{\"username\":\"" + name + "-x\"}",
                "auth",
                token,
                "Content-Type",
                "application/json",
                "If-Match",
                "\"99\"");
        assertThat(stale.status()).isEqualTo(412);
        for (int i = 0; i < 5; i++) {
            assertThat(patch(Map.of("username", "Root-Admin")).text("code")).isEqualTo("USERNAME_TAKEN");
            assertThat(patch(Map.of("username", name + "-" + i)).status()).isEqualTo(200);
        }

        for (String next : List.of("root-admin", name + "-free")) {
            Response rejected = patch(Map.of("username", next, "currentPassword", PASSWORD));
            assertThat(rejected.status()).as(rejected.body()).isEqualTo(429);
            assertThat(rejected.text("code")).isEqualTo("TOO_MANY_REQUESTS");
            assertThat(Integer.parseInt(rejected.header("Retry-After"))).isBetween(3_500, 3_600);
        }
        assertThat(patch(Map.of("email", "a@example.com")).status()).isEqualTo(200);
    }

    @Test
    void theCurrentPasswordIsNeitherStoredNorReturned() {
        Response changed =
                patch(Map.of("username", name + "-a", "currentPassword", PASSWORD, "email", "a@example.com"));

        assertThat(changed.status()).isEqualTo(200);
        assertThat(patch(Map.of("currentPassword", PASSWORD)).text("version")).isEqualTo(changed.text("version"));
        assertThat(node.get("/user/me", token).body()).doesNotContain("currentPassword", PASSWORD);
        assertThat(node.get("/user/" + id, node.adminToken()).body()).doesNotContain("currentPassword", PASSWORD);
    }

    @ParameterizedTest
    @ValueSource(strings = {"5", "true", "[\"x\"]", "{\"a\":1}"})
    void aCurrentPasswordOfTheWrongTypeIsRejectedInEveryRequest(String value) {
        String admin = node.adminToken();
        String newPassword = "{\"newPassword\":\"" + NEW_PASSWORD + "\",\"currentPassword\":" + value + "}";
        String patch = "{\"email\":\"a@example.com\",\"currentPassword\":" + value + "}";

        assertCurrentPasswordRejected(put("/user/" + id + "/password", admin, newPassword));
        assertCurrentPasswordRejected(put("/user/me/password", token, newPassword));
        assertCurrentPasswordRejected(node.patch("/user/" + id, admin, patch));
        assertCurrentPasswordRejected(node.patch("/user/me", token, patch));
        assertThat(loginFrom(source, name, PASSWORD).status()).isEqualTo(200);
    }

    @Test
    void aLoneSurrogateDoesNotEqualAQuestionMark() {
        String other = node.create(node.adminToken(), name + "?", PASSWORD);
        String set = Json.MAPPER
                .createObjectNode()
                .put("newPassword", PASSWORD + "?")
                .toString();
        assertThat(put("/user/" + other + "/password", node.adminToken(), set).status())
                .isEqualTo(204);

        assertThat(login(name + "?", PASSWORD + "\\ud800").status()).isEqualTo(401);
        assertThat(login(name + "\\ud800", PASSWORD + "?").status()).isEqualTo(401);
        assertThat(login(name + "?", PASSWORD + "?").status()).isEqualTo(200);
    }

    private static Response login(String escapedName, String escapedPassword) {
        String body = "{\"username\":\"" + escapedName + "\",\"password\":\"" + escapedPassword + "\"}";
        return node.send("POST", "/login", body, "Content-Type", "application/json");
    }

    private String refreshed() {
        String refreshToken = loginFrom(source, name, PASSWORD).text("refreshToken");
        clock.advance(STEP_UP_AGE);
        Response refreshed = node.post("/token/refresh", "", "{\"refreshToken\":\"" + refreshToken + "\"}");
        assertThat(refreshed.status()).as(refreshed.body()).isEqualTo(200);
        return refreshed.text("token");
    }

    private Response changePassword(String target, String currentPassword) {
        return put(
                "/user/" + target + "/password",
                token,
                Json.MAPPER
                        .createObjectNode()
                        .put("currentPassword", currentPassword)
                        .put("newPassword", NEW_PASSWORD)
                        .toString());
    }

    private Response put(String path, String bearer, String body) {
        return node.send(
                "PUT", path, body, "auth", bearer, "Content-Type", "application/json", "X-Forwarded-For", source);
    }

    private Response patch(Map<String, String> fields) {
        return node.patch("/user/me", token, Json.MAPPER.valueToTree(fields).toString(), "X-Forwarded-For", source);
    }

    private static Response loginFrom(String address, String username, String password) {
        return node.loginFrom(address, username, password);
    }

    private static void assertCurrentPasswordRejected(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(response.json().path("errors").findValuesAsText("field")).containsExactly("currentPassword");
    }

    private static void assertStepUp(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(401);
        assertThat(response.text("code")).isEqualTo("INSUFFICIENT_USER_AUTHENTICATION");
    }

    private static void assertThrottled(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(429);
        assertThat(response.text("code")).isEqualTo("LOGIN_THROTTLED");
        assertThat(response.header("Retry-After")).matches("[1-9][0-9]*");
    }
}
