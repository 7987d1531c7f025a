package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.StreamSupport;
import org.bson.BsonDateTime;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.store.StoredUsers;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests who may set an address, with which proof, and what becomes of a verified address. */
@SuppressWarnings("JavaUtilDate") // the driver requires java.util.Date
class AddressTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String VERIFIED_AT = "2026-01-02T03:04:05.678Z";

    private static final Stores stores = new Stores();
    /** More than the default of {@code STEP_UP_MAX_AGE}, also for a time in whole seconds. */
    private static final Duration STEP_UP_AGE = Duration.ofMinutes(10).plusMillis(1_001);

    private static final SettableClock clock = SettableClock.atNow();
    private static final AtomicReference<Runnable> beforeUpdate = new AtomicReference<>(() -> {});
    private static final Node node =
            Node.start(stores, Map.of("REGISTRATION", "open", "TRUSTED_PROXIES", "127.0.0.1"), clock, command -> {
                if (command.equals("findAndModify users")) {
                    beforeUpdate.getAndSet(() -> {}).run();
                }
            });
    private static final AtomicInteger number = new AtomicInteger();

    private final String name = "address-" + number.incrementAndGet();
    private final String source = "198.51.100." + number.get();
    private final String admin = node.adminToken();

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "7",
                "true",
                "[\"a@example.com\"]",
                "{\"a\":\"a@example.com\"}",
                "\"\"",
                "\"bob\"",
                "\"a@example\"",
                "\"a@example.com\\r\\nBcc: b@example.com\"",
                "\"Bob <a@example.com>\"",
                "\"\\\"a b\\\"@example.com\"",
                "\" a@example.com\"",
                "\"a@[192.0.2.1]\"",
            })
    void anInvalidAddressIsRejectedInEveryCall(String value) {
        String id = node.create(admin, name, PASSWORD);
        String token = login(name);
        String patch = "{\"email\":" + value + "}";

        assertRejected("email", create(name + "-new", "email", value));
        assertRejected("email", node.patch("/user/me", token, patch));
        assertRejected("email", node.patch("/user/" + id, admin, patch));
        JsonNode line = imported("{\"username\":\"" + name + "-new\",\"email\":" + value + "}");
        assertThat(line.path("code").asText()).isEqualTo("VALIDATION_FAILED");
        assertThat(line.path("errors").findValuesAsText("field")).containsExactly("email");
    }

    @Test
    void theMessageNamesTheRule() {
        assertThat(message("bob")).isEqualTo("must be an address such as user@example.com");
        assertThat(message("b ob@example.com")).startsWith("must have only letters, digits, single dots");
        assertThat(message("bob@example")).startsWith("must have a host name with a dot after the @");
        assertThat(message("b".repeat(65) + "@example.com")).isEqualTo("must have at most 64 bytes before the @");
        assertThat(create(name, "email", "7")
                        .json()
                        .path("errors")
                        .path(0)
                        .path("message")
                        .asText())
                .isEqualTo("must be a string or null");
    }

    private String message(String address) {
        return create(name, "email", "\"" + address + "\"")
                .json()
                .path("errors")
                .path(0)
                .path("message")
                .asText();
    }

    @ParameterizedTest
    @ValueSource(strings = {"7", "\"\"", "\"german\\u0000\"", "\"de_DE\"", "{\"a\":1}", "[\"de\"]", "\"x-private\""})
    void anInvalidLocaleIsRejectedInEveryCall(String value) {
        String id = node.create(admin, name, PASSWORD);
        String patch = "{\"locale\":" + value + "}";

        assertRejected("locale", create(name + "-new", "locale", value));
        assertRejected("locale", node.patch("/user/me", login(name), patch));
        assertRejected("locale", node.patch("/user/" + id, admin, patch));
        assertThat(imported("{\"username\":\"" + name + "-new\",\"locale\":" + value + "}")
                        .path("errors")
                        .findValuesAsText("field"))
                .contains("locale");
    }

    @Test
    void aLocaleIsALanguageTagOrNull() {
        String id = node.create(admin, name, PASSWORD);
        String token = login(name);

        for (String tag : List.of("de", "pt-BR", "zh-Hant-TW")) {
            assertThat(node.patch("/user/me", token, "{\"locale\":\"" + tag + "\"}")
                            .text("locale"))
                    .isEqualTo(tag);
        }
        assertThat(node.patch("/user/" + id, admin, "{\"locale\":null}").json().has("locale"))
                .isFalse();
        assertThat(create(name + "-new", "locale", "null").status()).isEqualTo(201);
    }

    @Test
    void nullMeansThatThereIsNoAddress() {
        Response created = create(name, "email", "null");

        assertThat(created.status()).as(created.body()).isEqualTo(201);
        assertThat(created.json().path("email").isNull()).isTrue();
        assertThat(node.patch("/user/" + created.text("_id"), admin, "{\"email\":null}")
                        .json()
                        .has("email"))
                .isFalse();
    }

    @Test
    void onlyTheServerSetsTheTimeOfTheVerification() {
        String id = node.create(admin, name, PASSWORD);

        for (String field : List.of("emailVerified", "EmailVerified")) {
            assertRejected(field, create(name + "-new", field, "\"" + VERIFIED_AT + "\""));
            assertRejected(field, node.patch("/user/me", login(name), "{\"" + field + "\":\"" + VERIFIED_AT + "\"}"));
            assertRejected(field, node.patch("/user/" + id, admin, "{\"" + field + "\":\"" + VERIFIED_AT + "\"}"));
        }
        assertThat(node.patch("/user/me", login(name), "{\"emailVerified\":null}")
                        .json()
                        .path("errors")
                        .path(0)
                        .path("message")
                        .asText())
                .isEqualTo("is set by the server only");
    }

    @ParameterizedTest
    @ValueSource(strings = {"'not an address'", "{work: 'a@example.com'}", "['a@example.com']", "7", "null"})
    void aStoredValueThatIsNotAnAddressStaysReadable(String value) {
        ObjectId id = new ObjectId();
        Object email = Document.parse("{v: " + value + "}").get("v");
        stores.users()
                .insertOne(StoredUsers.document(id, name, new BsonDateTime(0)).append("email", email));
        JsonNode before = node.get("/user/" + id, admin).json().path("email");

        Response changed = node.patch("/user/" + id, admin, "{\"city\":\"Bern\",\"username\":\"" + name + "-2\"}");

        assertThat(changed.status()).as(changed.body()).isEqualTo(200);
        assertThat(changed.json().path("email")).isEqualTo(before);
        assertThat(changed.text("city")).isEqualTo("Bern");
        assertThat(stored(id.toHexString()).get("email")).isEqualTo(email);
        Response replaced = node.patch("/user/" + id, admin, "{\"email\":\"" + name + "@example.com\"}");
        assertThat(replaced.text("email")).isEqualTo(name + "@example.com");
        assertThat(address(id.toHexString())).isEqualTo(name + "@example.com");
    }

    @Test
    void theCanonicalFormFollowsTheAddress() {
        String id = create(name, "email", "\"Bob@B\u00dcCHER.example\"").text("_id");
        assertThat(address(id)).isEqualTo("bob@xn--bcher-kva.example");

        node.patch("/user/" + id, admin, "{\"email\":\"Eve@example.com\"}");
        assertThat(address(id)).isEqualTo("eve@example.com");
        node.patch("/user/" + id, admin, "{\"email\":null}");
        assertThat(stored(id).get("_server", Document.class)).doesNotContainKey("address");
    }

    @Test
    void aUserNeedsTheCurrentPasswordOrARecentLogin() {
        node.create(admin, name, PASSWORD);
        String token = login(name);
        assertThat(change(token, "\"a@example.com\"").text("email")).isEqualTo("a@example.com");

        clock.advance(STEP_UP_AGE);
        token = refreshed();
        assertStepUp(change(token, "\"b@example.com\""));
        assertStepUp(change(token, "null"));
        assertStepUp(change(token, "\"A@example.com\""));
        assertThat(change(token, "\"a@example.com\"").status())
                .as("an unchanged address requires no proof")
                .isEqualTo(200);
        String right = "{\"email\":\"b@example.com\",\"currentPassword\":\"" + PASSWORD + "\"}";
        assertRejected("currentPassword", node.patch("/user/me", token, right.replace(PASSWORD, "wrong")));
        Response changed = node.patch("/user/me", token, right);
        assertThat(changed.text("email")).as(changed.body()).isEqualTo("b@example.com");
        assertThat(changed.json().has("emailVerified")).isFalse();
        assertThat(changed.body()).doesNotContain(PASSWORD);
        Response removed = node.patch("/user/me", token, "{\"email\":null,\"currentPassword\":\"" + PASSWORD + "\"}");
        assertThat(removed.json().has("email")).as(removed.body()).isFalse();
    }

    @Test
    void theAddressChangesOfAUserAreLimited() {
        String id = node.create(admin, name, PASSWORD);
        String token = login(name);
        assertThat(node.send(
                                "PATCH",
                                "/user/me",
                                "{\"email\":\"x@example.com\"}",
                                "auth",
                                token,
                                "Content-Type",
                                "application/json",
                                "If-Match",
                                "\"99\"")
                        .status())
                .isEqualTo(412);
        for (int i = 0; i < 10; i++) {
            assertThat(change(token, "\"" + i + "@example.com\"").status()).isEqualTo(200);
        }

        Response rejected = change(token, "\"x@example.com\"");
        assertThat(rejected.status()).as(rejected.body()).isEqualTo(429);
        assertThat(rejected.text("code")).isEqualTo("TOO_MANY_REQUESTS");
        assertThat(Integer.parseInt(rejected.header("Retry-After"))).isBetween(3_500, 3_600);
        assertThat(change(token, "\"9@example.com\"").status()).as("unchanged").isEqualTo(200);
        assertThat(node.patch("/user/me", token, "{\"username\":\"" + name + "-2\"}")
                        .status())
                .as("usernames have their own limit")
                .isEqualTo(200);
        assertThat(node.patch("/user/" + id, admin, "{\"email\":\"x@example.com\"}")
                        .status())
                .as("administrators are not limited")
                .isEqualTo(200);
    }

    @Test
    void aUserCannotChangeTheirVerifiedAddressWithoutProof() {
        String id = verified(name, name + "@example.com");
        setPassword(id);
        String token = login(name);

        for (String value : List.of(
                "\"other@example.com\"", "null", "\"" + name + "@EXAMPLE.com\"", "\"" + name + "+a@example.com\"")) {
            Response rejected = change(token, value);
            assertThat(rejected.status()).as(rejected.body()).isEqualTo(409);
            assertThat(rejected.text("code")).isEqualTo("EMAIL_NEEDS_PROOF");
            Response withPassword =
                    node.patch("/user/me", token, "{\"email\":" + value + ",\"currentPassword\":\"" + PASSWORD + "\"}");
            assertThat(withPassword.text("code")).isEqualTo("EMAIL_NEEDS_PROOF");
        }
        Response kept = node.patch("/user/me", token, "{\"email\":\"" + name + "@example.com\",\"city\":\"Bern\"}");
        assertThat(kept.status()).as(kept.body()).isEqualTo(200);
        assertThat(kept.text("city")).isEqualTo("Bern");
        assertThat(kept.text("emailVerified")).isEqualTo(VERIFIED_AT);
    }

    @Test
    void anAdministratorReplacesAnAddressAtOnce() {
        String id = verified(name, name + "@example.com");

        Response respelled = node.patch("/user/" + id, admin, "{\"email\":\"" + name + "@EXAMPLE.com\"}");
        assertThat(respelled.text("email")).isEqualTo(name + "@EXAMPLE.com");
        assertThat(respelled.text("emailVerified")).isEqualTo(VERIFIED_AT);

        Response changed = node.patch("/user/" + id, admin, "{\"email\":\"" + name + "-2@example.com\"}");
        assertThat(changed.status()).as(changed.body()).isEqualTo(200);
        assertThat(changed.json().has("emailVerified")).isFalse();
        assertThat(node.get("/user/" + id, admin).json().has("emailVerified")).isFalse();
        assertThat(stored(id).get("_server", Document.class)).doesNotContainKeys("email", "emailVerified");

        Response back = node.patch("/user/" + id, admin, "{\"email\":\"" + name + "@example.com\"}");
        assertThat(back.json().has("emailVerified"))
                .as("the earlier proof is gone")
                .isFalse();
        assertThat(verified(name + "-other", name + "@example.com"))
                .as("the address is free")
                .isNotEmpty();
        Response removed = node.patch("/user/" + id, admin, "{\"email\":null}");
        assertThat(removed.json().has("email")).isFalse();
        assertThat(events(id))
                .containsExactly(
                        "EMAIL_REMOVED " + name + "@example.com -",
                        "EMAIL_CHANGED " + name + "-2@example.com " + name + "@example.com",
                        "EMAIL_CHANGED " + name + "@EXAMPLE.com " + name + "-2@example.com",
                        "EMAIL_CHANGED " + name + "@example.com " + name + "@EXAMPLE.com");
    }

    @Test
    void anAdministratorIsTreatedLikeAUserInTheirOwnAccount() {
        String id = verified(name, name + "@example.com");
        setPassword(id);
        node.patch("/user/" + id, admin, "{\"roles\":[\"admin\"]}");
        String token = login(name);

        assertThat(change(token, "\"x@example.com\"").text("code")).isEqualTo("EMAIL_NEEDS_PROOF");
        assertThat(node.patch("/user/" + id, token, "{\"email\":null}").text("code"))
                .isEqualTo("EMAIL_NEEDS_PROOF");
        node.patch("/user/" + id, admin, "{\"email\":\"" + name + "-2@example.com\"}");
        clock.advance(STEP_UP_AGE);
        assertStepUp(change(refreshed(), "\"x@example.com\""));
    }

    @Test
    void anAddressThatAnotherRequestVerifiesMeanwhileIsKept() {
        String id = create(name, "email", "\"" + name + "@example.com\"").text("_id");
        String token = login(name);
        node.get("/user/me", token);
        beforeUpdate.set(() -> stores.users().updateOne(byId(id), verification(name + "@example.com")));

        Response rejected = change(token, "\"attacker@example.com\"");

        assertThat(rejected.text("code")).as(rejected.body()).isEqualTo("EMAIL_NEEDS_PROOF");
        assertThat(stored(id).getString("email")).isEqualTo(name + "@example.com");
        assertThat(stored(id).get("_server", Document.class)).containsEntry("email", name + "@example.com");
    }

    @Test
    void anAddressThatAnotherRequestChangesMeanwhileRequiresAStepUp() {
        String id = create(name, "email", "\"a@example.com\"").text("_id");
        login(name);
        clock.advance(STEP_UP_AGE);
        String token = refreshed();
        beforeUpdate.set(() -> stores.users()
                .updateOne(
                        byId(id), Updates.combine(Updates.set("email", "b@example.com"), Updates.inc("version", 1L))));

        assertStepUp(node.patch("/user/me", token, "{\"email\":\"a@example.com\",\"city\":\"Bern\"}"));
        assertThat(stored(id).getString("email")).isEqualTo("b@example.com");
    }

    @Test
    void aVerificationByAnEarlierVersionIsShownUnderAnotherName() {
        ObjectId id = new ObjectId();
        stores.users()
                .insertOne(StoredUsers.document(id, name, new BsonDateTime(0))
                        .append("email", name + "@example.com")
                        .append("emailVerified", true)
                        .append("EMAILVERIFIED", "yes"));

        JsonNode user = node.get("/user/" + id, admin).json();
        assertThat(user.has("emailVerified")).isFalse();
        assertThat(user.has("EMAILVERIFIED")).isFalse();
        assertThat(user.path("original_emailVerified").asBoolean()).isTrue();
        assertThat(user.path("original_EMAILVERIFIED").asText()).isEqualTo("yes");

        Response other = node.patch("/user/" + id, admin, "{\"city\":\"Bern\"}");
        assertThat(other.json().path("original_emailVerified").asBoolean()).isTrue();
        assertThat(stored(id.toHexString())).containsEntry("emailVerified", true);
        Response changed = node.patch("/user/" + id, admin, "{\"original_emailVerified\":7}");
        assertThat(changed.json().path("original_emailVerified").asInt()).isEqualTo(7);
        assertThat(stored(id.toHexString())).doesNotContainKey("emailVerified");
        Response removed = node.patch("/user/" + id, admin, "{\"original_EMAILVERIFIED\":null}");
        assertThat(removed.body()).doesNotContainIgnoringCase("\"original_EMAILVERIFIED\":\"yes\"");
        assertThat(stored(id.toHexString())).doesNotContainKey("EMAILVERIFIED");
    }

    private static Bson verification(String address) {
        return Updates.combine(
                Updates.set("_server.email", address),
                Updates.set("_server.emailVerified", Date.from(Instant.parse(VERIFIED_AT))),
                Updates.inc("version", 1L));
    }

    private Response create(String username, String field, String value) {
        return node.post(
                "/user",
                admin,
                "{\"username\":\"" + username + "\",\"password\":\"" + PASSWORD + "\",\"" + field + "\":" + value
                        + "}");
    }

    private Response change(String token, String email) {
        return node.patch("/user/me", token, "{\"email\":" + email + "}", "X-Forwarded-For", source);
    }

    private static void assertStepUp(Response rejected) {
        assertThat(rejected.status()).as(rejected.body()).isEqualTo(401);
        assertThat(rejected.text("code")).isEqualTo("INSUFFICIENT_USER_AUTHENTICATION");
    }

    private String login(String username) {
        return node.loginFrom(source, username, PASSWORD).text("token");
    }

    /** Returns a token of a login that is not recent. */
    private String refreshed() {
        String refreshToken = node.loginFrom(source, name, PASSWORD).text("refreshToken");
        clock.advance(STEP_UP_AGE);
        return node.post("/token/refresh", "", "{\"refreshToken\":\"" + refreshToken + "\"}")
                .text("token");
    }

    private void setPassword(String id) {
        Response set = node.send(
                "PUT",
                "/user/" + id + "/password",
                "{\"newPassword\":\"" + PASSWORD + "\"}",
                "auth",
                admin,
                "Content-Type",
                "application/json");
        assertThat(set.status()).as(set.body()).isEqualTo(204);
    }

    /** Creates a user with a verified address and without a password. Returns the id. */
    private String verified(String username, String address) {
        JsonNode result = imported("{\"username\":\"" + username + "\",\"email\":\"" + address
                + "\",\"emailVerified\":\"" + VERIFIED_AT + "\"}");
        assertThat(result.path("status").asText()).as(result.toString()).isEqualTo("created");
        return result.path("_id").asText();
    }

    private JsonNode imported(String line) {
        Response response =
                node.send("POST", "/user/import", line, "auth", admin, "Content-Type", "application/x-ndjson");
        return Response.json(response.body().lines().findFirst().orElseThrow());
    }

    private List<String> events(String id) {
        return StreamSupport.stream(node.get("/audit?user=" + id, admin).json().spliterator(), false)
                .filter(event -> event.path("type").asText().startsWith("EMAIL_"))
                .map(event -> event.path("type").asText() + " "
                        + event.path("details").path("from").asText("-") + " "
                        + event.path("details").path("to").asText("-"))
                .toList();
    }

    private static String address(String id) {
        return stored(id).get("_server", Document.class).getString("address");
    }

    private static Document stored(String id) {
        return Objects.requireNonNull(stores.users().find(byId(id)).first());
    }

    private static Bson byId(String id) {
        return Filters.eq(new ObjectId(id));
    }

    private static void assertRejected(String field, Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(response.json().path("errors").findValuesAsText("field")).contains(field);
    }
}
