package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which addresses log in, and that no spelling of an address permits more guesses. */
class AddressLoginTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String VERIFIED = "\"emailVerified\":\"2026-01-02T03:04:05.678Z\"";

    private static final Stores stores = new Stores();
    private static final List<String> commands = new CopyOnWriteArrayList<>();
    private static final Node node = Node.start(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1"), commands::add);
    private static final AtomicInteger number = new AtomicInteger();

    private final String name = "login-" + number.incrementAndGet();
    private final String source = "198.51.100." + number.get();

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @Test
    void everySpellingOfAVerifiedAddressLogsIn() {
        importUser(name, "J\u00fcrgen." + name + "@B\u00fccher.example", VERIFIED);

        for (String typed : List.of(
                "J\u00fcrgen." + name + "@B\u00fccher.example",
                "j\u00dcrgen." + name + "@B\u00dcCHER.EXAMPLE",
                "ju\u0308rgen." + name + "@xn--bcher-kva.example",
                " J\u00fcrgen." + name + "@XN--BCHER-KVA.example\n",
                name)) {
            Response login = node.loginFrom(source, typed, PASSWORD);
            assertThat(login.status()).as(typed + login.body()).isEqualTo(200);
            assertThat(login.text("message")).isEqualTo("Logged as " + name);
        }
        for (String typed : List.of(
                "jurgen." + name + "@b\u00fccher.example",
                "j\u00fcrgen" + name + "@b\u00fccher.example",
                "j\u00fcrgen." + name + "+a@b\u00fccher.example",
                "j\u00fcrgen." + name + "@bucher.example")) {
            assertThat(node.loginFrom("203.0.113.9", typed, PASSWORD).status())
                    .as(typed)
                    .isEqualTo(401);
        }
    }

    @Test
    void anUnverifiedAddressDoesNotLogIn() {
        importUser(name, name + "@example.com", "\"a\":1");

        assertThat(node.loginFrom(source, name + "@example.com", PASSWORD).status())
                .isEqualTo(401);
        assertThat(node.loginFrom(source, name, PASSWORD).status()).isEqualTo(200);
    }

    @Test
    void anAddressThatIsNoLongerVerifiedDoesNotLogIn() {
        String id = importUser(name, name + "@example.com", VERIFIED);
        assertThat(node.loginFrom(source, name + "@example.com", PASSWORD).status())
                .isEqualTo(200);

        node.patch("/user/" + id, node.adminToken(), "{\"email\":\"" + name + "-2@example.com\"}");

        assertThat(node.loginFrom(source, name + "@example.com", PASSWORD).status())
                .isEqualTo(401);
        assertThat(node.loginFrom(source, name + "-2@example.com", PASSWORD).status())
                .isEqualTo(401);
    }

    @Test
    void aVerifiedAddressTakesPrecedenceOverAUsername() {
        String address = name + "@example.com";
        String squatter = node.create(node.adminToken(), address, "staple battery horse correct");
        assertThat(node.loginFrom(source, address, "staple battery horse correct")
                        .status())
                .isEqualTo(200);

        importUser(name, address, VERIFIED);

        assertThat(node.loginFrom(source, address, PASSWORD).text("message")).isEqualTo("Logged as " + name);
        assertThat(node.loginFrom(source, address, "staple battery horse correct")
                        .status())
                .isEqualTo(401);
        assertThat(node.get("/user/" + squatter, node.adminToken()).text("username"))
                .isEqualTo(address);
    }

    @ParameterizedTest
    @ValueSource(strings = {"known", "unknown"})
    void spellingsOfAnAddressCountTogether(String kind) {
        if (kind.equals("known")) {
            importUser(name, name + "@b\u00fccher.example", VERIFIED);
        }
        List<String> spellings = List.of(
                name + "@b\u00fccher.example",
                name.toUpperCase(Locale.ROOT) + "@xn--bcher-kva.example",
                " " + name + "@B\u00dcCHER.example",
                name + "@b\uff55\u0308cher\uff0eexample",
                name + "@Xn--Bcher-Kva.example");
        for (int i = 0; i < 10; i++) {
            Response wrong = node.loginFrom(source, spellings.get(i % spellings.size()), "guess " + i);
            assertThat(wrong.status()).as(wrong.body()).isEqualTo(401);
        }
        for (String spelling : spellings) {
            assertThat(node.loginFrom(source, spelling, PASSWORD).text("code"))
                    .as(spelling)
                    .isEqualTo("LOGIN_THROTTLED");
        }
    }

    @Test
    void theAddressAndTheUsernameOfAUserCountTogether() {
        String id = importUser(name, name + "@example.com", VERIFIED);
        for (int i = 0; i < 10; i++) {
            String typed = i % 2 == 0 ? name : name + "@example.com";
            assertThat(node.loginFrom(source, typed, "guess " + i).status()).isEqualTo(401);
        }

        assertThat(node.loginFrom(source, name, PASSWORD).status()).isEqualTo(429);
        assertThat(node.loginFrom(source, name + "@EXAMPLE.com", PASSWORD).status())
                .isEqualTo(429);
        assertThat(node.get("/user/" + id + "/throttle", node.adminToken())
                        .json()
                        .path("sources")
                        .findValuesAsText("failures"))
                .containsExactly("10");
    }

    @Test
    void anAdministratorClearsTheFailuresOfAnAddress() {
        String id = importUser(name, name + "@example.com", VERIFIED);
        for (int i = 0; i < 10; i++) {
            node.loginFrom(source, name + "@example.com", "guess " + i);
        }
        assertThat(node.loginFrom(source, name + "@example.com", PASSWORD).status())
                .isEqualTo(429);

        assertThat(node.delete("/user/" + id + "/throttle", node.adminToken()).status())
                .isEqualTo(204);

        assertThat(node.loginFrom(source, name + "@example.com", PASSWORD).status())
                .isEqualTo(200);
    }

    @Test
    void anUnknownAddressHasTheSameResponseAndTheSameReads() {
        importUser(name, name + "@example.com", VERIFIED);
        importUser(name + "-unverified", name + "-unverified@example.com", "\"a\":1");
        List<List<String>> reads = new ArrayList<>();
        List<String> bodies = new ArrayList<>();
        for (String typed : List.of("", "-unverified", "-unknown")) {
            commands.clear();
            Response wrong = node.loginFrom(source, name + typed + "@example.com", "not the password");
            assertThat(wrong.status()).isEqualTo(401);
            reads.add(commands.stream().filter("find users"::equals).toList());
            bodies.add(wrong.body().replace(wrong.text("requestId"), ""));
        }

        assertThat(reads.get(0)).hasSize(2);
        assertThat(reads).containsOnly(reads.get(0));
        assertThat(bodies).containsOnly(bodies.get(0));
    }

    /** Imports a user with the password of this test. Returns the id. */
    private static String importUser(String username, String email, String field) {
        Response response = node.send(
                "POST",
                "/user/import",
                "{\"username\":\"" + username + "\",\"password\":\"" + PASSWORD + "\",\"email\":\"" + email + "\","
                        + field + "}",
                "auth",
                node.adminToken(),
                "Content-Type",
                "application/x-ndjson");
        String id = Response.json(response.body().lines().findFirst().orElseThrow())
                .path("_id")
                .asText();
        assertThat(id).as(response.body()).isNotEmpty();
        return id;
    }
}
