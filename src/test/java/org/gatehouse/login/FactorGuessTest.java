package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.factor.FactorNodes.Enrolled;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests that strangers who know the password cannot guess codes, and cannot lock out the owner by guesses. */
@Tag("also-full")
class FactorGuessTest {
    private static final int GUESSES = Boolean.getBoolean("gatehouse.long") ? 10_000 : 150;
    private static final int GUESSES_PER_CHALLENGE = 5;
    private static final int OWNER_INTERVAL = 2_000;
    private static final String SOURCE = "198.51.100.1";

    private static final FactorNodes nodes = new FactorNodes(Map.of());

    @AfterAll
    static void stop() {
        nodes.close();
    }

    @Test
    void guessesAreLimitedAndTheOwnerStillLogsIn() {
        Enrolled user = nodes.enrol("victim", SOURCE);
        int evaluated = 0;
        for (int guess = 0; guess < GUESSES; guess += GUESSES_PER_CHALLENGE) {
            String stranger = "10.0." + guess / 1000 + "." + guess / GUESSES_PER_CHALLENGE % 200;
            String challenge = nodes.challenge("victim", stranger);
            for (int attempt = 0; attempt < GUESSES_PER_CHALLENGE; attempt++) {
                Node node = attempt % 2 == 0 ? nodes.node : nodes.other;
                Response response = nodes.totp(node, stranger, challenge, nodes.wrongCode(user.secret()));
                if (response.status() == 401) {
                    evaluated++;
                } else {
                    assertThat(response.text("code")).isEqualTo("LOGIN_THROTTLED");
                    assertThat(response.header("Retry-After")).isNotEmpty();
                }
            }
            if (guess % OWNER_INTERVAL == 0) {
                assertOwnerLogsIn(user);
            }
        }

        assertThat(evaluated).isEqualTo(100);
        assertOwnerLogsIn(user);
        JsonNode counts = nodes.node
                .get("/user/" + user.userId() + "/throttle", nodes.node.adminToken())
                .json();
        assertThat(counts.path("factors").path("strangers").path("failures").asInt())
                .isEqualTo(100);
    }

    private static void assertOwnerLogsIn(Enrolled user) {
        nodes.nextStep();
        String challenge = nodes.challenge("victim", SOURCE);
        assertThat(nodes.totp(nodes.node, SOURCE, challenge, nodes.code(user.secret()))
                        .status())
                .isEqualTo(200);
    }
}
