package org.gatehouse.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.config.Secret;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.UserId;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the filters of the audit log by time and by several types. Each test has its own user. */
class AuditFilterTest {
    private static final ClientInfo CLIENT = new ClientInfo("192.0.2.7", "curl/8", "request-1", "");

    /** The time of the first entries. It is past, so that the entries of the node itself are later. */
    private static final Instant START =
            Instant.now().minus(Duration.ofHours(1)).truncatedTo(ChronoUnit.SECONDS);

    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores);
    private static final MongoConnection mongo =
            new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics());

    private final UserId user = new UserId(new ObjectId().toHexString());

    @AfterAll
    static void stop() {
        node.close();
        mongo.close();
        stores.close();
    }

    /** Stores one entry of each of these types in three minutes. */
    @BeforeEach
    void storeEntries() {
        SettableClock times = new SettableClock(START);
        AuditLog audit = new AuditLog(mongo, Duration.ofDays(1_000), times, Ticker.systemTicker(), new Metrics());
        for (int minute = 0; minute < 3; minute++) {
            for (AuditType type : List.of(AuditType.LOGIN_SUCCEEDED, AuditType.LOGIN_FAILED, AuditType.LOGOUT)) {
                audit.record(AuditEvent.of(type, CLIENT).on(user));
            }
            times.advance(Duration.ofMinutes(1));
        }
    }

    /** A limit is a minute and milliseconds: 1.000. */
    @ParameterizedTest
    @CsvSource({
        "1.000, , '2,1'",
        "1.001, , '2'",
        ", 1.000, '0'",
        ", 1.001, '1,0'",
        "1.000, 2.000, '1'",
        "2.000, 1.000, ''",
        "0.000, 9.000, '2,1,0'"
    })
    void entriesAreFilteredByTime(@Nullable String since, @Nullable String until, String minutes) {
        String query = (since == null ? "" : "&since=" + time(since)) + (until == null ? "" : "&until=" + time(until));

        List<String> found = new ArrayList<>();
        list("type=LOGOUT" + query)
                .forEach(entry -> found.add("" + minute(entry.path("at").asText())));

        assertThat(String.join(",", found)).isEqualTo(minutes);
    }

    private static Instant time(String limit) {
        String[] parts = limit.split("\\.", 2);
        return START.plus(Duration.ofMinutes(Long.parseLong(parts[0]))).plusMillis(Long.parseLong(parts[1]));
    }

    private static long minute(String time) {
        return Duration.between(START, Instant.parse(time)).toMinutes();
    }

    @Test
    void aTimeMayHaveAnotherOffset() {
        String local = START.atOffset(ZoneOffset.ofHours(2)).toString().replace("+", "%2B");

        assertThat(list("type=LOGOUT&since=" + local)).hasSize(3);
    }

    @Test
    void entriesOfSeveralTypesAreListedInPages() {
        List<String> types = new ArrayList<>();
        List<String> times = new ArrayList<>();
        String next = "/audit?limit=2&type=LOGOUT,LOGIN_FAILED&since=" + time("1.000") + "&user=" + user;
        while (!next.isEmpty()) {
            Response page = node.get(next, node.adminToken());
            assertThat(page.status()).as(page.body()).isEqualTo(200);
            page.json().forEach(entry -> {
                types.add(entry.path("type").asText());
                times.add(entry.path("at").asText());
            });
            next = page.next();
        }

        assertThat(types).containsExactlyInAnyOrder("LOGOUT", "LOGIN_FAILED", "LOGOUT", "LOGIN_FAILED");
        assertThat(times).isSortedAccordingTo((one, other) -> other.compareTo(one));
        assertThat(list("type=LOGOUT,LOGOUT")).hasSize(3);
    }

    @Test
    void entriesOfAllUsersAreFiltered() {
        Response response = node.get(
                "/audit?type=LOGOUT,LOGIN_SUCCEEDED&since=" + time("2.000") + "&until=" + time("2.001"),
                node.adminToken());

        assertThat(response.json().findValuesAsText("at"))
                .isNotEmpty()
                .allSatisfy(at -> assertThat(Instant.parse(at)).isEqualTo(time("2.000")));
        assertThat(response.json().findValuesAsText("user")).contains(user.hex());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "since=",
                "since=yesterday",
                "since=2026-11-23",
                "since=2026-11-23T10:00:00",
                "since=1763892000000",
                "since=%2B292278995-01-01T00:00:00Z",
                "until=",
                "until=2026-13-01T00:00:00Z",
                "type=LOGOUT,",
                "type=,LOGOUT",
                "type=LOGOUT,logout",
                "type=LOGOUT%20,LOGIN_FAILED",
                "type=LOGOUT;LOGIN_FAILED"
            })
    void anInvalidFilterIsRejected(String query) {
        Response response = node.get("/audit?" + query, node.adminToken());

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.json().at("/errors/0/field").asText()).isEqualTo(query.split("=", 2)[0]);
        assertThat(response.json().path("errors")).hasSize(1);
    }

    private JsonNode list(String query) {
        Response response = node.get("/audit?user=" + user + "&" + query, node.adminToken());
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response.json();
    }
}
