package org.gatehouse.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests that the audit log contains a limited number of rejected tokens and forbidden calls for each source address.
 */
class RejectionAuditTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String METRICS_TOKEN = "a-token-for-the-metrics";

    private static final Stores stores = new Stores();
    private static final Node node =
            Node.start(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1", "METRICS_TOKEN", METRICS_TOKEN));
    private static String admin = "";
    private static String aliceId = "";
    private static String alice = "";

    @BeforeAll
    static void createAlice() {
        admin = node.adminToken();
        aliceId = node.create(admin, "alice", PASSWORD);
        alice = node.token("alice", PASSWORD);
    }

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "192.0.2.1 | auth          | nonsense        | TOKEN_MALFORMED",
                "192.0.2.2 | Authorization | Bearer nonsense | TOKEN_MALFORMED",
                "192.0.2.3 | Authorization | Bearer a.b.c    | TOKEN_MALFORMED",
                "192.0.2.4 | auth          | FORGED          | TOKEN_INVALID",
                "192.0.2.5 | auth          | ENDED           | SESSION_ENDED"
            })
    void repeatedRejectionsOfOneSourceCauseOneEntry(String address, String header, String value, String code) {
        String token = value;
        if (value.equals("FORGED")) {
            token = alice.substring(0, alice.length() - 4) + (alice.endsWith("AAAA") ? "BBBB" : "AAAA");
        } else if (value.equals("ENDED")) {
            token = node.token("alice", PASSWORD);
            node.post("/logout", token, "");
        }
        for (int i = 0; i < 5; i++) {
            Response response = node.send("GET", "/user/me", "", header, token, "X-Forwarded-For", address);
            assertThat(response.text("code")).isEqualTo(code);
        }

        List<JsonNode> entries = entries("TOKEN_REJECTED", address);
        assertThat(entries).hasSize(1);
        assertThat(entries.get(0).at("/details/reason").asText()).isEqualTo(code);
        assertThat(entries.get(0).at("/details/call").asText()).isEqualTo("GET /user/{id}");
        assertThat(entries.get(0).path("requestId").asText()).isNotEmpty();
        assertThat(entries.toString()).doesNotContain(token);
    }

    @Test
    void aMalformedTokenDoesNotHideAForgedTokenOfTheSameSource() {
        String forged = alice.substring(0, alice.length() - 4) + (alice.endsWith("AAAA") ? "BBBB" : "AAAA");
        for (String token : List.of("nonsense", forged, "a.b.c", forged)) {
            node.send("GET", "/user/me", "", "auth", token, "X-Forwarded-For", "192.0.2.10");
        }

        assertThat(entries("TOKEN_REJECTED", "192.0.2.10"))
                .extracting(entry -> entry.at("/details/reason").asText())
                .containsExactlyInAnyOrder("TOKEN_MALFORMED", "TOKEN_INVALID");
    }

    @Test
    void aForbiddenCallLeavesAnEntryWithTheCaller() {
        for (String path : List.of("/user", "/audit", "/user/000000000000000000000000")) {
            assertThat(node.send("GET", path, "", "auth", alice, "X-Forwarded-For", "192.0.2.20")
                            .status())
                    .isEqualTo(403);
        }

        List<JsonNode> entries = entries("ACCESS_DENIED", "192.0.2.20");
        assertThat(entries).hasSize(1);
        assertThat(entries.get(0).path("actor").asText()).isEqualTo(aliceId);
        assertThat(entries.get(0).at("/details/call").asText()).isEqualTo("GET /user");
    }

    @Test
    void rejectedRefreshTokensAndMetricsTokensCauseEntries() {
        node.send(
                "POST",
                "/token/refresh",
                "{\"refreshToken\":\"a guess\"}",
                "Content-Type",
                "application/json",
                "X-Forwarded-For",
                "192.0.2.30");
        assertThat(entries("TOKEN_REJECTED", "192.0.2.30")).hasSize(1);
        node.send("GET", "/metrics", "", "Authorization", "Bearer a-guess-of-it", "X-Forwarded-For", "192.0.2.31");
        assertThat(entries("TOKEN_REJECTED", "192.0.2.31"))
                .singleElement()
                .satisfies(entry ->
                        assertThat(entry.at("/details/reason").asText()).isEqualTo("METRICS_TOKEN_WRONG"));
    }

    @Test
    void manyAddressesOfOneNetworkAreOneSource() {
        for (int i = 1; i < 5; i++) {
            node.send("GET", "/user/me", "", "auth", "nonsense", "X-Forwarded-For", "2001:db8:7:7::" + i);
        }
        assertThat(entries("TOKEN_REJECTED", "2001:db8:7:7::1")).hasSize(1);
        assertThat(entries("TOKEN_REJECTED", "2001:db8:7:7::2")).isEmpty();
    }

    @Test
    void missingTokensAndUnknownPathsLeaveNoEntry() {
        node.send("GET", "/user/me", "", "X-Forwarded-For", "192.0.2.40");
        node.send("GET", "/metrics", "", "X-Forwarded-For", "192.0.2.40");
        node.send("GET", "/user/x", "", "auth", admin, "X-Forwarded-For", "192.0.2.40");
        node.send("GET", "/nothing", "", "auth", "nonsense", "X-Forwarded-For", "192.0.2.40");

        assertThat(entries("TOKEN_REJECTED", "192.0.2.40")).isEmpty();
        assertThat(entries("ACCESS_DENIED", "192.0.2.40")).isEmpty();
    }

    private static List<JsonNode> entries(String type, String address) {
        List<JsonNode> found = new ArrayList<>();
        for (JsonNode entry : node.get("/audit?limit=1000&type=" + type, admin).json()) {
            if (entry.path("address").asText().equals(address)) {
                found.add(entry);
            }
        }
        return found;
    }
}
