package org.gatehouse.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.json.Json;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the refresh of tokens during a change of {@code AUTH_KEY}. The nodes are at different steps of this change. */
class RefreshKeyChangeTest {
    private static final String OLD = "the old key for tests, longer than 32 bytes";
    private static final String NEW = "the new key for tests, longer than 32 bytes";
    private static final String OTHER = "a third key for tests, longer than 32 bytes";
    private static final Map<String, List<String>> STEPS = Map.of(
            "before", List.of(OLD),
            "announced", List.of(OLD, NEW),
            "changed", List.of(NEW, OLD),
            "after", List.of(NEW),
            "foreign", List.of(OTHER));

    private static final Stores stores = new Stores();
    private static final Map<String, Node> nodes = new HashMap<>();

    @BeforeAll
    static void start() {
        STEPS.forEach((step, keys) -> {
            Map<String, String> settings = new HashMap<>();
            settings.put("AUTH_KEY", keys.get(0));
            keys.stream().skip(1).forEach(previous -> settings.put("AUTH_KEY_PREVIOUS", previous));
            nodes.put(step, Node.start(stores, settings));
        });
    }

    @AfterAll
    static void stop() {
        nodes.values().forEach(Node::close);
        stores.close();
    }

    @ParameterizedTest
    @CsvSource({
        "before, announced",
        "announced, before",
        "announced, changed",
        "changed, announced",
        "changed, after",
        "after, changed",
        // With ES256, operators may omit the step "announced".
        "before, changed",
        "changed, before"
    })
    void nodesAtNeighboringStepsReturnTheSameSuccessor(String first, String second) {
        Response tokens = login(first);
        for (int round = 0; round < 3; round++) {
            Response one = refresh(first, tokens);
            Response other = refresh(second, tokens);
            Response repeated = refresh(first, tokens);

            assertThat(List.of(other.text("refreshToken"), repeated.text("refreshToken")))
                    .containsOnly(one.text("refreshToken"));
            for (Response response : List.of(one, other, repeated)) {
                assertAccepted(first, response);
                assertAccepted(second, response);
            }
            tokens = round % 2 == 0 ? other : one;
        }
    }

    /**
     * A node with both keys stores a mask next to the hash of the successor. Nodes with only the previous key compute
     * the successor from the mask. A node without a previous key removes the mask.
     */
    @Test
    void theMaskIsRemovedByANodeWithoutAPreviousKey() {
        Response tokens = login("changed");
        Response next = refresh("changed", tokens);
        assertThat(session(tokens)).containsKey("successorMask");

        refresh("after", next);

        assertThat(session(tokens)).doesNotContainKey("successorMask");
    }

    /**
     * During a change without downtime (docs/configuration.md), two nodes always have a common key. If two nodes have
     * no common key, they return different successors of a token. At most one of these successors is accepted.
     */
    @Test
    void onlyOneSuccessorIsAcceptedIfTheNodesHaveNoCommonKey() {
        Response tokens = login("before");
        Response one = refresh("before", tokens);
        Response other = refresh("foreign", tokens);
        assertThat(other.text("refreshToken")).isNotEqualTo(one.text("refreshToken"));

        List<Integer> statuses = new ArrayList<>();
        for (Response successor : List.of(other, one)) {
            statuses.add(send("before", successor).status());
        }

        assertThat(statuses).containsExactly(200, 401);
    }

    private static Response login(String step) {
        Response login = node(step).login(Node.ADMIN, Node.ADMIN_PASSWORD);
        assertThat(login.status()).as(login.body()).isEqualTo(200);
        return login;
    }

    private static Response refresh(String step, Response tokens) {
        Response response = send(step, tokens);
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response;
    }

    private static Response send(String step, Response tokens) {
        String body = Json.MAPPER
                .createObjectNode()
                .put("refreshToken", tokens.text("refreshToken"))
                .toString();
        return node(step).post("/token/refresh", "", body);
    }

    private static void assertAccepted(String step, Response tokens) {
        Response response = node(step).get("/user/me", tokens.text("token"));
        assertThat(response.status()).as(response.body()).isEqualTo(200);
    }

    private static Document session(Response login) {
        Response sessions = node("changed").get("/session", login.text("token"));
        for (var session : sessions.json()) {
            if (session.path("current").asBoolean()) {
                return stores.collection("sessions")
                        .find(new Document("_id", session.path("_id").asText()))
                        .first();
            }
        }
        throw new AssertionError(sessions.body());
    }

    private static Node node(String step) {
        return Objects.requireNonNull(nodes.get(step));
    }
}
