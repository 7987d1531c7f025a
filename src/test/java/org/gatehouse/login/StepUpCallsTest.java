package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests from outside which calls require a recent authentication, and which authentication they accept. */
class StepUpCallsTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final Duration MAX_AGE = Duration.ofSeconds(60);

    /** The token contains the time of the authentication in whole seconds, which are counted in the user's favor. */
    private static final Duration TOO_OLD = MAX_AGE.plusMillis(1_001);

    private static final Stores stores = new Stores();
    private static final SettableClock clock = SettableClock.atNow();
    private static final AtomicReference<Runnable> beforeSessionRead = new AtomicReference<>(() -> {});
    private static final Node node = Node.start(
            stores,
            Map.of("STEP_UP_MAX_AGE", Long.toString(MAX_AGE.toMillis()), "AUTH_ALG", "HS256"),
            clock,
            StepUpCallsTest::observe);
    /** Signs with keys that can be revoked. */
    private static final Node withKeys =
            Node.start(stores, Map.of("STEP_UP_MAX_AGE", Long.toString(MAX_AGE.toMillis())), clock);

    private static final AtomicInteger number = new AtomicInteger();

    private final String name = "user-" + number.incrementAndGet();
    private final String id = node.create(admin(node), name, PASSWORD);

    /**
     * A call of an administrator.
     *
     * @param path may contain {@code ID}, the id of another user, {@code SERVICE}, or {@code KEY}
     * @param validBody empty for a call without a body
     * @param invalidBody a body that is a 400; empty if there is none
     */
    private record Call(Node node, String method, String path, String validBody, String invalidBody, int success) {
        @Override
        public String toString() {
            return method + " " + path + " " + validBody;
        }

        Response send(String path, String token, String body) {
            return node.send(
                    method, path, body, "auth", token, "Content-Type", body.isEmpty() ? "" : "application/json");
        }
    }

    private static Stream<Call> calls() {
        return Stream.of(
                new Call(node, "PATCH", "/user/ID", "{\"username\":\"NEW\"}", "{\"username\":\"a b\"}", 200),
                new Call(node, "PATCH", "/user/ID", "{\"email\":\"a@example.com\"}", "{\"email\":1}", 200),
                new Call(node, "PATCH", "/user/me", "{\"email\":\"NEW@example.com\"}", "{\"email\":1}", 200),
                new Call(
                        node,
                        "PUT",
                        "/user/ID/password",
                        "{\"newPassword\":\"staple battery horse correct\"}",
                        "{\"newPassword\":\"short\"}",
                        204),
                new Call(node, "PUT", "/user/ID/email", "{\"email\":null}", "{\"email\":1}", 204),
                new Call(node, "DELETE", "/user/ID", "", "", 204),
                new Call(node, "PATCH", "/user/ID", "{\"roles\":[\"admin\"]}", "{\"roles\":1}", 200),
                new Call(node, "PATCH", "/user/ID", "{\"roles\":[\"support\"]}", "{\"roles\":1}", 200),
                new Call(
                        node,
                        "POST",
                        "/user",
                        "{\"username\":\"NEW\",\"password\":\"" + PASSWORD + "\",\"roles\":[\"auditor\"]}",
                        "{}",
                        201),
                new Call(node, "PATCH", "/service/SERVICE", "{\"roles\":[\"support\"]}", "{\"roles\":1}", 200),
                new Call(node, "POST", "/service", "{\"name\":\"NEW\"}", "{\"name\":1}", 201),
                new Call(node, "POST", "/service/SERVICE/secret", "{}", "{\"previousExpiresIn\":-1}", 201),
                new Call(node, "GET", "/user/export?hashes=true", "", "", 200),
                new Call(node, "HEAD", "/user/export?hashes=true", "", "", 200),
                new Call(node, "GET", "/user/me/export", "", "", 200),
                new Call(node, "HEAD", "/user/me/export", "", "", 200),
                new Call(withKeys, "DELETE", "/key/KEY", "", "", 204));
    }

    @AfterAll
    static void stop() {
        node.close();
        withKeys.close();
        stores.close();
    }

    @ParameterizedTest
    @MethodSource("calls")
    void requiresARecentAuthentication(Call call) {
        String admin = admin(call.node());
        String path = call.path()
                .replace("ID", id)
                .replace(
                        "SERVICE",
                        call.path().contains("SERVICE") ? service(admin).text("_id") : "")
                .replace("KEY", call.path().contains("KEY") ? newKey(admin) : "");
        String body = call.validBody().replace("NEW", name + "-new");
        node.create(admin(node), name + "-other", PASSWORD);
        String user = call.node().token(name + "-other", PASSWORD);
        Document before = stores.users().find(byId()).first();
        long services = stores.collection("services").countDocuments();

        clock.advance(TOO_OLD);
        Response rejected = call.send(path, admin, body);

        assertInsufficient(rejected, 60, "urn:gatehouse:1", call.method());
        assertThat(stores.users().find(byId()).first()).isEqualTo(before);
        assertThat(stores.collection("services").countDocuments()).isEqualTo(services);
        if (!call.invalidBody().isEmpty()) {
            assertThat(call.send(path, admin, call.invalidBody()).status()).isEqualTo(400);
        }
        if (!path.contains("/me")) {
            assertThat(call.send(path, user, body).status()).isEqualTo(403);
        }
        Response done = call.send(path, admin(call.node()), body);
        assertThat(done.status()).as(done.body()).isEqualTo(call.success());
    }

    @Test
    void otherCallsOfAnAdministratorDoNotRequireIt() {
        String admin = admin(node);
        clock.advance(TOO_OLD);

        assertThat(node.patch(
                                "/user/" + id,
                                admin,
                                "{\"city\":\"Bern\",\"roles\":[\"editor\"],\"status\":\"disabled\"}")
                        .status())
                .isEqualTo(200);
        assertThat(node.patch("/user/" + id, admin, "{\"username\":\"" + name + "\"}")
                        .status())
                .as("an unchanged username")
                .isEqualTo(200);
        assertThat(node.get("/user/export", admin).status()).isEqualTo(200);
        assertThat(node.get("/service", admin).status()).isEqualTo(200);
        assertThat(node.delete("/user/" + new ObjectId(), admin).status()).isEqualTo(404);
        assertThat(node.patch("/user/" + new ObjectId(), admin, "{\"username\":\"" + name + "-x\"}")
                        .status())
                .isEqualTo(404);
    }

    @Test
    void theAgeCountsFromTheEndOfTheSecond() {
        clock.advance(Duration.between(
                clock.instant(), clock.instant().truncatedTo(ChronoUnit.SECONDS).plusSeconds(1)));
        String token = node.token(name, PASSWORD);

        clock.advance(MAX_AGE.plusSeconds(1));
        assertThat(rename(token, "a", "").status()).isEqualTo(200);
        clock.advance(Duration.ofMillis(1));
        assertInsufficient(rename(token, "b", ""), 60, "urn:gatehouse:1", "PATCH");
    }

    @Test
    void theCurrentPasswordCountsAsAuthenticationOfAnAccountWithoutAFactor() {
        String token = node.token(name, PASSWORD);
        clock.advance(TOO_OLD);

        assertThat(rename(token, "a", "wrong").text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(rename(token, "a", PASSWORD).status()).isEqualTo(200);
        assertThat(changePassword(token, "wrong").text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(changePassword(token, PASSWORD).status()).isEqualTo(204);
    }

    @Test
    void anAccountWithAFactorNeedsASessionThatHasPassedAFactor() {
        String token = node.token(name, PASSWORD);
        addFactor();

        for (String password : List.of(PASSWORD, "wrong")) {
            assertInsufficient(rename(token, "a", password), 60, "urn:gatehouse:2", "PATCH");
            assertInsufficient(changePassword(token, password), 60, "urn:gatehouse:2", "PUT");
            String removal = "{\"email\":null,\"currentPassword\":\"" + password + "\"}";
            assertInsufficient(put("/user/me/email", token, removal), 60, "urn:gatehouse:2", "PUT");
        }
        assertInsufficient(rename(token, "a", ""), 60, "urn:gatehouse:2", "PATCH");
        assertThat(node.get("/user/" + id + "/throttle", admin(node))
                        .json()
                        .path("sources")
                        .size())
                .as("the passwords were not evaluated")
                .isZero();

        passFactor();
        assertThat(rename(token, "a", "wrong").text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(rename(token, "a", "").status()).isEqualTo(200);
        clock.advance(TOO_OLD);
        assertInsufficient(rename(token, "b", PASSWORD), 60, "urn:gatehouse:2", "PATCH");
        assertInsufficient(changePassword(token, PASSWORD), 60, "urn:gatehouse:2", "PUT");
    }

    @Test
    void aNewAuthenticationOfTheSessionDoesNotChangeTokensThatExist() throws Exception {
        Response login = node.login(name, PASSWORD);
        clock.advance(TOO_OLD);
        stores.collection("sessions")
                .updateMany(
                        Filters.eq("userId", new ObjectId(id)), Updates.set("authTime", Date.from(clock.instant())));

        assertInsufficient(rename(login.text("token"), "a", ""), 60, "urn:gatehouse:1", "PATCH");
        Response refreshed = node.post("/token/refresh", "", refreshBody(login));
        assertThat(SignedJWT.parse(refreshed.text("token")).getJWTClaimsSet().getLongClaim("auth_time"))
                .isEqualTo(clock.instant().getEpochSecond());
        assertThat(rename(refreshed.text("token"), "a", "").status()).isEqualTo(200);
    }

    @Test
    void aRefreshIsNotAnAuthentication() throws Exception {
        Response login = node.login(name, PASSWORD);
        passFactor();
        clock.advance(TOO_OLD);

        Response refreshed = node.post("/token/refresh", "", refreshBody(login));

        JWTClaimsSet claims = SignedJWT.parse(refreshed.text("token")).getJWTClaimsSet();
        assertThat(claims.getLongClaim("auth_time"))
                .isEqualTo(
                        SignedJWT.parse(login.text("token")).getJWTClaimsSet().getLongClaim("auth_time"));
        assertThat(claims.getStringListClaim("amr")).containsExactly("mfa", "otp", "pwd");
        assertThat(claims.getStringClaim("acr")).isEqualTo("urn:gatehouse:2");
        assertInsufficient(rename(refreshed.text("token"), "a", ""), 60, "urn:gatehouse:1", "PATCH");
    }

    @Test
    void aTokenOfAnEarlierVersionHasTheAuthenticationOfItsSession() throws Exception {
        String token = withoutAuthentication(node.token(name, PASSWORD));
        stores.collection("sessions")
                .updateMany(
                        Filters.eq("userId", new ObjectId(id)),
                        Updates.combine(Updates.unset("authTime"), Updates.unset("amr")));

        assertThat(rename(token, "a", "").status()).isEqualTo(200);
        assertThat(node.get("/check?acr=urn:gatehouse:1&max_age=60", token).status())
                .isEqualTo(204);
        clock.advance(TOO_OLD);
        assertInsufficient(rename(token, "b", ""), 60, "urn:gatehouse:1", "PATCH");
        assertThat(node.get("/check?max_age=60", token).status()).isEqualTo(401);
        assertThat(introspect(token).json().path("amr").toString()).isEqualTo("[\"pwd\"]");
    }

    @Test
    void aSessionThatEndsMeanwhileIsNotAuthenticated() {
        String token = node.token(name, PASSWORD);
        assertThat(node.get("/user/me", token).status()).isEqualTo(200); // the session is in the cache now
        ObjectId userId = new ObjectId(id);
        beforeSessionRead.set(() -> stores.collection("sessions")
                .updateMany(Filters.eq("userId", userId), Updates.set("endedAt", Date.from(clock.instant()))));

        assertThat(rename(token, "a", "").text("code")).isEqualTo("SESSION_ENDED");
    }

    @Test
    void aServiceAuthenticatesWhenItsTokenIsIssued() {
        Response service = node.post("/service", admin(node), "{\"name\":\"" + name + "\",\"roles\":[\"admin\"]}");
        String basic = basic(service);
        String token = serviceToken(basic);

        assertThat(node.patch("/user/" + id, token, "{\"username\":\"" + name + "-a\"}")
                        .status())
                .isEqualTo(200);
        long issued = clock.instant().getEpochSecond();
        clock.advance(TOO_OLD);
        Response rejected = node.patch("/user/" + id, token, "{\"username\":\"" + name + "-b\"}");
        assertInsufficient(rejected, 60, "urn:gatehouse:1", "PATCH");
        assertThat(node.get("/check?max_age=60", token).status()).isEqualTo(401);
        assertThat(node.get("/check?max_age=61&acr=urn:gatehouse:1", token).status())
                .isEqualTo(204);
        assertInsufficient(node.get("/check?acr=urn:gatehouse:2", token), -1, "urn:gatehouse:2", "GET");
        Response introspected = introspect(token);
        assertThat(introspected.json().path("auth_time").asLong()).isEqualTo(issued);
        assertThat(introspected.json().has("amr")).isFalse();
        assertThat(introspected.json().has("acr")).isFalse();
        assertThat(node.delete("/user/" + id, serviceToken(basic)).status()).isEqualTo(204);
    }

    @Test
    void aProxyChecksTheAuthentication() {
        String token = node.token(name, PASSWORD);
        assertThat(node.get("/check?acr=urn:gatehouse:1&max_age=30", token).status())
                .isEqualTo(204);
        assertThat(node.get("/check?max_age=0", token).status()).isEqualTo(204);
        assertInsufficient(node.get("/check?acr=urn:gatehouse:2", token), -1, "urn:gatehouse:2", "GET");
        assertThat(node.get("/check?role=other&acr=urn:gatehouse:2", token).status())
                .isEqualTo(403);

        clock.advance(Duration.ofMillis(31_001));
        assertInsufficient(node.get("/check?max_age=30", token), 30, "", "GET");
        assertInsufficient(
                node.send("POST", "/check?max_age=30&acr=urn:gatehouse:1", "", "auth", token),
                30,
                "urn:gatehouse:1",
                "POST");
        assertThat(node.get("/check?max_age=31", token).status()).isEqualTo(204);

        passFactor();
        String login = node.token(name, PASSWORD);
        assertThat(node.get("/check?acr=urn:gatehouse:2", login).status()).isEqualTo(401);
        Response refreshed = node.post("/token/refresh", "", refreshBody(withFactor()));
        assertThat(node.get("/check?acr=urn:gatehouse:2&max_age=60", refreshed.text("token"))
                        .status())
                .isEqualTo(204);
    }

    @Test
    void introspectionDescribesTheAuthentication() {
        Response login = withFactor();
        long time = clock.instant().getEpochSecond();
        clock.advance(Duration.ofSeconds(5));
        Response refreshed = node.post("/token/refresh", "", refreshBody(login));

        for (String token : List.of(refreshed.text("token"), refreshed.text("refreshToken"))) {
            Response introspected = introspect(token);
            assertThat(introspected.json().path("auth_time").asLong()).isEqualTo(time);
            assertThat(introspected.json().path("amr").toString()).isEqualTo("[\"mfa\",\"otp\",\"pwd\"]");
            assertThat(introspected.text("acr")).isEqualTo("urn:gatehouse:2");
        }
    }

    private static void observe(String command) {
        if (command.equals("find sessions")) {
            beforeSessionRead.getAndSet(() -> {}).run();
        }
    }

    /** Returns a new login, so that the authentication is recent. */
    private static String admin(Node of) {
        return of.token(Node.ADMIN, Node.ADMIN_PASSWORD);
    }

    private static Response service(String admin) {
        return node.post("/service", admin, "{\"name\":\"a service\",\"roles\":[]}");
    }

    /** Returns the id of a key that does not sign yet. */
    private static String newKey(String admin) {
        return withKeys.post("/key/rotate", admin, "{}").text("kid");
    }

    private Document byId() {
        return new Document("_id", new ObjectId(id));
    }

    private void addFactor() {
        Document factor = new Document("type", "totp")
                .append("name", "phone")
                .append("createdAt", Date.from(clock.instant()))
                .append("secret", "not used")
                .append("step", 0L);
        stores.users().updateOne(byId(), Updates.set("_server.factors." + new ObjectId(), factor));
    }

    /** Stores in the sessions of the user that they have passed a factor. */
    private void passFactor() {
        stores.collection("sessions")
                .updateMany(Filters.eq("userId", new ObjectId(id)), Updates.set("amr", List.of("mfa", "otp", "pwd")));
    }

    /** Returns a login whose session has passed a factor. */
    private Response withFactor() {
        Response login = node.login(name, PASSWORD);
        passFactor();
        return login;
    }

    private Response rename(String token, String suffix, String currentPassword) {
        String password = currentPassword.isEmpty() ? "" : ",\"currentPassword\":\"" + currentPassword + "\"";
        return node.patch("/user/me", token, "{\"username\":\"" + name + "-" + suffix + "\"" + password + "}");
    }

    private Response changePassword(String token, String currentPassword) {
        String body =
                "{\"newPassword\":\"staple battery horse correct\",\"currentPassword\":\"" + currentPassword + "\"}";
        return put("/user/me/password", token, body);
    }

    private static Response put(String path, String token, String body) {
        return node.send("PUT", path, body, "auth", token, "Content-Type", "application/json");
    }

    private static String refreshBody(Response login) {
        return "{\"refreshToken\":\"" + login.text("refreshToken") + "\"}";
    }

    private Response introspect(String token) {
        return node.send(
                "POST",
                "/introspect",
                "token=" + token,
                "auth",
                admin(node),
                "Content-Type",
                "application/x-www-form-urlencoded");
    }

    private static String basic(Response service) {
        String credentials = service.text("_id") + ":" + service.text("secret");
        return "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
    }

    private static String serviceToken(String basic) {
        return node.send(
                        "POST",
                        "/token",
                        "grant_type=client_credentials",
                        "Authorization",
                        basic,
                        "Content-Type",
                        "application/x-www-form-urlencoded")
                .text("access_token");
    }

    private static String withoutAuthentication(String token) throws Exception {
        SignedJWT original = SignedJWT.parse(token);
        JWTClaimsSet claims = new JWTClaimsSet.Builder(original.getJWTClaimsSet())
                .claim("auth_time", null)
                .claim("amr", null)
                .claim("acr", null)
                .build();
        SignedJWT changed = new SignedJWT(original.getHeader(), claims);
        changed.sign(new MACSigner(Node.AUTH_KEY));
        return changed.serialize();
    }

    /**
     * Checks the body and the header of the rejection.
     *
     * @param maxAge negative if the response does not contain it
     * @param acr empty if the response does not contain it
     */
    private static void assertInsufficient(Response rejected, int maxAge, String acr, String method) {
        assertThat(rejected.status()).as(rejected.body()).isEqualTo(401);
        assertThat(rejected.header("WWW-Authenticate"))
                .isEqualTo("Bearer error=\"insufficient_user_authentication\""
                        + (maxAge < 0 ? "" : ", max_age=\"" + maxAge + "\"")
                        + (acr.isEmpty() ? "" : ", acr_values=\"" + acr + "\""));
        if (method.equals("HEAD")) {
            return;
        }
        assertThat(rejected.text("code")).isEqualTo("INSUFFICIENT_USER_AUTHENTICATION");
        assertThat(rejected.json().path("maxAge").asInt(-1)).isEqualTo(maxAge);
        assertThat(rejected.json().path("acrValues").asText("")).isEqualTo(acr);
    }
}
