package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.json.Json;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that users change their passwords and administrators reset them. Each test has a separate user. */
class PasswordResourceTest {
    private static final String OLD = "correct horse battery staple";
    private static final String NEW = "an entirely different sentence";
    private static final String LONGEST =
            "thirty-two bytes that go on and on ".repeat(8).substring(0, 256);
    private static final int RACES = 5;

    private static final Stores stores = new Stores();
    private static final Node gatehouse = Node.start(stores);
    private static final AtomicInteger number = new AtomicInteger();
    private static String admin = "";

    private final String username = "user-" + number.incrementAndGet();
    private final String id = gatehouse.create(admin, username, OLD);

    @BeforeAll
    static void login() {
        admin = gatehouse.adminToken();
    }

    @AfterAll
    static void stop() {
        gatehouse.close();
        stores.close();
    }

    @Test
    void aUserChangesTheirPasswordAndAllOtherSessionsEnd() {
        for (String target : List.of("me", id)) {
            String before = target.equals("me") ? OLD : NEW;
            String after = target.equals("me") ? NEW : OLD;
            Response current = gatehouse.login(username, before);
            Response other = gatehouse.login(username, before);
            String etag = gatehouse.get("/user/me", current.text("token")).header("ETag");

            Response changed = change(target, current.text("token"), body(before, after));

            assertThat(changed.status()).as(changed.body()).isEqualTo(204);
            assertThat(gatehouse.login(username, before).text("code")).isEqualTo("CREDENTIALS_WRONG");
            assertThat(gatehouse.login(username, after).status()).isEqualTo(200);
            assertEnded(other);
            Response me = gatehouse.get("/user/me", current.text("token"));
            assertThat(me.status()).isEqualTo(200);
            assertThat(me.header("ETag")).isNotEqualTo(etag);
            assertThat(refresh(current).status()).isEqualTo(200);
        }
    }

    @Test
    void aWrongCurrentPasswordChangesNothing() {
        Response current = gatehouse.login(username, OLD);
        Response other = gatehouse.login(username, OLD);
        Document before = stored();

        for (String wrong : List.of("wrong", "", NEW, OLD + " ")) {
            Response rejected = change("me", current.text("token"), body(wrong, NEW));
            assertFieldRejected(rejected, "currentPassword");
        }

        assertThat(stored()).isEqualTo(before);
        for (Response login : List.of(current, other)) {
            assertThat(gatehouse.get("/user/me", login.text("token")).status()).isEqualTo(200);
        }
        assertThat(gatehouse.login(username, OLD).status()).isEqualTo(200);
    }

    @Test
    void aResetByAnAdministratorEndsAllSessionsOfTheUser() {
        Response login = gatehouse.login(username, OLD);

        Response reset = change(id, admin, body(null, NEW));

        assertThat(reset.status()).as(reset.body()).isEqualTo(204);
        assertEnded(login);
        assertThat(gatehouse.get("/user/me", admin).status()).isEqualTo(200);
        assertThat(gatehouse.login(username, OLD).text("code")).isEqualTo("CREDENTIALS_WRONG");
        assertThat(gatehouse.login(username, NEW).status()).isEqualTo(200);
    }

    @Test
    void anAdministratorMustSendTheCurrentPasswordToChangeTheirOwn() {
        gatehouse.patch("/user/" + id, admin, "{\"roles\":[\"admin\"]}");
        Response login = gatehouse.login(username, OLD);
        for (String target : List.of("me", id)) {
            Response unproven = change(target, login.text("token"), body(null, NEW));
            assertFieldRejected(unproven, "currentPassword");
            assertFieldRejected(change(target, login.text("token"), body("wrong", NEW)), "currentPassword");
        }

        assertThat(change("me", login.text("token"), body(OLD, NEW)).status()).isEqualTo(204);
        assertThat(gatehouse.login(username, NEW).status()).isEqualTo(200);
    }

