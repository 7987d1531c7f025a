package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the number of ended sessions that a logout returns. */
class LogoutTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final Duration EXPIRY = Duration.ofMinutes(10);
    private static final Duration IDLE = Duration.ofHours(1);

    private static final Stores stores = new Stores();
    private static final SettableClock clock = SettableClock.atNow();
    private static final Node node =
            Node.start(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1", "REFRESH_IDLE", IDLE.toString()), clock);
    private static final AtomicInteger number = new AtomicInteger();

    private final String username = "user-" + number.incrementAndGet();
    private final String id = node.create(admin(), username, PASSWORD);

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "junk", "a.b.c"})
    void aLogoutWithoutAValidTokenEndsNoSession(String token) {
        assertThat(logout(token)).isZero();
        assertThat(logoutEverywhere(token)).isZero();
    }

    @Test
    void aLogoutEndsTheSessionOfItsTokenOnce() {
        String token = login();
        login();

        assertThat(logout(token)).isEqualTo(1);
        assertThat(logout(token)).isZero();
        assertThat(logoutEverywhere(token)).isZero();
    }

    @Test
    void anExpiredTokenStillEndsItsSession() {
        String token = login();
        clock.advance(EXPIRY);

        assertThat(logout(token)).isEqualTo(1);
        assertThat(logout(token)).isZero();
    }

    @Test
    void anExpiredSessionIsNotCounted() {
        String token = login();
        clock.advance(IDLE);
        assertThat(logout(token)).isZero();

        login();
        login();
        clock.advance(IDLE);
        assertThat(logoutEverywhere(login())).isEqualTo(1);
    }

    @Test
    void aLogoutEverywhereCountsTheLiveSessionsOfTheUser() {
        String token = login();
        logout(login());
        login();
        login();

        assertThat(logoutEverywhere(token)).isEqualTo(3);
        assertThat(logoutEverywhere(token)).isZero();
        assertThat(logoutEverywhere(login())).isEqualTo(1);
    }

    @Test
    void aLogoutEverywhereCountsOneSessionIfAllOtherSessionsHaveEnded() {
        login();
        String token = login();
        assertThat(node.delete("/session?others=true", token).status()).isEqualTo(204);

        assertThat(logoutEverywhere(token)).isEqualTo(1);
    }

    @Test
    void aLogoutWithTheTokenOfADisabledUserEndsNoSession() {
        String token = login();
        assertThat(node.patch("/user/" + id, admin(), "{\"status\":\"disabled\"}")
                        .status())
                .isEqualTo(200);

        assertThat(logoutEverywhere(token)).isZero();
    }

    @Test
    void everySessionIsCountedEvenIfLogoutsOverlap() throws Exception {
        List<Callable<Long>> logouts = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            String token = login();
            logouts.add(i % 2 == 0 ? () -> logoutEverywhere(token) : () -> logout(token));
        }
        ExecutorService threads = Executors.newFixedThreadPool(logouts.size());
        long sum = 0;
        try {
            for (Future<Long> ended : threads.invokeAll(logouts)) {
                sum += ended.get();
            }
        } finally {
            threads.shutdownNow();
        }

        // A logout everywhere counts the sessions before it ends them. Meanwhile, another logout may end and count one
        // of these sessions. Both logouts then count this session.
        assertThat(sum).isBetween(8L, 12L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "{}", "{\"everywhere\":false}"})
    void aBodyWithoutEverywhereTrueEndsOneSession(String body) {
        login();

        assertThat(ended(node.post("/logout", login(), body))).isEqualTo(1);
    }

    private static long logout(String token) {
        return ended(node.post("/logout", token, "{}"));
    }

    private static long logoutEverywhere(String token) {
        return ended(node.post("/logout", token, "{\"everywhere\":true}"));
    }

    private static long ended(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        assertThat(response.text("message")).isEqualTo("Logged out successfully!");
        assertThat(response.json().path("ended").isIntegralNumber()).isTrue();
        return response.json().path("ended").longValue();
    }

    private String login() {
        Response login = node.loginFrom(address(), username, PASSWORD);
        assertThat(login.status()).as(login.body()).isEqualTo(200);
        return login.text("token");
    }

    private static String admin() {
        return node.loginFrom(address(), Node.ADMIN, Node.ADMIN_PASSWORD).text("token");
    }

    /** Returns a new address for each login, so that the rate limit does not apply. */
    private static String address() {
        return "10.0.0." + number.incrementAndGet();
    }
}
