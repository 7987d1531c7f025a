package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.gatehouse.app.Node;
import org.gatehouse.app.Race;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.factor.FactorNodes.Enrolled;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests that a code succeeds once if two nodes receive it at the same time, with one challenge or with two. */
@Tag("also-full")
class FactorRaceTest {
    private static final int ROUNDS = Boolean.getBoolean("gatehouse.long") ? 1000 : 40;

    /** The rejected codes count against the quota of the source, so it is cleared after this many rounds. */
    private static final int CLEARING_INTERVAL = 10;

    /** A source may log in 300 times in 5 minutes, and each round logs in twice at most. */
    private static final int ROUNDS_PER_SOURCE = 100;

    private static final FactorNodes nodes = new FactorNodes(Map.of());
    private static final Race races = new Race(200, 1);

    @AfterAll
    static void stop() {
        races.close();
        nodes.close();
    }

    @Test
    void aTotpCodeSucceedsOnce() throws Exception {
        Enrolled user = nodes.enrol("totp", "198.51.100.1");
        for (int round = 0; round < ROUNDS; round++) {
            clearQuota(user, round);
            nodes.nextStep();
            Map<String, String> body = Map.of("type", "totp", "code", nodes.code(user.secret()));

            Optional<String> unusedToken = race("198.51.100." + round / ROUNDS_PER_SOURCE, user, body, round % 2 == 0);
        }
    }

    @Test
    void aRecoveryCodeSucceedsOnce() throws Exception {
        Enrolled user = nodes.enrol("recovery", "198.51.101.1");
        Deque<String> codes = new ArrayDeque<>(user.recoveryCodes());
        String token = "";
        for (int round = 0; round < ROUNDS; round++) {
            clearQuota(user, round);
            Map<String, String> body = Map.of("type", "recovery", "code", codes.remove());

            token = race("198.51.101." + round / ROUNDS_PER_SOURCE, user, body, round % 2 == 0)
                    .orElse(token);

            if (codes.isEmpty()) {
                Response replaced = nodes.node.post("/factor/recovery-codes", token, "");
                assertThat(replaced.status()).as(replaced.body()).isEqualTo(200);
                replaced.json().path("recoveryCodes").forEach(code -> codes.add(code.asText()));
            }
        }
    }

    /**
     * Sends the same code to both nodes.
     *
     * @param oneChallenge whether both requests have the same challenge
     * @return the token of the request that succeeded; empty if a store did not respond in time
     */
    private static Optional<String> race(String source, Enrolled user, Map<String, String> body, boolean oneChallenge)
            throws Exception {
        String first = nodes.challenge(user.name(), source);
        String second = oneChallenge ? first : nodes.challenge(user.name(), source);
        List<Callable<Response>> calls =
                List.of(call(nodes.node, source, first, body), call(nodes.other, source, second, body));
        return races.run(calls, loser -> assertThat(loser.text("code")).isIn("FACTOR_WRONG", "CHALLENGE_INVALID"))
                .map(response -> response.text("token"));
    }

    private static Callable<Response> call(Node node, String source, String challenge, Map<String, String> body) {
        return () -> nodes.factor(
                node, source, Map.of("challenge", challenge, "type", body.get("type"), "code", body.get("code")));
    }

    private static void clearQuota(Enrolled user, int round) {
        if (round % CLEARING_INTERVAL == 0) {
            String admin = nodes.node.adminToken();
            Response cleared =
                    nodes.node.persistently(() -> nodes.node.delete("/user/" + user.userId() + "/throttle", admin));
            assertThat(cleared.status()).as(cleared.body()).isEqualTo(204);
        }
    }
}