    @Test
    void onlyTheUserAndAdministratorsMayChangeAPassword() {
        gatehouse.create(admin, "other-" + username, OLD);
        String other = gatehouse.token("other-" + username, OLD);
        Document before = stored();

        for (String target : List.of(id, "0123456789abcdef01234567")) {
            Response rejected = change(target, other, body(OLD, NEW));
            assertThat(rejected.status()).as(rejected.body()).isEqualTo(403);
            assertThat(rejected.text("code")).isEqualTo("FORBIDDEN");
        }
        assertThat(change(id, "", body(OLD, NEW)).text("code")).isEqualTo("TOKEN_MISSING");
        assertThat(change("me", "", "{").text("code")).isEqualTo("TOKEN_MISSING");

        assertThat(stored()).isEqualTo(before);
        assertThat(gatehouse.login(username, OLD).status()).isEqualTo(200);
    }

    @Test
    void aChangeForAnUnknownUserIsNotFound() {
        for (String target : List.of("0123456789abcdef01234567", "x", "%7B%22$ne%22:1%7D")) {
            Response response = change(target, admin, body(null, NEW));
            assertThat(response.status()).as(response.body()).isEqualTo(404);
            assertThat(response.text("code")).isEqualTo("USER_NOT_FOUND");
        }
    }

    @Test
    void anUnacceptableNewPasswordIsRejectedAndChangesNothing() {
        Response login = gatehouse.login(username, OLD);
        Document before = stored();
        String ownName = "a name that is long enough";
        String named = gatehouse.create(admin, ownName.replace(' ', '-') + username, OLD);
        List<String> bodies = new ArrayList<>(List.of(
                "{\"currentPassword\":\"" + OLD + "\"}",
                "{\"currentPassword\":\"" + OLD + "\",\"newPassword\":null}",
                "{\"currentPassword\":\"" + OLD + "\",\"newPassword\":12345678901234567890}",
                "{\"currentPassword\":\"" + OLD + "\",\"newPassword\":[\"" + NEW + "\"]}",
                "{\"currentPassword\":\"" + OLD + "\",\"newPassword\":{\"$ne\":1}}"));
        for (String weak : List.of("", "fourteen chars", "passwordpassword", "123456789123456789", LONGEST + "x")) {
            bodies.add(body(OLD, weak));
        }
        for (String body : bodies) {
            assertFieldRejected(change("me", login.text("token"), body), "newPassword");
            assertFieldRejected(change(id, admin, body), "newPassword");
        }
        assertFieldRejected(change(named, admin, body(null, ownName.replace(' ', '-') + username)), "newPassword");

        assertThat(stored()).isEqualTo(before);
        assertThat(gatehouse.get("/user/me", login.text("token")).status()).isEqualTo(200);
    }

