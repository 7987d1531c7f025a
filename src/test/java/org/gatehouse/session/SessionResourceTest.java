package org.gatehouse.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that users and administrators list and end sessions. Each test has a separate user. */
class SessionResourceTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String UNKNOWN_ID = "0123456789abcdef01234567";

    private static final Stores stores = new Stores();
    private static final Node gatehouse = Node.start(stores);
    private static final AtomicInteger number = new AtomicInteger();
    private static String admin = "";

    private final String username = "user-" + number.incrementAndGet();
    private final String id = gatehouse.create(admin, username, PASSWORD);

    @BeforeAll
    static void logInAdministrator() {
        admin = gatehouse.adminToken();
    }

    @AfterAll
    static void stop() {
        gatehouse.close();
        stores.close();
    }

    @Test
    void aSessionShowsWhenAndWhereItBegan() {
        Instant before = Instant.now().minusSeconds(1);
        Response login = gatehouse.send(
                "POST",
                "/login",
                "{\"username\":\"" + username + "\",\"password\":\"" + PASSWORD + "\"}",
                "Content-Type",
                "application/json",
                "User-Agent",
                "a browser/7");

        Response response = gatehouse.get("/session", login.text("token"));

        assertThat(response.status()).as(response.body()).isEqualTo(200);
        assertThat(response.json()).hasSize(1);
        JsonNode session = response.json().path(0);
        assertThat(session.fieldNames())
                .toIterable()
                .containsExactly("_id", "createdAt", "lastSeenAt", "expiresAt", "ip", "userAgent", "current");
        assertThat(session.path("_id").asText()).isEqualTo(sid(login));
        assertThat(session.path("ip").asText()).isEqualTo("127.0.0.1");
        assertThat(session.path("userAgent").asText()).isEqualTo("a browser/7");
        assertThat(session.path("current")).isEqualTo(BooleanNode.TRUE);
        assertThat(session.path("createdAt").asText()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
        Instant created = Instant.parse(session.path("createdAt").asText());
        assertThat(created).isBetween(before, Instant.now());
        assertThat(session.path("lastSeenAt")).isEqualTo(session.path("createdAt"));
        assertThat(Instant.parse(session.path("expiresAt").asText())).isEqualTo(created.plus(Duration.ofDays(7)));
    }

    @Test
    void aRefreshUpdatesTheSessionAndCreatesNoSession() {
        Response login = logIn();
        JsonNode before = gatehouse.get("/session", login.text("token")).json().path(0);

        Response refreshed =
                gatehouse.post("/token/refresh", "", "{\"refreshToken\":\"" + login.text("refreshToken") + "\"}");

        JsonNode sessions = gatehouse.get("/session", refreshed.text("token")).json();
        assertThat(sessions).hasSize(1);
        JsonNode after = sessions.path(0);
        assertThat(after.path("_id")).isEqualTo(before.path("_id"));
        assertThat(after.path("createdAt")).isEqualTo(before.path("createdAt"));
        assertThat(after.path("lastSeenAt").asText())
                .isGreaterThan(before.path("lastSeenAt").asText());
        assertThat(after.path("expiresAt").asText())
                .isGreaterThan(before.path("expiresAt").asText());
        assertThat(after.path("current").asBoolean()).isTrue();
    }

    @Test
    void theListReturnsPagesOfTheCallersSessionsWithTheNewestFirst() {
        List<String> expected = new ArrayList<>();
        String token = "";
        for (int i = 0; i < 5; i++) {
            Response login = logIn();
            expected.add(0, sid(login));
            token = i == 1 ? login.text("token") : token;
        }

        JsonNode all = gatehouse.get("/session", token).json();
        assertThat(all.findValuesAsText("createdAt")).isSortedAccordingTo((a, b) -> b.compareTo(a));
        assertThat(all.findValuesAsText("_id")).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(all.findValuesAsText("current")).containsExactly("false", "false", "false", "true", "false");

        for (int limit : new int[] {1, 2, 5}) {
            List<String> collected = new ArrayList<>();
            String next = "/session?limit=" + limit;
            int pages = 0;
            while (!next.isEmpty()) {
                Response page = gatehouse.get(next, token);
                assertThat(page.status()).as(page.body()).isEqualTo(200);
                assertThat(page.json().size()).isLessThanOrEqualTo(limit);
                collected.addAll(page.json().findValuesAsText("_id"));
                next = page.next();
                pages++;
            }
            assertThat(collected).isEqualTo(all.findValuesAsText("_id"));
            assertThat(pages).isEqualTo((5 + limit - 1) / limit);
        }

        List<String> seenByAdministrator = new ArrayList<>();
        String next = "/user/" + id + "/session?limit=3";
        while (!next.isEmpty()) {
            Response page = gatehouse.get(next, admin);
            assertThat(page.json().findValuesAsText("current")).doesNotContain("true");
            seenByAdministrator.addAll(page.json().findValuesAsText("_id"));
            next = page.next();
        }
        assertThat(seenByAdministrator).isEqualTo(all.findValuesAsText("_id"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "limit=0",
                "limit=-1",
                "limit=1001",
                "limit=",
                "limit=x",
                "after=",
                "after=zz",
                // Decoded: ["x","AAAAAAAAAAAAAAAAAAAAAA"]
                "after=WyJ4IiwiQUFBQUFBQUFBQUFBQUFBQUFBQUFBQSJd",
                // Decoded: ["2026-11-23T10:00:00.000Z","{\"$ne\":1}"]
                "after=WyIyMDI2LTExLTIzVDEwOjAwOjAwLjAwMFoiLCJ7XCIkbmVcIjoxfSJd",
                // Decoded: ["+1000000000-12-31T23:59:59.999Z","AAAAAAAAAAAAAAAAAAAAAA"]
                "after=WyIrMTAwMDAwMDAwMC0xMi0zMVQyMzo1OTo1OS45OTlaIiwiQUFBQUFBQUFBQUFBQUFBQUFBQUFBQSJd"
            })
    void invalidParametersOfAListAreRejected(String query) {
        String token = logIn().text("token");
        for (Response response : List.of(
                gatehouse.get("/session?" + query, token), gatehouse.get("/user/" + id + "/session?" + query, admin))) {
            assertThat(response.status()).as(response.body()).isEqualTo(400);
            assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
            assertThat(response.json().path("errors").findValuesAsText("field"))
                    .containsExactly(query.split("=", 2)[0]);
        }
    }

    @Test
    void aUserCanEndEachOfTheirSessions() {
        Response current = logIn();
        Response other = logIn();

        assertThat(gatehouse
                        .delete("/session/" + sid(other), current.text("token"))
                        .status())
                .isEqualTo(204);

        assertEnded(other);
        assertLive(current);
        assertThat(gatehouse.get("/session", current.text("token")).json().findValuesAsText("_id"))
                .containsExactly(sid(current));
        assertNoSession(gatehouse.delete("/session/" + sid(other), current.text("token")));

        assertThat(gatehouse
                        .delete("/session/" + sid(current), current.text("token"))
                        .status())
                .isEqualTo(204);
        assertEnded(current);
    }

    @Test
    void sessionsOfOtherUsersAreNotFound() {
        Response own = logIn();
        Response administrators = gatehouse.login(Node.ADMIN, Node.ADMIN_PASSWORD);
        for (String sid : List.of(
                sid(administrators),
                "AAAAAAAAAAAAAAAAAAAAAA",
                UNKNOWN_ID,
                "x",
                "%7B%22$ne%22:1%7D",
                "A".repeat(2_000),
                sid(own) + "A",
                sid(own).substring(1))) {
            assertNoSession(gatehouse.delete("/session/" + sid, own.text("token")));
        }
        // DELETE /session/{sid} ends only sessions of the caller. For sessions of other users, an administrator must
        // use /user/{id}/session.
        assertNoSession(gatehouse.delete("/session/" + sid(own), admin));

        assertLive(own);
        assertLive(administrators);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?others", "?others=", "?others=false", "?others=TRUE", "?others=1", "?other=true"})
    void endingSessionsRequiresTheParameterOthersTrue(String query) {
        Response current = logIn();
        Response another = logIn();

        Response response = gatehouse.delete("/session" + query, current.text("token"));

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(response.json().path("errors").path(0).path("field").asText())
                .isEqualTo(query.startsWith("?other=") ? "other" : "others");
        assertLive(current);
        assertLive(another);
    }

    @Test
    void theParameterOthersTrueEndsAllSessionsExceptTheCurrentOne() {
        Response current = logIn();
        Response first = logIn();
        Response second = logIn();

        assertThat(gatehouse
                        .delete("/session?others=true", current.text("token"))
                        .status())
                .isEqualTo(204);

        assertEnded(first);
        assertEnded(second);
        assertThat(gatehouse.get("/session", current.text("token")).json().findValuesAsText("_id"))
                .containsExactly(sid(current));
        assertNoSession(gatehouse.delete("/session/" + sid(first), current.text("token")));
        // A later session sends the same request. This request ends the session that sent the first request.
        Response later = logIn();
        assertThat(gatehouse.delete("/session?others=true", later.text("token")).status())
                .isEqualTo(204);
        assertEnded(current);
        assertLive(later);
    }

    @Test
    void anAdministratorSeesAndEndsAllSessionsOfAUser() {
        Response first = logIn();
        Response second = logIn();
        assertThat(gatehouse.get("/user/" + id + "/session", admin).json().findValuesAsText("_id"))
                .containsExactlyInAnyOrder(sid(first), sid(second));

        assertThat(gatehouse.delete("/user/" + id + "/session", admin).status()).isEqualTo(204);

        assertEnded(first);
        assertEnded(second);
        assertThat(gatehouse.get("/user/" + id + "/session", admin).body()).isEqualTo("[]");
        assertThat(gatehouse.get("/user/me", admin).status()).isEqualTo(200);
        assertLive(logIn());
    }

    @Test
    void onlyAdministratorsSeeOrEndSessionsByTheIdOfTheUser() {
        Response own = logIn();
        String other = gatehouse.create(admin, "other-" + username, PASSWORD);
        for (String method : List.of("GET", "DELETE")) {
            for (String target : List.of(id, "me", other, UNKNOWN_ID, "x")) {
                Response response =
                        gatehouse.send(method, "/user/" + target + "/session", "", "auth", own.text("token"));
                assertThat(response.status()).as(response.body()).isEqualTo(403);
                assertThat(response.text("code")).isEqualTo("FORBIDDEN");
                assertThat(gatehouse
                                .send(method, "/user/" + target + "/session", "")
                                .text("code"))
                        .isEqualTo("TOKEN_MISSING");
            }
            for (String target : List.of(UNKNOWN_ID, "x", "%7B%22$ne%22:1%7D")) {
                Response response = gatehouse.send(method, "/user/" + target + "/session", "", "auth", admin);
                assertThat(response.status()).as(response.body()).isEqualTo(404);
                assertThat(response.text("code")).isEqualTo("USER_NOT_FOUND");
            }
            assertThat(gatehouse.send(method, "/session?others=true", "").text("code"))
                    .isEqualTo("TOKEN_MISSING");
        }
        assertThat(gatehouse.send("DELETE", "/session/" + sid(own), "").text("code"))
                .isEqualTo("TOKEN_MISSING");
        assertLive(own);
    }

    @Test
    void aLogoutEndsOnlyTheSessionOfItsTokenAndCanBeRepeated() {
        Response current = logIn();
        Response another = logIn();
        for (int i = 0; i < 2; i++) {
            assertLoggedOut(gatehouse.send("POST", "/logout", "", "Authorization", "Bearer " + current.text("token")));
            assertEnded(current);
        }
        assertLive(another);
    }

    @Test
    void aLogoutEverywhereEndsAllSessions() {
        Response current = logIn();
        Response another = logIn();

        assertLoggedOut(gatehouse.post("/logout", current.text("token"), "{\"everywhere\":true}"));

        assertEnded(current);
        assertEnded(another);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "null", "{\"everywhere\":false}"})
    void aLogoutWithoutEverywhereTrueEndsOneSession(String body) {
        Response current = logIn();
        Response another = logIn();

        assertLoggedOut(gatehouse.post("/logout", current.text("token"), body));

        assertEnded(current);
        assertLive(another);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"everywhere\":\"true\"}",
                "{\"everywhere\":1}",
                "{\"everywhere\":null}",
                "{\"everywhere\":[true]}",
                "{\"everywhere\":{}}",
                "{\"everywhere\":true,\"everywhere\":false}",
                "[{\"everywhere\":true}]",
                "\"everywhere\"",
                "{\"reason\":\"tired\"}",
                "{"
            })
    void anInvalidLogoutIsRejectedAndEndsNoSession(String body) {
        Response current = logIn();

        Response response = gatehouse.post("/logout", current.text("token"), body);

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isIn("VALIDATION_FAILED", "BODY_MALFORMED");
        assertLive(current);
    }

    @Test
    void aLogoutBodyMustBeJsonOrEmpty() {
        Response current = logIn();
        for (String type : List.of("application/x-www-form-urlencoded", "text/plain", "")) {
            Response rejected = gatehouse.send(
                    "POST", "/logout", "everywhere=true", "auth", current.text("token"), "Content-Type", type);
            assertThat(rejected.status()).as(rejected.body()).isEqualTo(400);
            assertThat(rejected.text("code")).isEqualTo("BODY_MALFORMED");
            assertLive(current);
        }
        for (String type : List.of("application/json", "application/x-www-form-urlencoded", "text/plain")) {
            Response login = logIn();
            assertLoggedOut(gatehouse.send("POST", "/logout", "", "auth", login.text("token"), "Content-Type", type));
            assertEnded(login);
        }
    }

    @Test
    void aLogoutWithAnExpiredTokenEndsItsSession() {
        try (Node nodeWithShortTokens = Node.start(stores, Map.of("AUTH_EXPIRY", "1000"))) {
            for (String body : List.of("", "{\"everywhere\":true}")) {
                Response login = nodeWithShortTokens.login(username, PASSWORD);
                Response another = logIn();
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> nodeWithShortTokens
                                .get("/user/me", login.text("token"))
                                .text("code")
                                .equals("TOKEN_EXPIRED"));
                assertThat(openSessions()).contains(sid(login), sid(another));

                assertLoggedOut(nodeWithShortTokens.post("/logout", login.text("token"), body));

                Response refresh = nodeWithShortTokens.post(
                        "/token/refresh", "", "{\"refreshToken\":\"" + login.text("refreshToken") + "\"}");
                assertThat(refresh.text("code")).isEqualTo("SESSION_ENDED");
                assertThat(openSessions()).doesNotContain(sid(login));
                assertThat(openSessions().contains(sid(another))).isEqualTo(body.isEmpty());
            }
        }
    }

    /** Returns the ids of the user's open sessions, as an administrator sees them. */
    private List<String> openSessions() {
        return gatehouse.get("/user/" + id + "/session", admin).json().findValuesAsText("_id");
    }

    private Response logIn() {
        Response login = gatehouse.login(username, PASSWORD);
        assertThat(login.status()).as(login.body()).isEqualTo(200);
        return login;
    }

    private static String sid(Response login) {
        try {
            return SignedJWT.parse(login.text("token")).getJWTClaimsSet().getStringClaim("sid");
        } catch (ParseException malformed) {
            throw new AssertionError(malformed);
        }
    }

    private static void assertLive(Response login) {
        Response response = gatehouse.get("/user/me", login.text("token"));
        assertThat(response.status()).as(response.body()).isEqualTo(200);
    }

    private static void assertEnded(Response login) {
        for (Response response : List.of(
                gatehouse.get("/user/me", login.text("token")),
                gatehouse.post("/token/refresh", "", "{\"refreshToken\":\"" + login.text("refreshToken") + "\"}"))) {
            assertThat(response.status()).as(response.body()).isEqualTo(401);
            assertThat(response.text("code")).isEqualTo("SESSION_ENDED");
        }
    }

    private static void assertNoSession(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(404);
        assertThat(response.text("code")).isEqualTo("SESSION_NOT_FOUND");
    }

    private static void assertLoggedOut(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        assertThat(response.text("status")).isEqualTo("success");
        assertThat(response.text("message")).isEqualTo("Logged out successfully!");
    }
}
