package org.gatehouse.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.config.Secret;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.UserId;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the audit log over HTTP. Each test has its own users. */
class AuditResourceTest {
    private static final ClientInfo CLIENT = new ClientInfo("192.0.2.7", "curl/8", "request-1", "");

    private static final Stores stores = new Stores();
    private static final Node gatehouse = Node.start(stores);
    private static final MongoConnection mongo =
            new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics());
    private static final AuditLog audit =
            new AuditLog(mongo, Duration.ofDays(1), Clock.systemUTC(), Ticker.systemTicker(), new Metrics());
    private static final String admin = gatehouse.adminToken();

    private final UserId actor = new UserId(new ObjectId().toHexString());
    private final UserId user = new UserId(new ObjectId().toHexString());

    @AfterAll
    static void stop() {
        gatehouse.close();
        mongo.close();
        stores.close();
    }

    @Test
    void anEntryContainsActorActionTargetAddressAndTime() {
        audit.record(AuditEvent.of(AuditType.STATUS_CHANGED, CLIENT)
                .by(actor)
                .on(user, "Bob")
                .with(Detail.FROM, "active")
                .with(Detail.TO, "disabled"));

        Response response = gatehouse.get("/audit?user=" + user, admin);

        assertThat(response.status()).as(response.body()).isEqualTo(200);
        assertThat(response.json()).hasSize(1);
        JsonNode entry = response.json().path(0);
        assertThat(entry.fieldNames())
                .toIterable()
                .containsExactly(
                        "_id",
                        "type",
                        "at",
                        "actor",
                        "user",
                        "username",
                        "address",
                        "userAgent",
                        "requestId",
                        "details");
        assertThat(entry.path("type").asText()).isEqualTo("STATUS_CHANGED");
        assertThat(entry.path("at").asText()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
        assertThat(entry.path("actor").asText()).isEqualTo(actor.hex());
        assertThat(entry.path("user").asText()).isEqualTo(user.hex());
        assertThat(entry.path("details").toString()).isEqualTo("{\"from\":\"active\",\"to\":\"disabled\"}");
        assertThat(gatehouse.get("/audit?user=" + actor, admin).body()).isEqualTo(response.body());
    }

    @Test
    void entriesAreListedByUserAndTypeInPages() {
        for (int i = 0; i < 7; i++) {
            audit.record(AuditEvent.of(AuditType.LOGIN_FAILED, CLIENT).on(user));
            audit.record(
                    AuditEvent.of(AuditType.LOGIN_SUCCEEDED, CLIENT).by(user).on(user));
        }

        List<JsonNode> entries = new ArrayList<>();
        String next = "/audit?limit=3&type=LOGIN_FAILED&user=" + user;
        int pages = 0;
        while (!next.isEmpty()) {
            Response page = gatehouse.get(next, admin);
            assertThat(page.status()).as(page.body()).isEqualTo(200);
            page.json().forEach(entries::add);
            next = page.next();
            pages++;
        }

        assertThat(pages).isEqualTo(3);
        assertThat(entries)
                .hasSize(7)
                .doesNotHaveDuplicates()
                .allSatisfy(entry -> assertThat(entry.path("type").asText()).isEqualTo("LOGIN_FAILED"));
        assertThat(entries.stream().map(entry -> entry.path("at").asText()).toList())
                .isSortedAccordingTo((one, other) -> other.compareTo(one));
        assertThat(gatehouse.get("/audit?user=" + user, admin).json()).hasSize(14);
    }

    @Test
    void onlyAnAdministratorReadsTheLog() {
        gatehouse.create(admin, "reader", "correct horse battery staple");
        String reader = gatehouse.token("reader", "correct horse battery staple");

        assertThat(gatehouse.get("/audit", reader).text("code")).isEqualTo("FORBIDDEN");
        assertThat(gatehouse.get("/audit", "").text("code")).isEqualTo("TOKEN_MISSING");
        assertThat(gatehouse.get("/audit", admin).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "user=",
                "user=alice",
                "user=me",
                "user=0000000000000000000000000",
                "user=%7B%22$ne%22:1%7D",
                "type=",
                "type=login_failed",
                "type=$ne",
                "limit=0",
                "limit=1001",
                "limit=x",
                "after=",
                "after=zz",
                // Decoded: ["x","000000000000000000000000"]
                "after=WyJ4IiwiMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwIl0",
                // Decoded: ["2026-11-23T10:00:00.000Z","x"]
                "after=WyIyMDI2LTExLTIzVDEwOjAwOjAwLjAwMFoiLCJ4Il0",
                // Decoded: ["+292278995-01-01T00:00:00Z","000000000000000000000000"]
                "after=WyIrMjkyMjc4OTk1LTAxLTAxVDAwOjAwOjAwWiIsIjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMCJd"
            })
    void anInvalidParameterIsRejected(String query) {
        Response response = gatehouse.get("/audit?" + query, admin);

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(response.json().path("errors").path(0).path("field").asText())
                .isEqualTo(query.split("=", 2)[0]);
    }

    @Test
    void aCursorOfAnotherListIsRejected() {
        // With a second user, the first page has a link to the next page.
        gatehouse.create(admin, "second", "correct horse battery staple");
        String link = gatehouse.get("/user?limit=1", admin).header("Link");
        String after = link.replaceAll(".*after=([^&>]*).*", "$1");

        assertThat(after).isNotEmpty();
        assertThat(gatehouse.get("/audit?after=" + after, admin).status()).isEqualTo(400);
    }

    @Test
    void theUserParameterIgnoresLetterCaseAndMayMatchNoEntry() {
        audit.record(AuditEvent.of(AuditType.LOGOUT, CLIENT).by(user));

        assertThat(gatehouse.get("/audit?user=" + actor, admin).body()).isEqualTo("[]");
        assertThat(gatehouse
                        .get("/audit?user=" + user.hex().toUpperCase(Locale.ROOT), admin)
                        .json())
                .hasSize(1);
    }
}
