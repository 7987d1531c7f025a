package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which callers may create users, both with closed and with open registration. Both nodes are behind a proxy. */
class RegistrationTest {
    private static final String PASSWORD = "correct horse battery staple";

    private static final Stores stores = new Stores();
    private static final Node closed = Node.start(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1"));
    private static final Node open = Node.start(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1", "REGISTRATION", "open"));
    private static final AtomicInteger number = new AtomicInteger();
    private static String admin = "";
    private static String plain = "";

    private final String username = "new-" + number.incrementAndGet();

    @BeforeAll
    static void login() {
        admin = closed.adminToken();
        closed.create(admin, "plain", PASSWORD);
        plain = closed.token("plain", PASSWORD);
    }

    @AfterAll
    static void stop() {
        open.close();
        closed.close();
        stores.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"username\":\"stranger\",\"password\":\"" + PASSWORD + "\"}", "{", "[]", "{}", ""})
    void onlyAdministratorsCreateUsersIfRegistrationIsClosed(String body) {
        Response stranger = register(closed, "", address(), body);
        assertThat(stranger.status()).as(stranger.body()).isEqualTo(401);
        assertThat(stranger.text("code")).isEqualTo("TOKEN_MISSING");
        assertThat(register(closed, "junk", address(), body).text("code")).isEqualTo("TOKEN_MALFORMED");

        Response user = register(closed, plain, address(), body);
        assertThat(user.status()).as(user.body()).isEqualTo(403);
        assertThat(user.text("code")).isEqualTo("FORBIDDEN");

        assertThat(countOf("stranger")).isZero();
    }

    @Test
    void anyClientMayRegisterAPlainUserIfRegistrationIsOpen() {
        for (String token : List.of("", plain)) {
            String name = username + (token.isEmpty() ? "" : "-by-a-user");
            Response created = register(
                    open,
                    token,
                    address(),
                    "{\"username\":\"" + name + "\",\"password\":\"" + PASSWORD + "\",\"email\":\"n@e.x\"}");

            assertThat(created.status()).as(created.body()).isEqualTo(201);
            assertThat(created.header("Location")).isEqualTo("user/" + created.text("_id"));
            JsonNode user = created.json();
            assertThat(user.path("roles").toString()).isEqualTo("[\"user\"]");
            assertThat(user.path("status").asText()).isEqualTo("active");
            assertThat(user.path("email").asText()).isEqualTo("n@e.x");
            assertThat(created.body()).doesNotContainIgnoringCase("password");
            String newcomer = closed.token(name, PASSWORD);
            assertThat(open.get("/user/" + created.text("_id"), newcomer).status())
                    .isEqualTo(200);
            assertThat(open.get("/user", newcomer).text("code")).isEqualTo("FORBIDDEN");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"roles\":[\"admin\"]",
                "\"roles\":[\"user\"]",
                "\"roles\":[]",
                "\"roles\":null",
                "\"roles\":\"admin\"",
                "\"status\":\"active\"",
                "\"status\":\"disabled\"",
                "\"status\":null"
            })
    void onlyAdministratorsSetRolesAndStatus(String field) {
        String body = "{\"username\":\"" + username + "\",\"password\":\"" + PASSWORD + "\"," + field + "}";
        for (String token : List.of("", plain)) {
            Response rejected = register(open, token, address(), body);

            assertThat(rejected.status()).as(rejected.body()).isEqualTo(403);
            assertThat(rejected.text("code")).isEqualTo("FORBIDDEN");
        }
        assertThat(countOf(username)).isZero();
    }

    @Test
    void anAdministratorSetsRolesAndStatusWithOpenAndClosedRegistration() {
        for (Node server : List.of(open, closed)) {
            String name = username + (server.equals(open) ? "-open" : "-closed");
            Response created = register(
                    server,
                    admin,
                    address(),
                    "{\"username\":\"" + name + "\",\"password\":\"" + PASSWORD
                            + "\",\"roles\":[\"admin\",\"auditor\"],\"status\":\"disabled\"}");

            assertThat(created.status()).as(created.body()).isEqualTo(201);
            assertThat(created.json().path("roles").toString()).contains("\"admin\"", "\"auditor\"");
            assertThat(created.text("status")).isEqualTo("disabled");
        }
    }

    @Test
    void anInvalidTokenIsNotTreatedAsAMissingToken() {
        String ended = open.token("plain", PASSWORD);
        open.send("POST", "/logout", "", "auth", ended);
        for (Map.Entry<String, String> bad : Map.of(
                        "junk", "TOKEN_MALFORMED", ended, "SESSION_ENDED", ended + "x", "TOKEN_INVALID")
                .entrySet()) {
            Response rejected = register(open, bad.getKey(), address(), body(username));

            assertThat(rejected.status()).as(rejected.body()).isEqualTo(401);
            assertThat(rejected.text("code")).isEqualTo(bad.getValue());
        }
        assertThat(countOf(username)).isZero();
    }

    @Test
    void aTakenUsernameIsRejected() {
        assertThat(register(open, "", address(), body(username)).status()).isEqualTo(201);
        for (String taken : List.of(username, "NEW-" + username.substring(4), "Plain", Node.ADMIN)) {
            Response rejected = register(open, "", address(), body(taken));

            assertThat(rejected.status()).as(rejected.body()).isEqualTo(409);
            assertThat(rejected.text("code")).isEqualTo("USERNAME_TAKEN");
        }
        assertThat(countOf(username)).isEqualTo(1);
    }

    @Test
    void aWeakPasswordIsRejected() {
        Response rejected =
                register(open, "", address(), "{\"username\":\"" + username + "\",\"password\":\"passwordpassword\"}");

        assertThat(rejected.status()).isEqualTo(400);
        assertThat(rejected.json().path("errors").findValuesAsText("field")).containsExactly("password");
        assertThat(countOf(username)).isZero();
    }

    @Test
    void oneSourceCreatesAtMostTenAccountsAnHour() {
        String network = "2001:db8:" + number.incrementAndGet() + ":1::";
        // The limit counts only created accounts. The service rejects the requests of this loop, so they do not count.
        for (int i = 0; i < 12; i++) {
            assertThat(register(open, "", network + i, "{}").status()).isEqualTo(400);
        }
        for (int i = 0; i < 10; i++) {
            Response created = register(open, i % 2 == 0 ? "" : plain, network + i, body(username + "-" + i));
            assertThat(created.status()).as(created.body()).isEqualTo(201);
        }

        for (String token : List.of("", plain)) {
            Response rejected = register(open, token, network + "ffff", body(username + "-more"));
            assertThat(rejected.status()).as(rejected.body()).isEqualTo(429);
            assertThat(rejected.text("code")).isEqualTo("TOO_MANY_REQUESTS");
            assertThat(Integer.parseInt(rejected.header("Retry-After"))).isBetween(3_500, 3_600);
        }
        assertThat(countOf(username + "-more")).isZero();
        assertThat(register(open, "", address(), body(username + "-elsewhere")).status())
                .isEqualTo(201);
        assertThat(register(open, admin, network + 1, body(username + "-by-admin"))
                        .status())
                .isEqualTo(201);
    }

    private static Response register(Node server, String token, String address, String body) {
        return server.send(
                "POST", "/user", body, "auth", token, "Content-Type", "application/json", "X-Forwarded-For", address);
    }

    private static String body(String name) {
        return "{\"username\":\"" + name + "\",\"password\":\"" + PASSWORD + "\"}";
    }

    private static long countOf(String name) {
        return stores.users().countDocuments(new Document("username", name));
    }

    /** Returns a new source address for each call, so that the limit of one source does not apply. */
    private static String address() {
        int n = number.incrementAndGet();
        return "10.0." + (n >> 8 & 255) + "." + (n & 255);
    }
}
