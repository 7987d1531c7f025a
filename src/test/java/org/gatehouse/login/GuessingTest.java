package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.json.Json;
import org.gatehouse.password.CheapHasher;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests how two nodes behind a proxy throttle clients that guess passwords. */
class GuessingTest {
    private static final String NO_FAILURES = "{\"strangers\":{\"failures\":0,\"limit\":100},\"sources\":[],"
            + "\"factors\":{\"strangers\":{\"failures\":0,\"limit\":100},\"sources\":[]}}";

    private static final String PASSWORD = "correct horse battery staple";
    private static final String OWNER_ADDRESS = "2001:db8:1:2::7";

    private static final Stores stores = new Stores();
    private static final AtomicInteger hashesChecked = new AtomicInteger();
    private static final Node one = start();
    private static final Node other = start();
    private static String admin = "";

    @BeforeAll
    static void login() {
        admin = one.adminToken();
    }

    @AfterAll
    static void stop() {
        one.close();
        other.close();
        stores.close();
    }

    @Test
    void onlyAHundredOfAThousandGuessesAreHashedAndTheOwnerCanLogIn() throws Exception {
        one.create(admin, "alice", PASSWORD);
        assertThat(loginFrom(one, OWNER_ADDRESS, "alice", PASSWORD).status()).isEqualTo(200);
        int before = hashesChecked.get();
        AtomicBoolean guessesDone = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(9);
        try {
            Future<List<Integer>> owner = threads.submit(() -> {
                List<Integer> statuses = new ArrayList<>();
                while (!guessesDone.get() && statuses.size() < 250) {
                    statuses.add(loginFrom(node(statuses.size()), OWNER_ADDRESS, "alice", PASSWORD)
                            .status());
                }
                return statuses;
            });
            List<Callable<Response>> guesses = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                int guess = i;
                guesses.add(() -> loginFrom(node(guess), "203.0.113." + guess % 50, "alice", "guess " + guess));
            }
            List<Response> responses = new ArrayList<>();
            for (Future<Response> response : threads.invokeAll(guesses)) {
                responses.add(response.get());
            }
            guessesDone.set(true);

            List<Integer> ownersStatuses = owner.get();
            assertThat(ownersStatuses).isNotEmpty().containsOnly(200);
            assertThat(hashesChecked.get() - before - ownersStatuses.size()).isEqualTo(100);
            assertThat(responses.stream().filter(response -> response.status() == 401))
                    .hasSize(100);
            assertThat(responses.stream().filter(response -> response.status() != 401))
                    .hasSize(900)
                    .allSatisfy(GuessingTest::assertThrottled);
        } finally {
            threads.shutdownNow();
        }
        assertThat(loginFrom(other, OWNER_ADDRESS, "alice", PASSWORD).status()).isEqualTo(200);
        assertThrottled(loginFrom(other, "198.51.100.7", "alice", PASSWORD));
    }

    @Test
    void aSourceIsThrottledAfterTenFailuresWhetherTheUserExistsOrNot() {
        one.create(admin, "bob", PASSWORD);
        for (String name : List.of("bob", "nonesuch", "no name at all!")) {
            for (int i = 0; i < 10; i++) {
                String typed = i % 2 == 0 ? name : name.replace('b', 'B');
                // All these addresses belong to one IPv6 network. The throttle counts such a network as one source.
                Response response = loginFrom(node(i), "[2001:db8:2:2::" + i + "]:400" + i, typed, "wrong");
                assertThat(response.status()).isEqualTo(401);
            }

            Response rejected = loginFrom(one, "2001:db8:2:2:ffff::1", name, PASSWORD);

            assertThrottled(rejected);
            assertThat(Integer.parseInt(rejected.header("Retry-After"))).isBetween(800, 900);
            assertThat(rejected.text("message")).isEqualTo("Too many attempts to log in; try again later.");
        }
        assertThat(loginFrom(one, "2001:db8:2:3::1", "bob", PASSWORD).status()).isEqualTo(200);
    }

    @Test
    void aClientCannotChooseItsAddress() {
        one.create(admin, "carol", PASSWORD);
        for (int i = 0; i < 10; i++) {
            assertThat(loginFrom(one, "198.18.0." + i + ", 198.51.100.20", "carol", "wrong")
                            .status())
                    .isEqualTo(401);
        }

        assertThrottled(loginFrom(one, "198.18.1.1, 198.51.100.20", "carol", PASSWORD));
        // A client also cannot choose its address with a Forwarded header. An attempt with both forwarding headers is
        // counted under the address of the proxy.
        for (int i = 0; i < 10; i++) {
            assertThat(login(
                                    one,
                                    "carol",
                                    "wrong",
                                    "X-Forwarded-For",
                                    "198.51.100.20",
                                    "forwarded",
                                    "for=198.18.2." + i)
                            .status())
                    .isEqualTo(401);
        }
        assertThrottled(
                login(one, "carol", PASSWORD, "X-Forwarded-For", "198.51.100.21", "forwarded", "for=198.18.3.1"));
    }

    @Test
    void anAttemptWhosePasswordWasNotCheckedDoesNotCount() {
        String id = one.create(admin, "frank", PASSWORD);
        PasswordHasher closed = CheapHasher.create();
        closed.close();
        try (Node busy = Node.start(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1"), closed)) {
            for (int i = 0; i < 15; i++) {
                assertThat(loginFrom(busy, "198.51.100.50", "frank", "wrong").text("code"))
                        .isEqualTo("BUSY");
            }
        }

        assertThat(one.get("/user/" + id + "/throttle", admin).body()).isEqualTo(NO_FAILURES);
    }

    @Test
    void anAdministratorSeesAndClearsTheCounts() {
        String id = one.create(admin, "Dave", PASSWORD);
        assertThat(one.get("/user/" + id + "/throttle", admin).body()).isEqualTo(NO_FAILURES);
        for (int i = 0; i < 11; i++) {
            loginFrom(node(i), "198.51.100.30", "dave", "wrong");
        }
        loginFrom(one, "2001:db8:3::1", "dave", "wrong");

        JsonNode counts = other.get("/user/" + id + "/throttle", admin).json();

        assertThat(counts.path("strangers").path("failures").asInt()).isEqualTo(11);
        Instant now = Instant.now();
        assertThat(Instant.parse(counts.path("strangers").path("endsAt").asText()))
                .isBetween(now.plusSeconds(3_500), now.plusSeconds(3_610));
        JsonNode first = counts.path("sources").path(0);
        assertThat(first.path("source").asText()).isEqualTo("198.51.100.30");
        assertThat(first.path("failures").asInt()).isEqualTo(10);
        assertThat(first.path("limit").asInt()).isEqualTo(10);
        assertThat(Instant.parse(first.path("endsAt").asText())).isBetween(now.plusSeconds(800), now.plusSeconds(910));
        assertThat(counts.path("sources").path(1).path("source").asText()).isEqualTo("2001:db8:3::/64");
        assertThrottled(loginFrom(one, "198.51.100.30", "dave", PASSWORD));

        Response cleared = other.delete("/user/" + id + "/throttle", admin);

        assertThat(cleared.status()).isEqualTo(204);
        assertThat(one.get("/user/" + id + "/throttle", admin).json().path("sources"))
                .isEmpty();
        assertThat(loginFrom(one, "198.51.100.30", "dave", PASSWORD).status()).isEqualTo(200);
    }

    @Test
    void onlyAdministratorsSeeOrClearTheCounts() {
        String id = one.create(admin, "erin", PASSWORD);
        String token = loginFrom(one, "198.51.100.40", "erin", PASSWORD).text("token");

        for (String method : List.of("GET", "DELETE")) {
            assertThat(one.send(method, "/user/" + id + "/throttle", "", "auth", token)
                            .status())
                    .isEqualTo(403);
            assertThat(one.send(method, "/user/" + id + "/throttle", "").status())
                    .isEqualTo(401);
            for (String unknownId : List.of("000000000000000000000000", "zzz")) {
                Response response = one.send(method, "/user/" + unknownId + "/throttle", "", "auth", admin);
                assertThat(response.status()).isEqualTo(404);
                assertThat(response.text("code")).isEqualTo("USER_NOT_FOUND");
            }
        }
        assertThat(one.get("/user/me/throttle", admin).status()).isEqualTo(200);
    }

    private static Node node(int turn) {
        return turn % 2 == 0 ? one : other;
    }

    private static Response loginFrom(Node node, String forwardedFor, String username, String password) {
        return login(node, username, password, "X-Forwarded-For", forwardedFor);
    }

    private static Response login(Node node, String username, String password, String... headers) {
        String body = Json.MAPPER
                .createObjectNode()
                .put("username", username)
                .put("password", password)
                .toString();
        List<String> all = new ArrayList<>(List.of("Content-Type", "application/json"));
        Collections.addAll(all, headers);
        return node.send("POST", "/login", body, all.toArray(String[]::new));
    }

    private static void assertThrottled(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(429);
        assertThat(response.text("code")).isEqualTo("LOGIN_THROTTLED");
        assertThat(response.header("Retry-After")).matches("[1-9][0-9]*");
    }

    private static Node start() {
        return Node.start(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1"), CheapHasher.counting(hashesChecked));
    }
}
