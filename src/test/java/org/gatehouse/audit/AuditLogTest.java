package org.gatehouse.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.config.Secret;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.Page;
import org.gatehouse.identity.UserId;
import org.gatehouse.log.LogLines;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AuditLogTest {
    private static final Instant START = Instant.parse("2026-11-23T10:00:00.123Z");
    private static final Duration RETENTION = Duration.ofDays(30);
    private static final UserId ALICE = new UserId("a11ce0000000000000000000");
    private static final UserId BOB = new UserId("b0b000000000000000000000");
    private static final ClientInfo CLIENT = new ClientInfo("192.0.2.7", "curl/8", "request-1", "");

    private static final Stores stores = new Stores();
    private static final MongoConnection mongo =
            new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics());

    private final SettableClock clock = new SettableClock(START);
    private final AuditLog audit = new AuditLog(mongo, RETENTION, clock, clock::nanos, new Metrics());

    @BeforeEach
    void startEmpty() {
        mongo.call(() -> mongo.collection("audit").deleteMany(new BsonDocument()));
        audit.createIndexes();
        audit.createIndexes(); // every node makes this call when it starts
    }

    @AfterAll
    static void stop() {
        mongo.close();
        stores.close();
    }

    @Test
    void returnsARecordedEvent() {
        audit.record(AuditEvent.of(AuditType.ROLES_CHANGED, CLIENT)
                .by(ALICE)
                .on(BOB, "Bob")
                .with(Detail.TO, "admin user")
                .with(Detail.FROM, "user"));

        ObjectNode entry = all().get(0);
        assertThat(entry.path("_id").asText()).matches("[0-9a-f]{24}");
        assertThat(entry.without("_id").toString())
                .isEqualTo("{\"type\":\"ROLES_CHANGED\",\"at\":\"2026-11-23T10:00:00.123Z\",\"actor\":\"" + ALICE
                        + "\",\"user\":\"" + BOB + "\",\"username\":\"Bob\",\"address\":\"192.0.2.7\","
                        + "\"userAgent\":\"curl/8\",\"requestId\":\"request-1\","
                        + "\"details\":{\"from\":\"user\",\"to\":\"admin user\"}}");
    }

    @Test
    void omitsFieldsThatDoNotApply() {
        audit.record(AuditEvent.ofService(AuditType.KEY_ROTATED));

        assertThat(all().get(0).without("_id").toString())
                .isEqualTo("{\"type\":\"KEY_ROTATED\",\"at\":\"2026-11-23T10:00:00.123Z\"}");
    }

    @Test
    void listsEachEntryOnceFromTheNewestToTheOldestEvenIfTimesAreEqual() {
        for (int i = 0; i < 4; i++) {
            for (int equal = 0; equal < 5; equal++) {
                audit.record(AuditEvent.of(AuditType.LOGOUT, CLIENT).by(ALICE));
            }
            clock.advance(Duration.ofMillis(1));
        }
        List<ObjectNode> all = all();
        assertThat(all).hasSize(20).doesNotHaveDuplicates();
        assertThat(all.stream().map(entry -> entry.path("at").asText()).toList())
                .isSortedAccordingTo((one, other) -> other.compareTo(one));

        List<ObjectNode> walked = new ArrayList<>();
        @Nullable String after = null;
        Page<ObjectNode> page;
        do {
            page = audit.list(query("3", after, ALICE, null));
            walked.addAll(page.entries());
            after = AuditQuery.cursor(page.entries().get(page.entries().size() - 1));
            // The test adds newer events while it reads the pages. The later pages must not contain these events.
            clock.advance(Duration.ofSeconds(1));
            audit.record(AuditEvent.of(AuditType.LOGOUT, CLIENT).by(ALICE));
        } while (page.hasNext());

        assertThat(walked).isEqualTo(all);
    }

    @Test
    void findsEventsByTheirActorAndTheirUser() {
        audit.record(AuditEvent.of(AuditType.USER_CREATED, CLIENT).by(ALICE).on(BOB));
        audit.record(AuditEvent.of(AuditType.LOGOUT, CLIENT).by(BOB).on(BOB));
        audit.record(AuditEvent.of(AuditType.LOGOUT, CLIENT).by(ALICE).on(ALICE));
        audit.record(failedLogin(CLIENT));

        assertThat(types(BOB, null)).containsExactlyInAnyOrder("USER_CREATED", "LOGOUT");
        assertThat(types(ALICE, null)).containsExactlyInAnyOrder("USER_CREATED", "LOGOUT");
        assertThat(types(ALICE, "LOGOUT")).containsExactly("LOGOUT");
        assertThat(types(ALICE, "LOGIN_FAILED")).isEmpty();
        assertThat(types(null, "LOGIN_FAILED")).containsExactly("LOGIN_FAILED");
        assertThat(types(null, null)).hasSize(4);
    }

    @Test
    void omitsExpiredEntriesThatTheStoreStillHas() {
        audit.record(AuditEvent.of(AuditType.LOGOUT, CLIENT));
        new AuditLog(mongo, RETENTION.plusDays(1), clock, clock::nanos, new Metrics())
                .record(AuditEvent.of(AuditType.LOGOUT_EVERYWHERE, CLIENT));

        clock.advance(RETENTION.minusMillis(1));
        assertThat(types(null, null)).containsExactlyInAnyOrder("LOGOUT", "LOGOUT_EVERYWHERE");

        clock.advance(Duration.ofMillis(1));
        assertThat(types(null, null)).containsExactly("LOGOUT_EVERYWHERE");
        assertThat(types(null, "LOGOUT")).isEmpty();
    }

    @Test
    void returnsEntriesThatANewerVersionWrote() {
        BsonDocument newer = AuditDocument.of(
                AuditEvent.of(AuditType.LOGOUT, CLIENT),
                clock.instant(),
                clock.instant().plus(RETENTION));
        newer.put("type", new BsonString("SOMETHING_NEW"));
        newer.put("more", new BsonString("text"));
        mongo.call(() -> mongo.collection("audit").insertOne(newer));

        assertThat(all().get(0).path("type").asText()).isEqualTo("SOMETHING_NEW");
        assertThat(all().get(0).path("more").asText()).isEqualTo("text");
    }

    @Test
    void recordsThrottledLoginsOnceAMinuteForEachUserAndAddress() {
        ClientInfo elsewhere = new ClientInfo("192.0.2.8", "", "", "");
        for (int i = 0; i < 20; i++) {
            audit.recordThrottled(failedLogin(CLIENT).on(ALICE));
            audit.recordThrottled(failedLogin(elsewhere).on(ALICE));
            audit.recordThrottled(failedLogin(CLIENT));
        }
        assertThat(all()).hasSize(3);

        clock.advance(EventDeduplicator.INTERVAL.minusMillis(1));
        audit.recordThrottled(failedLogin(CLIENT).on(ALICE));
        assertThat(all()).hasSize(3);

        clock.advance(Duration.ofMillis(1));
        audit.recordThrottled(failedLogin(CLIENT).on(ALICE));
        assertThat(all()).hasSize(4);
    }

    @Test
    void recordsEveryFailedLoginThatWasNotThrottled() {
        for (int i = 0; i < 3; i++) {
            audit.record(failedLogin(CLIENT).on(ALICE));
            audit.record(failedLogin(CLIENT));
        }

        assertThat(all()).hasSize(6);
    }

    @Test
    void limitsTheNumberOfEntriesAboutThrottledLoginsFromManyAddresses() {
        EventDeduplicator deduplicator = new EventDeduplicator(clock::nanos, ClientInfo::address);
        Function<Integer, AuditEvent> from =
                i -> failedLogin(new ClientInfo("2001:db8::" + Integer.toHexString(i), "", "", ""))
                        .on(ALICE);

        int recorded = 0;
        for (int i = 0; i < 3 * EventDeduplicator.MAX_EVENTS; i++) {
            recorded += deduplicator.isNew(from.apply(i)) ? 1 : 0;
        }
        assertThat(recorded).isEqualTo(EventDeduplicator.MAX_EVENTS);

        clock.advance(EventDeduplicator.INTERVAL);
        assertThat(deduplicator.isNew(from.apply(0))).isTrue();
    }

    @Test
    void logsAnEventThatTheStoreCannotRecord() throws IOException {
        try (LogLines log = new LogLines();
                MongoConnection unreachable = new MongoConnection(
                        new Secret("mongodb://127.0.0.1:" + EmbeddedRedis.freePort()), "none", new Metrics())) {
            new AuditLog(unreachable, RETENTION, clock, clock::nanos, new Metrics())
                    .record(AuditEvent.of(AuditType.STATUS_CHANGED, CLIENT)
                            .by(ALICE)
                            .on(BOB, "Bob\nERROR forged")
                            .with(Detail.TO, "disabled"));

            assertThat(log.with("Not in the audit log"))
                    .singleElement()
                    .asString()
                    .startsWith("ERROR")
                    .contains("STATUS_CHANGED", ALICE.hex(), BOB.hex(), "192.0.2.7", "request-1", "disabled")
                    .doesNotContain("\n");
        }
    }

    @Test
    void truncatesLongTextsWithoutSplittingCharacters() {
        AuditEvent event = AuditEvent.of(AuditType.USERNAME_CHANGED, CLIENT)
                .on(ALICE, "a" + "\ud83d\ude00".repeat(AuditEvent.MAX_USERNAME))
                .with(Detail.TO, "x".repeat(2 * AuditEvent.MAX_DETAIL));

        assertThat(event.username()).hasSize(AuditEvent.MAX_USERNAME - 1);
        assertThat(event.details().get(Detail.TO)).hasSize(AuditEvent.MAX_DETAIL);
        audit.record(event);
        assertThat(all().get(0).path("username").asText()).isEqualTo(event.username());
    }

    private static AuditEvent failedLogin(ClientInfo clientInfo) {
        return AuditEvent.of(AuditType.LOGIN_FAILED, clientInfo);
    }

    private List<ObjectNode> all() {
        return audit.list(query("1000", null, null, null)).entries();
    }

    private List<String> types(@Nullable UserId user, @Nullable String type) {
        return audit.list(query(null, null, user, type)).entries().stream()
                .map(entry -> entry.path("type").asText())
                .toList();
    }

    private static AuditQuery query(
            @Nullable String limit, @Nullable String after, @Nullable UserId user, @Nullable String type) {
        return AuditQuery.parse(
                new AuditQuery.Parameters(limit, after, user == null ? null : user.hex(), type, null, null));
    }
}
