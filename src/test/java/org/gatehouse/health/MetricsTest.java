package org.gatehouse.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gatehouse.app.Node;
import org.gatehouse.health.Exposition.Sample;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests which callers may read the metrics, and what the metrics contain. */
class MetricsTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String WRONG_PASSWORD = "wrong horse battery staple";
    private static final String TOKEN = "a-token-that-is-hard-to-guess";
    private static final String REQUEST_COUNT = "gatehouse_http_request_duration_seconds_count";

    private static Stores stores;
    private static Node gatehouse;
    private static String admin = "";
    private static String id = "";

    @BeforeAll
    static void start() {
        stores = new Stores();
        gatehouse = Node.start(stores);
        admin = gatehouse.adminToken();
        id = gatehouse.create(admin, "alice", PASSWORD);
    }

    @AfterAll
    static void stop() {
        gatehouse.close();
        stores.close();
    }

    @Test
    void withoutAConfiguredTokenOnlyCallersOnTheSameMachineGetTheMetrics() {
        assertThat(gatehouse.send("GET", "/metrics", "").status()).isEqualTo(200);
        for (String header :
                List.of("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Port")) {
            for (String value : List.of("203.0.113.7", "127.0.0.1", "for=127.0.0.1", "nonsense")) {
                Response response = gatehouse.send("GET", "/metrics", "", header, value);
                assertThat(response.status()).as(header + ": " + value).isEqualTo(403);
                assertThat(response.text("code")).isEqualTo("FORBIDDEN");
            }
        }
        assertThat(gatehouse
                        .send("GET", "/metrics", "", "auth", admin, "X-Forwarded-For", "203.0.113.7")
                        .status())
                .as("an administrator's token does not give access to the metrics")
                .isEqualTo(403);
    }

    @Test
    void withAConfiguredTokenOnlyCallersWithThatTokenGetTheMetrics() {
        try (Node nodeWithToken = Node.start(stores, Map.of("METRICS_TOKEN", TOKEN))) {
            assertThat(nodeWithToken
                            .send("GET", "/metrics", "", "Authorization", "Bearer " + TOKEN)
                            .status())
                    .isEqualTo(200);
            assertThat(nodeWithToken
                            .send(
                                    "GET",
                                    "/metrics",
                                    "",
                                    "Authorization",
                                    "bearer " + TOKEN,
                                    "X-Forwarded-For",
                                    "203.0.113.7")
                            .status())
                    .isEqualTo(200);
            for (String wrong : List.of("", TOKEN, "Bearer", "Bearer ", "Bearer x" + TOKEN, "Basic " + TOKEN)) {
                Response response = nodeWithToken.send("GET", "/metrics", "", "Authorization", wrong);
                assertThat(response.status()).as(wrong).isEqualTo(401);
                assertThat(response.text("code")).isEqualTo("METRICS_TOKEN_WRONG");
                assertThat(response.header("WWW-Authenticate")).isEqualTo("Bearer");
                assertThat(response.body()).doesNotContain(TOKEN);
            }
        }
    }

    @Test
    void theFormatIsPrometheusTextUnlessTheClientAcceptsOpenMetrics() {
        Response text = gatehouse.send("GET", "/metrics", "");
        assertThat(text.header("Content-Type")).startsWith("text/plain;").contains("version=0.0.4");

        String accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
        Response openMetrics = gatehouse.send("GET", "/metrics", "", "Accept", accept);
        assertThat(openMetrics.header("Content-Type"))
                .startsWith("application/openmetrics-text;")
                .contains("version=1.0.0");
        assertThat(openMetrics.body()).endsWith("# EOF\n");
    }

    @Test
    void namesFollowTheConventionsOfPrometheus() {
        String text = gatehouse.send("GET", "/metrics", "").body();
        Pattern family = Pattern.compile("(?m)^# TYPE (\\S+) (\\S+)$");
        List<String> families = family.matcher(text)
                .results()
                .map(found -> found.group(1) + " " + found.group(2))
                .toList();

        assertThat(families)
                .hasSizeGreaterThan(30)
                .allMatch(name -> name.matches("(gatehouse|jvm|process)_[a-z0-9_]+ .*"));
        assertThat(families)
                .filteredOn(name -> name.startsWith("gatehouse_"))
                .allMatch(name -> name.endsWith(" counter") == name.matches(".*_total .*"))
                .allMatch(name -> !name.endsWith(" histogram") || name.matches(".*_seconds .*"));
        assertThat(families).noneMatch(name -> name.matches(".*_(ms|millis|nanos|kb|mb) .*"));
    }

    @Test
    void requestsAreCountedByRouteAndNeverByInputOfTheClient() {
        gatehouse.get("/user/" + id, admin);
        gatehouse.get("/user/unknown-name", admin);
        gatehouse.get("/openapi.json", "");
        gatehouse.get("/no/such/path", "");
        gatehouse.send("MADE-UP", "/user/me", "");
        gatehouse.send("GET", "/health/live", "");

        Exposition metrics = metrics();

        assertThat(metrics.sum(REQUEST_COUNT, Map.of("method", "GET", "route", "/user/{id}", "status", "200")))
                .isPositive();
        assertThat(metrics.sum(REQUEST_COUNT, Map.of("method", "GET", "route", "/user/{id}", "status", "404")))
                .isPositive();
        assertThat(metrics.sum(REQUEST_COUNT, Map.of("route", "/openapi.{form}", "status", "200")))
                .isPositive();
        assertThat(metrics.sum(REQUEST_COUNT, Map.of("route", "unmatched", "status", "404")))
                .isPositive();
        assertThat(metrics.sum(REQUEST_COUNT, Map.of("method", "other", "status", "405")))
                .isPositive();
        assertThat(metrics.sum(REQUEST_COUNT, Map.of("route", "/health/live"))).isPositive();
        assertThat(metrics.sum(
                        "gatehouse_http_request_duration_seconds_bucket", Map.of("route", "/user/{id}", "le", "+Inf")))
                .isEqualTo(metrics.sum(REQUEST_COUNT, Map.of("route", "/user/{id}")));
    }

    @Test
    void loginsAreCountedByOutcome() {
        Exposition before = metrics();
        gatehouse.patiently(() -> gatehouse.login("alice", PASSWORD));
        gatehouse.patiently(() -> gatehouse.login("alice", WRONG_PASSWORD));
        gatehouse.patiently(() -> gatehouse.login("unknown", PASSWORD));
        Exposition after = metrics();

        for (String outcome : List.of("succeeded", "wrong_password", "unknown_user")) {
            Map<String, String> labels = Map.of("outcome", outcome);
            assertThat(after.sum("gatehouse_logins_total", labels) - before.sum("gatehouse_logins_total", labels))
                    .as(outcome)
                    .isEqualTo(1);
        }
        assertThat(after.of("gatehouse_logins_total", Map.of("outcome", "throttled")))
                .hasSize(1);
        assertThat(after.sum("gatehouse_password_hash_wait_seconds_count", Map.of()))
                .isGreaterThanOrEqualTo(before.sum("gatehouse_password_hash_wait_seconds_count", Map.of()) + 3);
    }

    @Test
    void endsOfSessionsAreCountedByCause() {
        Exposition before = metrics();
        gatehouse.post("/logout", gatehouse.token("alice", PASSWORD), "{}");
        gatehouse.post("/logout", gatehouse.token("alice", PASSWORD), "{\"everywhere\":true}");
        gatehouse.delete("/user/" + id + "/session", admin);
        String bob = gatehouse.create(admin, "bob", PASSWORD);
        gatehouse.patch("/user/" + bob, admin, "{\"status\":\"disabled\"}");
        gatehouse.delete("/user/" + bob, admin);
        Exposition after = metrics();

        for (String cause : List.of("logout", "logout_everywhere", "session_ended", "user_disabled", "user_deleted")) {
            Map<String, String> labels = Map.of("cause", cause);
            assertThat(after.sum("gatehouse_session_ends_total", labels)
                            - before.sum("gatehouse_session_ends_total", labels))
                    .as(cause)
                    .isEqualTo(1);
        }
    }

    @Test
    void cacheReadsAreCountedByOutcome() {
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            gatehouse.get("/user/" + id, admin);
            Exposition now = metrics();
            return Stream.of("users", "sessions")
                    .allMatch(cache ->
                            now.sum("gatehouse_cache_reads_total", Map.of("cache", cache, "outcome", "hit")) > 0);
        });
        Exposition cached = metrics();
        assertThat(cached.sum("gatehouse_cache_reads_total", Map.of("cache", "sessions", "outcome", "hit")))
                .isPositive();
        assertThat(cached.sum("gatehouse_cache_usable", Map.of())).isEqualTo(1);
        assertThat(cached.sum("gatehouse_cache_generation", Map.of())).isPositive();

        Map<String, String> bypasses = Map.of("cache", "users", "outcome", "bypass");
        stores.redis().kill();
        try {
            gatehouse.get("/user/" + id, admin);
            assertThat(metrics().sum("gatehouse_cache_reads_total", bypasses))
                    .isGreaterThan(cached.sum("gatehouse_cache_reads_total", bypasses));
        } finally {
            stores.redis().restart();
        }
    }

    @Test
    void theStateOfTheStoresAndKeysIsShown() {
        await().atMost(Duration.ofSeconds(60)).until(() -> metrics().sum("gatehouse_dependency_up", Map.of()) == 3);
        Exposition metrics = metrics();
        assertThat(metrics.sum("gatehouse_ready", Map.of())).isEqualTo(1);
        assertThat(metrics.sum("gatehouse_mongodb_command_duration_seconds_count", Map.of("command", "find")))
                .isPositive();
        assertThat(metrics.sum("gatehouse_redis_command_duration_seconds_count", Map.of()))
                .isPositive();
        assertThat(metrics.sum("gatehouse_signing_key_age_seconds", Map.of())).isBetween(0.0, 600.0);
        assertThat(metrics.sum("gatehouse_signing_key_rotation_seconds", Map.of()))
                .isEqualTo(30.0 * 24 * 60 * 60);
        for (String name : List.of(
                "jvm_memory_used_bytes",
                "jvm_threads_current",
                "jvm_classes_currently_loaded",
                "process_cpu_seconds_total")) {
            assertThat(metrics.sum(name, Map.of())).as(name).isPositive();
        }
        assertThat(metrics.samples()).extracting(Sample::name).contains("jvm_gc_collection_seconds_sum");
    }

    @Test
    void theMetricsContainNoDataAboutUsersTokensAddressesOrSettings() {
        gatehouse.patiently(() -> gatehouse.login("alice", PASSWORD));
        gatehouse.get("/user?q=alice", admin);
        gatehouse.send("GET", "/user/me", "", "auth", "a.b.c", "X-Forwarded-For", "203.0.113.7");

        assertThat(gatehouse.send("GET", "/metrics", "").body())
                .doesNotContain("alice", PASSWORD, id, admin, Node.ADMIN, Node.ADMIN_PASSWORD)
                .doesNotContain(Node.AUTH_KEY, "127.0.0.1", "203.0.113.7", "mongodb://", "redis://")
                .doesNotContain(stores.database());
    }

    private static Exposition metrics() {
        return Exposition.of(gatehouse.send("GET", "/metrics", "").body());
    }
}
