package org.gatehouse.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.bson.types.Binary;
import org.gatehouse.app.Node;
import org.gatehouse.json.Json;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which sessions can be refreshed. Two nodes share a clock that changes only when a test advances it. */
@Tag("also-full")
class RefreshTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final Duration EXPIRY = Duration.ofMinutes(10);
    private static final Duration IDLE = Duration.ofHours(1);
    private static final Duration MAX = Duration.ofMinutes(150);
    private static final Duration GRACE = Duration.ofSeconds(10);
    private static final Duration MILLISECOND = Duration.ofMillis(1);
    private static final int PARALLEL = 200;
    private static final int TABS = 50;
    private static final int THREADS = 16;
    private static final int RACES = Boolean.getBoolean("gatehouse.long") ? 40 : 10;

    private static final Stores stores = new Stores();
    // The clock starts at a whole second, because times in a token are in whole seconds.
    private static final SettableClock clock = SettableClock.atNow();
    private static final Node one = start();
    private static final Node other = start();
    private static final AtomicInteger number = new AtomicInteger();

    private final String id = one.create(admin(), "user-" + number.incrementAndGet(), PASSWORD);
    private final Response login = login();

    @AfterAll
    static void stop() {
        one.close();
        other.close();
        stores.close();
    }

    /** Tests start at a whole second, because times in a token are in whole seconds. */
    @AfterEach
    void advanceToAWholeSecond() {
        clock.set(clock.instant().plusMillis(999).truncatedTo(ChronoUnit.SECONDS));
    }

    private static Node start() {
        return Node.start(
                stores,
                Map.of(
                        "TRUSTED_PROXIES", "127.0.0.1",
                        "REFRESH_IDLE", IDLE.toString(),
                        "REFRESH_MAX", MAX.toString()),
                clock);
    }

    @Test
    void respondsLikeALogin() {
        Response refreshed = refresh(other, login);

        assertThat(refreshed.status()).as(refreshed.body()).isEqualTo(200);
        assertThat(refreshed.json().fieldNames())
                .toIterable()
                .containsExactlyElementsOf(() -> login.json().fieldNames());
        assertThat(refreshed.text("status")).isEqualTo("success");
        assertThat(refreshed.text("message")).isEqualTo("Token refreshed");
        assertThat(refreshed.text("tokenType")).isEqualTo("Bearer");
        assertThat(refreshed.json().path("expiresIn").asLong()).isEqualTo(EXPIRY.toSeconds());
        assertThat(refreshed.json().path("refreshExpiresIn").asLong()).isEqualTo(IDLE.toSeconds());
        assertThat(refreshed.json().path("user").path("_id").asText()).isEqualTo(id);
        assertThat(refreshed.text("refreshToken")).hasSize(64).isNotEqualTo(login.text("refreshToken"));
        assertThat(refreshed.header("Cache-Control")).contains("no-store");
        assertThat(claims(refreshed).path("sid")).isEqualTo(claims(login).path("sid"));
        assertThat(claims(refreshed).path("jti")).isNotEqualTo(claims(login).path("jti"));
    }

    @Test
    void theAccessTokensBeforeAndAfterARefreshAreValidUntilTheyExpire() {
        clock.advance(Duration.ofMinutes(4));
        Response refreshed = refresh(other, login);

        assertAccepted(login);
        assertAccepted(refreshed);

        clock.advance(EXPIRY.minus(Duration.ofMinutes(4)));
        assertThat(one.get("/user/me", login.text("token")).text("code")).isEqualTo("TOKEN_EXPIRED");
        assertAccepted(refreshed);
    }

    @Test
    void aTokenUsedAgainWithinTheGracePeriodGetsTheSameSuccessor() {
        Response first = refresh(one, login);
        clock.advance(GRACE.minus(MILLISECOND));

        Response repeated = refresh(other, login);

        assertThat(repeated.status()).as(repeated.body()).isEqualTo(200);
        assertThat(repeated.text("refreshToken")).isEqualTo(first.text("refreshToken"));
        assertThat(claims(repeated).path("jti")).isNotEqualTo(claims(first).path("jti"));
        assertThat(repeated.json().path("refreshExpiresIn").asLong())
                .isEqualTo(IDLE.minus(GRACE.minus(MILLISECOND)).toSeconds());
        Response next = refresh(one, repeated);
        assertThat(next.status()).isEqualTo(200);
        assertAccepted(first);
        assertAccepted(repeated);
        assertAccepted(next);
    }

    @Test
    void theSuccessorCannotBeDerivedFromTheTokenAlone() {
        byte[] token = Base64.getUrlDecoder().decode(login.text("refreshToken"));
        byte[] successor = Base64.getUrlDecoder().decode(refresh(one, login).text("refreshToken"));

        assertThat(Arrays.copyOf(successor, 16)).isEqualTo(Arrays.copyOf(token, 16));
        assertThat(Arrays.copyOfRange(successor, 16, 48))
                .isNotEqualTo(sha256(token))
                .isNotEqualTo(sha256(Arrays.copyOfRange(token, 16, 48)));
        assertThat(storedSession().toJson())
                .doesNotContain(Base64.getEncoder().encodeToString(Arrays.copyOfRange(successor, 16, 48)));
    }

    @Test
    void tabsThatRefreshSimultaneouslyKeepOneSession() throws Exception {
        Response shared = login;
        for (int round = 0; round < 3; round++) {
            List<Response> tabs = refreshAtOnce(shared, TABS);
            for (Response tab : tabs) {
                assertAccepted(tab);
            }
            shared = tabs.get(round);
            clock.advance(Duration.ofMinutes(9));
        }
        assertThat(one.get("/session", login().text("token")).json()).hasSize(2);
        assertThat(one.get("/audit?type=TOKEN_REUSED&user=" + id, admin()).json())
                .isEmpty();
    }

    /**
     * Earlier versions of Gatehouse generated the successor of a refresh token at random. The store may still contain
     * such successors.
     */
    @Test
    void aRandomSuccessorIsReplacedByADerivedOne() throws Exception {
        Response first = refresh(one, login);
        byte[] randomHash = sha256(new byte[] {1});
        stores.collection("sessions")
                .updateOne(
                        new Document("_id", claims(login).path("sid").asText()),
                        new Document("$set", new Document("refreshHash", new Binary(randomHash))));

        List<Response> repeated = refreshAtOnce(login, TABS);

        assertThat(repeated.get(0).text("refreshToken")).isEqualTo(first.text("refreshToken"));
        assertAccepted(refresh(other, repeated.get(0)));
    }

    @Test
    void theGracePeriodBeginsWithTheFirstUseAndIsNotExtendedByTheSecond() {
        refresh(one, login);
        clock.advance(GRACE.minus(MILLISECOND));
        Response repeated = refresh(other, login);
        assertThat(repeated.status()).isEqualTo(200);
        clock.advance(MILLISECOND);

        assertEnded(refresh(one, login));

        assertAllEnded(login, repeated);
    }

    @Test
    void theSessionEndsIfATokenIsReusedAfterTheGracePeriod() {
        Response next = refresh(one, login);
        clock.advance(GRACE);

        assertEnded(refresh(other, login));

        assertAllEnded(login, next);
    }

    @Test
    void theSessionEndsIfATokenIsReusedAfterItsSuccessorWasUsed() {
        Response next = refresh(one, login);
        Response last = refresh(other, next);
        assertThat(last.status()).isEqualTo(200);
        assertThat(other.get("/user/me", last.text("token")).status()).isEqualTo(200);

        assertEnded(refresh(one, login));

        assertAllEnded(login, next, last);
    }

    @Test
    void aForgedTokenWithTheIdOfASessionEndsTheSession() {
        String token = login.text("refreshToken");
        String forged = token.substring(0, 63) + (token.endsWith("A") ? "B" : "A");

        assertEnded(refresh(one, forged));

        assertAllEnded(login);
    }

    @Test
    void reuseIsRecordedOnceInTheAuditLog() {
        Response next = refresh(one, login);
        refresh(one, next);
        for (int i = 0; i < 3; i++) {
            assertEnded(refresh(one, login));
        }

        JsonNode entries =
                one.get("/audit?type=TOKEN_REUSED&user=" + id, admin()).json();
        assertThat(entries).hasSize(1);
        assertThat(entries.path(0).path("details").path("session"))
                .isEqualTo(claims(login).path("sid"));
    }

    @Test
    void anIdleSessionExpires() {
        clock.advance(IDLE.minus(MILLISECOND));
        Response next = refresh(one, login);
        assertThat(next.status()).as(next.body()).isEqualTo(200);
        assertThat(next.json().path("refreshExpiresIn").asLong()).isEqualTo(IDLE.toSeconds());

        clock.advance(IDLE);

        assertEnded(refresh(other, next));
    }

    @Test
    void anActiveSessionAndItsTokensExpireAtItsAbsoluteLimit() {
        Response last = login;
        for (int i = 0; i < 3; i++) {
            clock.advance(Duration.ofMinutes(49));
            last = refresh(i % 2 == 0 ? one : other, last);
            assertThat(last.status()).as(last.body()).isEqualTo(200);
        }
        Duration left = MAX.minus(Duration.ofMinutes(3 * 49));
        assertThat(last.json().path("expiresIn").asLong()).isEqualTo(left.toSeconds());
        assertThat(last.json().path("refreshExpiresIn").asLong()).isEqualTo(left.toSeconds());
        assertThat(claims(last).path("exp").asLong())
                .isEqualTo(clock.instant().plus(left).getEpochSecond());

        clock.advance(left.minus(MILLISECOND));
        assertAccepted(last);
        clock.advance(MILLISECOND);

        assertEnded(refresh(one, last));
        for (Node node : List.of(one, other)) {
            assertThat(node.get("/user/me", last.text("token")).text("code")).isEqualTo("TOKEN_EXPIRED");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "junk",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\u00e9",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
                "\u0000",
                "{\"$ne\":1}"
            })
    void anInvalidRefreshTokenIsRejected(String token) {
        assertInvalid(refresh(one, token));
    }

    @Test
    void anOversizedTokenAndAnAccessTokenAreRejectedAsRefreshTokens() {
        assertInvalid(refresh(one, "A".repeat(50_000)));
        assertInvalid(refresh(one, login.text("token")));
        assertInvalid(refresh(one, login.text("refreshToken") + "\n"));
        assertThat(refresh(one, login).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "\"text\"",
                "{\"refreshToken\":null}",
                "{\"refreshToken\":7}",
                "{\"refreshToken\":true}",
                "{\"refreshToken\":[\"AAAA\"]}",
                "{\"refreshToken\":{\"$ne\":1}}",
                "{\"refresh_token\":\"AAAA\"}"
            })
    void aRefreshTokenThatIsNotAStringFailsValidation(String body) {
        Response response = one.post("/token/refresh", "", body);

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(response.json().path("errors").path(0).path("field").asText())
                .isEqualTo("refreshToken");
    }

    @Test
    void aRefreshTokenIsRejectedAsAnAccessToken() {
        Response response = one.get("/user/me", login.text("refreshToken"));

        assertThat(response.status()).isEqualTo(401);
        assertThat(response.text("code")).isEqualTo("TOKEN_MALFORMED");
    }

    @Test
    void theSessionOfADisabledUserStaysEndedEvenIfTheUserIsEnabledAgain() {
        patch("{\"status\":\"disabled\"}");
        assertEnded(refresh(other, login));

        patch("{\"status\":\"active\"}");
        assertAllEnded(login);
        assertAccepted(login());
    }

    @Test
    void theSessionOfADeletedUserEnds() {
        assertThat(one.delete("/user/" + id, admin()).status()).isEqualTo(204);

        assertAllEnded(login);
    }

    @Test
    void aPasswordChangeEndsAllOtherSessions() {
        Response otherSession = login();
        Response changed = one.send(
                "PUT",
                "/user/me/password",
                "{\"currentPassword\":\"" + PASSWORD + "\",\"newPassword\":\"another " + PASSWORD + "\"}",
                "auth",
                login.text("token"),
                "Content-Type",
                "application/json",
                "X-Forwarded-For",
                address());
        assertThat(changed.status()).as(changed.body()).isEqualTo(204);

        assertAllEnded(otherSession);
        assertThat(refresh(other, login).status()).isEqualTo(200);
    }

    @Test
    void aLogoutEndsTheSessionAndALaterRefreshIsNotRecordedAsReuse() {
        Response next = refresh(one, login);
        assertThat(one.send("POST", "/logout", "", "auth", login.text("token")).status())
                .isEqualTo(200);

        assertAllEnded(login, next);
        // A refresh after a logout does not indicate a stolen token, so the audit log has no entry about reuse.
        assertThat(one.get("/audit?type=TOKEN_REUSED&user=" + id, admin()).json())
                .isEmpty();
    }

    @Test
    void theNewTokenHasTheCurrentRoles() {
        assertThat(claims(login).path("roles").toString()).isEqualTo("[\"user\"]");
        patch("{\"roles\":[\"auditor\"],\"username\":\"renamed-" + number.incrementAndGet() + "\"}");

        Response refreshed = refresh(other, login);

        assertThat(claims(refreshed).path("roles").toString()).isEqualTo("[\"auditor\"]");
        assertThat(refreshed.json().path("user").path("username").asText()).startsWith("renamed-");
    }

    @Test
    void twoHundredConcurrentRefreshesGetOneSuccessor() throws Exception {
        List<Response> responses = refreshAtOnce(login, PARALLEL);

        assertThat(storedSession().get("refreshHash", Binary.class))
                .isEqualTo(new Binary(
                        sha256(Base64.getUrlDecoder().decode(responses.get(0).text("refreshToken")))));
        for (Response response : responses) {
            assertThat(other.get("/user/me", response.text("token")).status()).isEqualTo(200);
        }
        Response next = refresh(one, responses.get(0));
        assertThat(next.status()).as(next.body()).isEqualTo(200);
        assertAccepted(next);
        assertEnded(refresh(other, login));
        assertAllEnded(login, next, responses.get(0));
    }

    @Test
    void simultaneousUseOfATokenAndItsSuccessorEitherSucceedsOrEndsTheSession() throws Exception {
        int ended = 0;
        for (int race = 0; race < RACES; race++) {
            Response session = race == 0 ? login : login();
            Response next = refresh(one, session);

            List<Response> responses = atOnce(List.of(() -> refresh(one, session), () -> refresh(other, next)));

            if (responses.stream().allMatch(response -> response.status() == 200)) {
                assertThat(responses.get(0).text("refreshToken")).isEqualTo(next.text("refreshToken"));
                assertThat(refresh(one, next).text("refreshToken"))
                        .isEqualTo(responses.get(1).text("refreshToken"));
                assertAccepted(refresh(other, responses.get(1)));
            } else {
                ended++;
                assertAllEnded(session, next);
            }
        }
        System.out.println(RACES + " races of a token and its successor: " + ended + " sessions ended");
    }

    @Test
    void aLogoutEndsTheSessionEvenIfItIsRefreshedMeanwhile() throws Exception {
        int refreshed = 0;
        for (int race = 0; race < RACES; race++) {
            Response session = race == 0 ? login : login();

            List<Response> responses = atOnce(List.of(
                    () -> one.send("POST", "/logout", "", "auth", session.text("token")),
                    () -> refresh(other, session)));

            assertThat(responses.get(0).status()).isEqualTo(200);
            assertAllEnded(session);
            if (responses.get(1).status() == 200) {
                refreshed++;
                assertAllEnded(responses.get(1));
            } else {
                assertEnded(responses.get(1));
            }
        }
        System.out.println(RACES + " races of a refresh and a logout: " + refreshed
                + " times the refresh returned first, and 0 sessions continued");
    }

    @Test
    void aSessionThatEndsWhileItIsRefreshedIsNotRecordedAsReused() throws Exception {
        for (int race = 0; race < RACES; race++) {
            Response session = race == 0 ? login : login();
            atOnce(List.of(
                    () -> one.send("POST", "/logout", "", "auth", session.text("token")),
                    () -> refresh(other, session)));
        }

        assertThat(one.get("/audit?type=TOKEN_REUSED&user=" + id, admin()).json())
                .isEmpty();
    }

    /**
     * Refreshes one token in {@code count} simultaneous calls. Checks that all calls succeed, and returns their
     * responses.
     */
    private static List<Response> refreshAtOnce(Response session, int count) throws Exception {
        List<Callable<Response>> refreshes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Node node = i % 2 == 0 ? one : other;
            refreshes.add(() -> refresh(node, session));
        }
        List<Response> responses = atOnce(refreshes);
        assertThat(responses)
                .allSatisfy(response ->
                        assertThat(response.status()).as(response.body()).isEqualTo(200));
        assertThat(responses.stream()
                        .map(response -> response.text("refreshToken"))
                        .distinct())
                .hasSize(1);
        return responses;
    }

    private static List<Response> atOnce(List<Callable<Response>> calls) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Response> responses = new ArrayList<>();
            for (Future<Response> response : threads.invokeAll(calls)) {
                responses.add(response.get());
            }
            return responses;
        } finally {
            threads.shutdownNow();
        }
    }

    private Document storedSession() {
        Document session = stores.collection("sessions")
                .find(new Document("_id", claims(login).path("sid").asText()))
                .first();
        assertThat(session).isNotNull();
        return session;
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static Response refresh(Node node, Response tokens) {
        return refresh(node, tokens.text("refreshToken"));
    }

    private static Response refresh(Node node, String token) {
        String body = Json.MAPPER.createObjectNode().put("refreshToken", token).toString();
        return node.post("/token/refresh", "", body);
    }

    private static void assertAccepted(Response tokens) {
        for (Node node : List.of(one, other)) {
            Response response = node.get("/user/me", tokens.text("token"));
            assertThat(response.status()).as(response.body()).isEqualTo(200);
        }
    }

    private static void assertEnded(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(401);
        assertThat(response.text("code")).isEqualTo("SESSION_ENDED");
    }

    /** Checks that neither node accepts any token of these responses. */
    private static void assertAllEnded(Response... all) {
        for (Response tokens : all) {
            for (Node node : List.of(one, other)) {
                assertEnded(node.get("/user/me", tokens.text("token")));
                assertEnded(refresh(node, tokens));
            }
        }
    }

    private static void assertInvalid(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(401);
        assertThat(response.text("code")).isEqualTo("REFRESH_TOKEN_INVALID");
        assertThat(response.header("WWW-Authenticate")).isEqualTo("Bearer error=\"invalid_token\"");
    }

    private static JsonNode claims(Response tokens) {
        String payload = tokens.text("token").split("\\.", -1)[1];
        try {
            return Json.MAPPER.readTree(new String(Base64.getUrlDecoder().decode(payload), StandardCharsets.UTF_8));
        } catch (IOException notJson) {
            throw new AssertionError(notJson);
        }
    }

    /** Returns a new token of the administrator, because an earlier token may have expired when the clock advanced. */
    private static String admin() {
        return one.loginFrom(address(), Node.ADMIN, Node.ADMIN_PASSWORD).text("token");
    }

    private Response login() {
        String username = one.get("/user/" + id, admin()).text("username");
        Response session = one.loginFrom(address(), username, PASSWORD);
        assertThat(session.status()).as(session.body()).isEqualTo(200);
        return session;
    }

    private void patch(String json) {
        assertThat(one.patch("/user/" + id, admin(), json).status()).isEqualTo(200);
    }

    /** Returns a new address at each call, so that the rate limit does not apply. */
    private static String address() {
        int next = number.incrementAndGet();
        return "10.0." + (next >> 8 & 255) + "." + (next & 255);
    }
}