    @Test
    void reportsAllProblemsTogether() {
        String token = gatehouse.token(username, OLD);

        Response response = change("me", token, "{\"currentPassword\":7}");

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.json().path("errors").findValuesAsText("field"))
                .containsExactlyInAnyOrder("currentPassword", "newPassword");
        assertThat(response.body()).doesNotContain(OLD);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "\"text\"", "null"})
    void aBodyWithoutFieldsIsRejected(String body) {
        Response response = change("me", gatehouse.token(username, OLD), body);

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isIn("BODY_MALFORMED", "VALIDATION_FAILED");
    }

    @Test
    void theShortestAndLongestPasswordsAreAcceptedAndCheckedInFull() {
        for (String good : List.of("fifteen letters", "p\u00e9p\u00e9 le moko et sa bande", LONGEST)) {
            assertThat(change(id, admin, body(null, good)).status()).as(good).isEqualTo(204);
            assertThat(gatehouse.login(username, good).status()).as(good).isEqualTo(200);
            assertThat(gatehouse.login(username, good.substring(1)).status())
                    .as(good)
                    .isEqualTo(401);
        }
    }

    @Test
    void guessesOfTheCurrentPasswordAreThrottledLikeLogins() {
        Response login = gatehouse.login(username, OLD);
        for (int i = 0; i < 10; i++) {
            assertFieldRejected(change("me", login.text("token"), body("guess " + i, NEW)), "currentPassword");
        }

        for (String guess : List.of("another guess", OLD)) {
            Response rejected = change("me", login.text("token"), body(guess, NEW));
            assertThat(rejected.status()).as(rejected.body()).isEqualTo(429);
            assertThat(rejected.text("code")).isEqualTo("LOGIN_THROTTLED");
            assertThat(Integer.parseInt(rejected.header("Retry-After"))).isBetween(800, 900);
        }
        // Logins and the user's own password changes share one count. This count does not limit resets by an
        // administrator.
        assertThat(gatehouse.login(username, OLD).text("code")).isEqualTo("LOGIN_THROTTLED");
        assertThat(change(id, admin, body(null, NEW)).status()).isEqualTo(204);
    }

    @Test
    void onlyOneOfTwoSimultaneousChangesSucceedsAndSetsThePassword() throws Exception {
        String password = OLD;
        for (int race = 0; race < RACES; race++) {
            String before = password;
            List<String> newPasswords = List.of("the first wish of race " + race, "the second wish of race " + race);
            List<Response> logins = List.of(gatehouse.login(username, before), gatehouse.login(username, before));
            List<Callable<Response>> changes = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                String token = logins.get(i).text("token");
                String body = body(before, newPasswords.get(i));
                changes.add(() -> gatehouse.patiently(() -> change("me", token, body)));
            }

            List<Integer> statuses = atOnce(changes);

            assertThat(statuses).containsOnlyOnce(204).containsAnyOf(401);
            int winner = statuses.indexOf(204);
            assertThat(gatehouse.login(username, newPasswords.get(winner)).status())
                    .isEqualTo(200);
            assertThat(gatehouse.login(username, newPasswords.get(1 - winner)).status())
                    .isEqualTo(401);
            assertEnded(logins.get(1 - winner));
            assertThat(refresh(logins.get(winner)).status()).isEqualTo(200);
            password = newPasswords.get(winner);
        }
    }

    private static List<Integer> atOnce(List<Callable<Response>> calls) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(calls.size());
        try {
            List<Integer> statuses = new ArrayList<>();
            for (Future<Response> response : threads.invokeAll(calls)) {
                statuses.add(response.get().status());
            }
            return statuses;
        } finally {
            threads.shutdownNow();
        }
    }

    private Document stored() {
        Document user =
                stores.users().find(new Document("_id", new ObjectId(id))).first();
        assertThat(user).isNotNull();
        return user;
    }

    private static Response change(String target, String token, String body) {
        return gatehouse.send(
                "PUT", "/user/" + target + "/password", body, "auth", token, "Content-Type", "application/json");
    }

    private static String body(@Nullable String current, String newPassword) {
        ObjectNode body = Json.MAPPER.createObjectNode();
        if (current != null) {
            body.put("currentPassword", current);
        }
        return body.put("newPassword", newPassword).toString();
    }

    private static Response refresh(Response login) {
        return gatehouse.post("/token/refresh", "", "{\"refreshToken\":\"" + login.text("refreshToken") + "\"}");
    }

    private static void assertEnded(Response login) {
        for (Response response : List.of(gatehouse.get("/user/me", login.text("token")), refresh(login))) {
            assertThat(response.status()).as(response.body()).isEqualTo(401);
            assertThat(response.text("code")).isEqualTo("SESSION_ENDED");
        }
    }

    private static void assertFieldRejected(Response response, String field) {
        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(response.json().path("errors").findValuesAsText("field")).containsExactly(field);
        assertThat(response.json().path("errors").path(0).path("message").asText())
                .isNotEmpty();
    }
}
