package org.gatehouse.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.gatehouse.war.ServiceClient.credentials;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jwt.SignedJWT;
import jakarta.annotation.security.PermitAll;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.core.MediaType;
import java.lang.reflect.Method;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.store.RedisText;
import org.gatehouse.store.Stores;
import org.gatehouse.user.AllowsEnrolment;
import org.gatehouse.user.FactorRule;
import org.gatehouse.war.Response;
import org.glassfish.jersey.server.model.Resource;
import org.glassfish.jersey.server.model.ResourceMethod;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Tests the rule that users with some roles need a second factor. Each test has a separate user. */
class EnrolmentTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String REQUIRED = "FACTOR_ENROLMENT_REQUIRED";
    private static final String ROLE = "billing";
    private static final String FORM = MediaType.APPLICATION_FORM_URLENCODED;

    /** The only methods that a user may call who must add a factor. Each of them is about the caller's own factors. */
    private static final Set<String> ENROLMENT = Set.of(
            "GET /factor",
            "POST /factor/totp",
            "POST /factor/{id}/confirm",
            "DELETE /factor/{id}",
            "POST /factor/recovery-codes",
            "POST /passkey/options",
            "POST /passkey",
            "POST /login/step-up");

    private static final Stores stores = new Stores();
    private static final Node node =
            Node.start(stores, Map.of("FACTOR_REQUIRED_ROLES", "auditor," + ROLE, "REGISTRATION", "open"));
    private static final AtomicInteger number = new AtomicInteger();
    private static String admin = "";

    private final String username = "Member-" + number.incrementAndGet();
    private final String id = node.create(admin, username, PASSWORD);

    @BeforeAll
    static void logIn() {
        admin = node.adminToken();
    }

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @Test
    void theLoginGivesOnlyATokenForEnrolment() throws ParseException {
        setRoles(ROLE);

        Response login = node.login(username, PASSWORD);

        assertThat(login.status()).as(login.body()).isEqualTo(200);
        assertThat(login.json().path("enrolmentRequired").isBoolean()).isTrue();
        assertThat(login.json().path("enrolmentRequired").booleanValue()).isTrue();
        assertThat(login.json().has("refreshToken")).isFalse();
        assertThat(login.json().has("refreshExpiresIn")).isFalse();
        assertThat(login.json().path("expiresIn").asInt()).isEqualTo(600);
        assertThat(SignedJWT.parse(login.text("token")).getJWTClaimsSet().getAudience())
                .containsExactly("urn:gatehouse:enrolment");
    }

    @Test
    void aUserWithoutSuchARoleLogsInAsUsual() throws ParseException {
        Response login = node.login(username, PASSWORD);

        assertThat(login.json().has("enrolmentRequired")).isFalse();
        assertThat(login.text("refreshToken")).isNotEmpty();
        assertThat(SignedJWT.parse(login.text("token")).getJWTClaimsSet().getAudience())
                .containsExactly("gatehouse");
        assertThat(node.get("/check", login.text("token")).status()).isEqualTo(204);
    }

    /** A new resource method must not allow enrolment by accident. */
    @Test
    void onlyTheListedMethodsAllowEnrolment() {
        Set<String> allowed = new TreeSet<>();
        methods((route, method) -> {
            if (definition(method).isAnnotationPresent(AllowsEnrolment.class)) {
                assertThat(definition(method).isAnnotationPresent(RolesAllowed.class))
                        .as(route)
                        .isTrue();
                allowed.add(route);
            }
        });
        assertThat(allowed).isEqualTo(new TreeSet<>(ENROLMENT));
    }

    /** Calls every method that requires a token, with the token of a login and with a token from before the rule. */
    @Test
    void everyOtherMethodRejectsTheUser() {
        String earlier = node.token(username, PASSWORD);
        setRoles(ROLE);
        List<String> tokens = List.of(earlier, node.token(username, PASSWORD));

        List<String> called = new ArrayList<>();
        methods((route, method) -> {
            if (definition(method).isAnnotationPresent(PermitAll.class)) {
                return;
            }
            for (String token : tokens) {
                Response response = call(route, method, token);
                if (ENROLMENT.contains(route)) {
                    assertThat(response.text("code")).as(route).isNotEqualTo(REQUIRED);
                } else {
                    assertThat(response.status())
                            .as(route + " " + response.body())
                            .isEqualTo(403);
                    assertThat(response.text("code")).as(route).isEqualTo(REQUIRED);
                }
            }
            called.add(route);
        });
        assertThat(called).contains("GET /check", "POST /check", "GET /user/{id}", "POST /user", "POST /revoke");
        assertThat(node.get("/user/" + id, admin).status()).isEqualTo(200);
    }

    @Test
    void openMethodsThatReadATokenRejectTheUserExceptLogout() {
        setRoles(ROLE);
        String token = node.token(username, PASSWORD);

        Response confirm = node.post("/email/confirm", token, "{\"proof\":\"unknown\"}");
        assertThat(confirm.text("code")).as(confirm.body()).isEqualTo(REQUIRED);

        Response logout = node.post("/logout", token, "{}");
        assertThat(logout.json().path("ended").asInt()).as(logout.body()).isEqualTo(1);
        assertThat(node.get("/check", token).text("code")).isEqualTo("SESSION_ENDED");
    }

    /** The rejected refresh must not use the refresh token, which is the only one that the client has. */
    @Test
    void aRefreshIsRejectedAndTheRefreshTokenRemainsValid() {
        String refreshToken = node.login(username, PASSWORD).text("refreshToken");
        setRoles(ROLE);

        for (int i = 0; i < 3; i++) {
            Response refresh = refresh(refreshToken);
            assertThat(refresh.status()).as(refresh.body()).isEqualTo(403);
            assertThat(refresh.text("code")).isEqualTo(REQUIRED);
        }
        assertThat(introspect(refreshToken).path("active").booleanValue()).isFalse();

        setRoles("user");
        Response refresh = refresh(refreshToken);
        assertThat(refresh.status()).as(refresh.body()).isEqualTo(200);
        assertThat(node.get("/check", refresh.text("token")).status()).isEqualTo(204);
        assertThat(introspect(refresh.text("refreshToken")).path("active").booleanValue())
                .isTrue();
    }

    /** A copied refresh token ends the session even while the user must add a factor. */
    @Test
    void theReuseOfARefreshTokenIsStillNoticed() {
        String first = node.login(username, PASSWORD).text("refreshToken");
        String second = refresh(first).text("refreshToken");
        String third = refresh(second).text("refreshToken");
        setRoles(ROLE);

        assertThat(refresh(first).text("code")).isEqualTo("SESSION_ENDED");
        assertThat(refresh(third).text("code")).isEqualTo("SESSION_ENDED");
    }

    @Test
    void otherServicesLearnThatTheTokensAreNotActive() {
        String earlier = node.token(username, PASSWORD);
        assertThat(introspect(earlier).path("active").booleanValue()).isTrue();
        setRoles(ROLE);

        for (String token : List.of(earlier, node.token(username, PASSWORD))) {
            assertThat(introspect(token)).hasToString("{\"active\":false}");
            assertThat(node.get("/check", token).text("code")).isEqualTo(REQUIRED);
            assertThat(node.get("/check", token).header("X-User-Id")).isEmpty();
        }
        setRoles("user");
        assertThat(introspect(earlier).path("active").booleanValue()).isTrue();
    }

    /**
     * A stranger who knows the password may log in before the user adds a factor. The stranger's token must not become
     * a full token when the user adds one.
     */
    @Test
    void theTokenOfASessionWithoutFactorRemainsForEnrolment() {
        setRoles(ROLE);
        String stranger = node.token(username, PASSWORD);
        addFactor();

        assertThat(node.get("/check", stranger).text("code")).isEqualTo(REQUIRED);
        assertThat(node.get("/user/me", stranger).text("code")).isEqualTo(REQUIRED);
        assertThat(introspect(stranger)).hasToString("{\"active\":false}");

        setRoles("user");
        assertThat(node.get("/check", stranger).text("code")).isEqualTo(REQUIRED);
    }

    @Test
    void theTokenOfTheSessionThatAddedTheFactorIsAccepted() {
        setRoles(ROLE);
        String token = node.token(username, PASSWORD);
        addFactor();
        stores.collection("sessions")
                .updateMany(
                        new Document("userId", new ObjectId(id)),
                        new Document("$set", new Document("amr", List.of("mfa", "otp", "pwd"))));

        assertThat(node.get("/check", token).status()).isEqualTo(204);
        assertThat(node.get("/user/me", token).status()).isEqualTo(200);
        JsonNode claims = introspect(token);
        assertThat(claims.path("active").booleanValue()).isTrue();
        assertThat(claims.path("aud").asText()).isEqualTo("urn:gatehouse:enrolment");
    }

    @Test
    void aSessionFromBeforeTheFactorGoesOn() {
        Response login = node.login(username, PASSWORD);
        setRoles(ROLE);
        assertThat(node.get("/check", login.text("token")).text("code")).isEqualTo(REQUIRED);
        addFactor();

        assertThat(node.get("/check", login.text("token")).status()).isEqualTo(204);
        assertThat(refresh(login.text("refreshToken")).status()).isEqualTo(200);
    }

    /** A cache entry of version 0.1.0 does not show factors. */
    @Test
    void theStoreDecidesIfTheCacheShowsNoFactor() {
        Response login = node.login(username, PASSWORD);
        setRoles(ROLE);
        addFactor();
        String key = "u:{" + id + "}";
        try (RedisText redis = new RedisText(stores.redis().uri())) {
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                node.get("/user/" + id, admin);
                return ("" + redis.commands().get(key)).contains("\"hasFactor\":true");
            });
            String cached = "" + redis.commands().get(key);
            try (Node other = Node.start(stores, Map.of("FACTOR_REQUIRED_ROLES", ROLE, "NEAR_CACHE_MIB", "0"))) {
                String earlier = cached.replace("\"hasFactor\":true", "\"hasFactor\":false")
                        .replace("\"changed\":true", "\"changed\":false");
                await().atMost(Duration.ofSeconds(60)).until(() -> {
                    redis.commands().set(key, earlier);
                    return !other.get("/user/" + id, admin)
                            .json()
                            .path("changed")
                            .asBoolean(true);
                });

                assertThat(other.get("/check", login.text("token")).status()).isEqualTo(204);
                assertThat(other.post("/token/refresh", "", "{\"refreshToken\":\"" + login.text("refreshToken") + "\"}")
                                .status())
                        .isEqualTo(200);
                assertThat("" + redis.commands().get(key)).contains("\"hasFactor\":false");
            }
        }
    }

    @Test
    void aStartWithoutRequiredRolesRecommendsThemOnce() {
        Queue<String> lines = new ConcurrentLinkedQueue<>();
        Thread starting = Thread.currentThread(); // other tests start nodes in other threads
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                if (event.getThreadName().equals(starting.getName())) {
                    lines.add(event.getLevel() + " " + event.getFormattedMessage());
                }
            }
        };
        Logger logger = (Logger) LoggerFactory.getLogger(FactorRule.class);
        appender.start();
        logger.addAppender(appender);
        try {
            Node.start(stores).close();
            assertThat(lines)
                    .containsExactly(
                            "INFO No role requires a second factor. FACTOR_REQUIRED_ROLES=admin,support is recommended.");
            Node.start(stores, Map.of("FACTOR_REQUIRED_ROLES", ROLE)).close();
            assertThat(lines).hasSize(1);
        } finally {
            logger.detachAppender(appender);
        }
    }

    @Test
    void servicesDoNotNeedAFactor() {
        Response created = node.post("/service", admin, "{\"name\":\"" + username + "\",\"roles\":[\"" + ROLE + "\"]}");
        String token = node.serviceToken(created.text("_id"), created.text("secret"));

        assertThat(node.get("/check?role=" + ROLE, token).status()).isEqualTo(204);
    }

    @Test
    void withoutRequiredRolesNoUserNeedsAFactor() {
        setRoles(ROLE);
        try (Node other = Node.start(stores)) {
            Response login = other.login(username, PASSWORD);

            assertThat(login.json().has("enrolmentRequired")).isFalse();
            assertThat(other.get("/check", login.text("token")).status()).isEqualTo(204);
        }
    }

    private void setRoles(String role) {
        Response changed = node.patch("/user/" + id, admin, "{\"roles\":[\"" + role + "\"]}");
        assertThat(changed.status()).as(changed.body()).isEqualTo(200);
    }

    /** Stores a factor without an enrolment. A change of the user then tells all caches. */
    private void addFactor() {
        Document factor = new Document("type", "totp")
                .append("name", "phone")
                .append("createdAt", new Date())
                .append("secret", "unreadable")
                .append("step", 0L);
        stores.users()
                .updateOne(
                        new Document("_id", new ObjectId(id)),
                        new Document("$set", new Document("_server.factors." + new ObjectId(), factor)));
        Response changed = node.patch("/user/" + id, admin, "{\"changed\":true}");
        assertThat(changed.status()).as(changed.body()).isEqualTo(200);
    }

    private static Response refresh(String refreshToken) {
        return node.post("/token/refresh", "", "{\"refreshToken\":\"" + refreshToken + "\"}");
    }

    private static JsonNode introspect(String token) {
        Response response = node.send("POST", "/introspect", "token=" + token, "auth", admin, "Content-Type", FORM);
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response.json();
    }

    private static Response call(String route, ResourceMethod method, String token) {
        String[] parts = route.split(" ", 2);
        List<MediaType> consumed = method.getConsumedTypes();
        String type = consumed.isEmpty()
                ? MediaType.APPLICATION_JSON
                : consumed.get(0).toString();
        boolean hasBody = !parts[0].equals("GET") && !parts[0].equals("DELETE");
        String body = !hasBody ? "" : type.equals(FORM) ? "token=x" : credentials("x", "y");
        String path = parts[1].replaceAll("\\{[^}]*}", new ObjectId().toHexString());
        return hasBody
                ? node.send(parts[0], path, body, "auth", token, "Content-Type", type)
                : node.send(parts[0], path, body, "auth", token);
    }

    private static Method definition(ResourceMethod method) {
        return method.getInvocable().getDefinitionMethod();
    }

    private interface Visitor {
        void visit(String route, ResourceMethod method);
    }

    private static void methods(Visitor visitor) {
        node.resources().forEach(type -> visit("", Resource.from(type), visitor));
    }

    private static void visit(String above, Resource resource, Visitor visitor) {
        String path = above + "/" + resource.getPath().replaceAll("^/|:[^}]*", "");
        resource.getResourceMethods()
                .forEach(method -> visitor.visit(method.getHttpMethod().toUpperCase(Locale.ROOT) + " " + path, method));
        resource.getChildResources().forEach(child -> visit(path, child, visitor));
    }
}
