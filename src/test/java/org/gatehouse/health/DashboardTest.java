package org.gatehouse.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.gatehouse.app.Node;
import org.gatehouse.dev.EmbeddedMongo;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.health.Exposition.Sample;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Checks that the expressions of the dashboard and the alerts use only metrics and labels that exist. */
class DashboardTest {
    private static final Path DASHBOARD = Path.of("deploy", "grafana", "gatehouse-dashboard.json");
    private static final Path RULES = Path.of("deploy", "prometheus", "gatehouse-rules.yaml");
    private static final String PASSWORD = "correct horse battery staple";

    /** The labels that Prometheus itself adds to each series. */
    private static final Set<String> LABELS_OF_PROMETHEUS = Set.of("instance", "job");

    private static Exposition exposition = new Exposition(List.of());

    /**
     * Produces every metric that an expression uses. Some of these metrics exist only after a store has been
     * unavailable.
     */
    @BeforeAll
    static void useService() {
        int port = EmbeddedRedis.freePort();
        EmbeddedMongo mongo = EmbeddedMongo.inMemory(port);
        try (EmbeddedRedis redis = EmbeddedRedis.start(Path.of("target", "test-redis", "watch"));
                Node gatehouse = Node.start(Map.of(
                        "AUTH_KEY", Node.AUTH_KEY,
                        "DB_HOST", "mongodb://127.0.0.1:" + port,
                        "REDIS_URL", redis.uri(),
                        "ADMIN_USERNAME", Node.ADMIN,
                        "ADMIN_PASSWORD", Node.ADMIN_PASSWORD))) {
            String admin = gatehouse.adminToken();
            String id = gatehouse.create(admin, "alice", PASSWORD);
            gatehouse.get("/user/" + id, admin);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> read(gatehouse).sum("gatehouse_dependency_up", Map.of()) == 3);
            redis.pause();
            gatehouse.patch("/user/" + id, admin, "{\"n\":1}");
            redis.resume();
            mongo.close();
            assertThat(gatehouse.login("alice", PASSWORD).status()).isEqualTo(503);
            exposition = read(gatehouse);
        } finally {
            mongo.close();
        }
    }

    private static Exposition read(Node gatehouse) {
        return Exposition.of(gatehouse.send("GET", "/metrics", "").body());
    }

    @Test
    void theDashboardUsesOnlyExistingMetricsAndLabels() throws IOException {
        JsonNode dashboard = Response.json(Files.readString(DASHBOARD));
        List<String> expressions = new ArrayList<>();
        for (JsonNode panel : dashboard.path("panels")) {
            assertThat(panel.path("title").asText()).isNotEmpty();
            panel.path("targets")
                    .forEach(target -> expressions.add(target.path("expr").asText()));
        }

        assertThat(expressions).hasSizeGreaterThan(25);
        for (String expression : expressions) {
            assertExists(expression.replace("$__rate_interval", "5m").replace("$instance", ".*"));
        }
    }

    @Test
    void theAlertsUseOnlyExistingMetricsAndLabels() throws IOException {
        List<String> expressions = new ArrayList<>();
        for (JsonNode group : new YAMLMapper().readTree(RULES.toFile()).path("groups")) {
            for (JsonNode rule : group.path("rules")) {
                assertThat(rule.path("alert").asText()).startsWith("Gatehouse");
                assertThat(rule.at("/labels/severity").asText()).isIn("critical", "warning");
                assertThat(rule.at("/annotations/summary").asText()).isNotEmpty();
                expressions.add(rule.path("expr").asText());
            }
        }

        assertThat(expressions).hasSizeGreaterThanOrEqualTo(8);
        expressions.forEach(DashboardTest::assertExists);
    }

    @Test
    void everyMetricOfGatehouseIsInTheDashboardOrTheAlerts() throws IOException {
        String expressions = Files.readString(DASHBOARD) + Files.readString(RULES);
        Set<String> families = new TreeSet<>();
        for (Sample sample : exposition.samples()) {
            if (sample.name().startsWith("gatehouse_")) {
                families.add(sample.name().replaceAll("_seconds_(bucket|count|sum)$", "_seconds"));
            }
        }
        assertThat(families).allMatch(expressions::contains);
    }

    @Test
    void anExpressionIsParsedToItsSelectorsAndGroupings() {
        PromQl parsed =
                PromQl.parse("sum by (le, a) (rate(x_bucket{b=~\"1.*|2\", c!=\"d\"}[5m] offset 1h)) > 0.8 * y or z");

        assertThat(parsed.groupings()).containsExactly("le", "a");
        assertThat(parsed.selectors()).extracting(PromQl.Selector::metric).containsExactly("x_bucket", "y", "z");
        assertThat(parsed.selectors().get(0).conditions())
                .containsExactly(new PromQl.Condition("b", "=~", "1.*|2"), new PromQl.Condition("c", "!=", "d"));
    }

    private static void assertExists(String expression) {
        PromQl parsed = PromQl.parse(expression);
        assertThat(parsed.selectors()).as(expression).isNotEmpty();
        for (PromQl.Selector selector : parsed.selectors()) {
            List<Sample> series = exposition.of(selector.metric(), Map.of());
            assertThat(series)
                    .as("metric %s in %s", selector.metric(), expression)
                    .isNotEmpty();
            assertThat(series)
                    .as("selector %s in %s", selector, expression)
                    .anyMatch(
                            sample -> selector.conditions().stream().allMatch(condition -> matches(condition, sample)));
            for (String label : parsed.groupings()) {
                assertThat(LABELS_OF_PROMETHEUS.contains(label)
                                || series.get(0).labels().containsKey(label))
                        .as("label %s in %s", label, expression)
                        .isTrue();
            }
        }
    }

    /** Returns whether the sample meets the condition. Conditions on the labels that Prometheus adds are always met. */
    private static boolean matches(PromQl.Condition condition, Sample sample) {
        if (LABELS_OF_PROMETHEUS.contains(condition.label())) {
            return true;
        }
        String value = sample.labels().get(condition.label());
        return value != null
                && switch (condition.operator()) {
                    case "=" -> value.equals(condition.value());
                    case "=~" -> value.matches(condition.value());
                    case "!=" -> !value.equals(condition.value());
                    default -> !value.matches(condition.value());
                };
    }
}
