package org.gatehouse.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.mongodb.client.model.Filters;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests how an import and an export treat verified addresses. */
class AddressTransferTest {
    private static final String VERIFIED_AT = "2026-01-02T03:04:05.678Z";

    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores);
    private static final AtomicInteger number = new AtomicInteger();

    private final String name = "moved-" + number.incrementAndGet();

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @Test
    void anImportKeepsTheVerification() {
        JsonNode created = imported(line(name, name + "@Example.com")).get(0);

        assertThat(created.path("status").asText()).as(created.toString()).isEqualTo("created");
        JsonNode user = node.get("/user/" + created.path("_id").asText(), node.adminToken())
                .json();
        assertThat(user.path("email").asText()).isEqualTo(name + "@Example.com");
        assertThat(user.path("emailVerified").asText()).isEqualTo(VERIFIED_AT);
        assertThat(stores.collection("mails").countDocuments())
                .as("an import sends no mail")
                .isZero();
    }

    @Test
    void aRepeatedImportChangesNothing() {
        String[] lines = {
            line(name + "-a", name + "-a@example.com"),
            line(name + "-b", name + "-b@example.com"),
            "{\"_id\":\"" + new ObjectId() + "\","
                    + line(name + "-c", name + "-c@example.com").substring(1),
        };
        assertThat(statuses(imported(lines))).containsExactly("created", "created", "created");
        List<Document> before = stored();

        assertThat(statuses(imported(lines))).containsExactly("unchanged", "unchanged", "unchanged");
        assertThat(stored()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?dryRun=true"})
    void anAddressThatAnotherUserHasVerifiedIsAnErrorOfItsLine(String query) {
        imported(line(name, name + "@b\u00fccher.example"));

        List<JsonNode> results = send(
                query,
                line(name + "-a", name + "-a@example.com"),
                line(name + "-b", name.toUpperCase(Locale.ROOT) + "@xn--bcher-kva.example"),
                "{\"username\":\"" + name + "-c\",\"email\":\"" + name + "@b\u00fccher.example\"}",
                line(name + "-d", name + "-d@example.com"));

        assertThat(statuses(results)).containsExactly("created", "error", "created", "created");
        assertThat(results.get(1).path("code").asText()).isEqualTo("EMAIL_TAKEN");
        assertThat(results.get(1).path("message").asText()).isEqualTo("Another account has verified this address.");
        assertThat(results.get(1).path("username").asText()).isEqualTo(name + "-b");
    }

    @Test
    void theSecondLineWithAVerifiedAddressIsAnError() {
        List<JsonNode> results = imported(
                line(name + "-a", name + "@example.com"),
                line(name + "-b", name + "@EXAMPLE.com"),
                line(name + "-a", name + "@example.com"));

        assertThat(statuses(results)).containsExactly("created", "error", "unchanged");
        assertThat(results.get(1).path("code").asText()).isEqualTo("EMAIL_TAKEN");
    }

    @Test
    void aTakenIdIsStillAnErrorOfTheId() {
        String id =
                imported(line(name, name + "@example.com")).get(0).path("_id").asText();

        JsonNode result = imported("{\"_id\":\"" + id + "\","
                        + line(name + "-b", name + "@example.com").substring(1))
                .get(0);

        assertThat(result.path("errors").findValuesAsText("field")).containsExactly("_id");
    }

    @Test
    void aLineThatIsVerifiedDiffersFromAUserWhoIsNot() {
        String line = line(name, name + "@example.com");
        assertThat(statuses(imported(line.replaceFirst(",\"emailVerified\":\"[^\"]*\"", ""))))
                .containsExactly("created");

        assertThat(imported(line).get(0).path("code").asText()).isEqualTo("USERNAME_TAKEN");
    }

    @Test
    void aVerificationNeedsAnAddress() {
        List<JsonNode> results = imported(
                "{\"username\":\"" + name + "\",\"emailVerified\":\"" + VERIFIED_AT + "\"}",
                "{\"username\":\"" + name + "\",\"email\":null,\"emailVerified\":\"" + VERIFIED_AT + "\"}",
                "{\"username\":\"" + name + "\",\"email\":\"bob\",\"emailVerified\":\"" + VERIFIED_AT + "\"}",
                "{\"username\":\"" + name + "\",\"email\":\"a@example.com\",\"emailVerified\":true}",
                "{\"username\":\"" + name + "\",\"email\":\"a@example.com\",\"emailVerified\":\"yesterday\"}",
                "{\"username\":\"" + name + "\",\"email\":\"" + name + "@example.com\",\"emailVerified\":null}");

        assertThat(statuses(results)).containsExactly("error", "error", "error", "error", "error", "created");
        assertThat(results.stream()
                        .limit(5)
                        .flatMap(result -> result.path("errors").findValuesAsText("field").stream()))
                .containsExactly("emailVerified", "emailVerified", "email", "emailVerified", "emailVerified");
        assertThat(results.get(0).path("errors").path(0).path("message").asText())
                .isEqualTo("must be combined with an email");
    }

    @Test
    void anExportCanBeImportedAgain() {
        imported(
                line(name + "-a", name + "-a@B\u00fccher.example"),
                "{\"username\":\"" + name + "-b\",\"email\":\"" + name + "-b@example.com\"}");
        String exported = exported(node);
        assertThat(exported)
                .contains("\"emailVerified\":\"" + VERIFIED_AT + "\"")
                .doesNotContain("_server");

        try (Stores others = new Stores();
                Node other = Node.start(others)) {
            Response response = other.send(
                    "POST",
                    "/user/import",
                    exported,
                    "auth",
                    other.adminToken(),
                    "Content-Type",
                    "application/x-ndjson");

            assertThat(response.body()).contains("\"status\":\"created\"").doesNotContain("\"status\":\"error\"");
            assertThat(exported(other)).isEqualTo(exported);
        }
    }

    private List<Document> stored() {
        return stores.users().find(Filters.regex("username", "^" + name + "-")).into(new ArrayList<>());
    }

    /** Returns the lines of this test. */
    private String exported(Node from) {
        return from.get("/user/export?hashes=true", from.adminToken())
                .body()
                .lines()
                .filter(line -> line.contains("\"" + name + "-"))
                .collect(Collectors.joining("\n"));
    }

    private static String line(String username, String address) {
        return "{\"username\":\"" + username + "\",\"email\":\"" + address + "\",\"emailVerified\":\"" + VERIFIED_AT
                + "\"}";
    }

    private static List<String> statuses(List<JsonNode> results) {
        return results.stream().map(result -> result.path("status").asText()).toList();
    }

    private static List<JsonNode> imported(String... lines) {
        return send("", lines);
    }

    private static List<JsonNode> send(String query, String... lines) {
        Response response = node.send(
                "POST",
                "/user/import" + query,
                String.join("\n", lines),
                "auth",
                node.adminToken(),
                "Content-Type",
                "application/x-ndjson");
        Stream<JsonNode> results = response.body().lines().map(Response::json);
        return results.filter(result -> result.has("line")).toList();
    }
}
