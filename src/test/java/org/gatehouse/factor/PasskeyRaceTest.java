package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.FactorNodes.PASSWORD;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Stream;
import org.gatehouse.app.Node;
import org.gatehouse.app.Race;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests that a challenge for a passkey succeeds once if two nodes receive it at the same time. */
@Tag("also-full")
class PasskeyRaceTest {
    private static final int ROUNDS = Boolean.getBoolean("gatehouse.long") ? 1000 : 40;

    /** Below the limit of options for one source. */
    private static final int ROUNDS_PER_SOURCE = 100;

    private static final FactorNodes nodes = new FactorNodes(PasskeyUser.SETTINGS);
    private static final Race races = new Race(200, 1);

    @AfterAll
    static void stop() {
        races.close();
        nodes.close();
    }

    @Test
    void ofTwoConcurrentLoginsWithAChallengeOneSucceeds() throws Exception {
        PasskeyUser user = enrolled("alone");
        for (int round = 0; round < ROUNDS; round++) {
            String source = source(round);
            ObjectNode credential = user.authenticator.get(PasskeyUser.loginOptions(nodes.node, source));
            race(node -> PasskeyUser.logIn(node, source, credential));
        }
    }

    @Test
    void ofTwoConcurrentSecondStepsWithAChallengeOneSucceeds() throws Exception {
        PasskeyUser user = enrolled("second");
        for (int round = 0; round < ROUNDS; round++) {
            String source = source(round);
            JsonNode required = nodes.node
                    .persistently(() -> nodes.node.loginFrom(source, user.name, PASSWORD))
                    .json();
            String challenge = required.path("challenge").asText();
            ObjectNode credential = user.authenticator.get(required.path("passkey"));
            race(node -> PasskeyUser.logIn(node, source, challenge, credential));
        }
    }

    private static PasskeyUser enrolled(String name) {
        PasskeyUser user = new PasskeyUser(nodes, name, "198.51.100.1", new TestAuthenticator(PasskeyScene.ORIGIN));
        assertThat(user.add(nodes.node).status()).isEqualTo(201);
        return user;
    }

    private static String source(int round) {
        return "203.0.113." + (1 + round / ROUNDS_PER_SOURCE);
    }

    private static void race(Function<Node, Response> call) throws Exception {
        races.run(
                Stream.of(nodes.node, nodes.other)
                        .<Callable<Response>>map(node -> () -> call.apply(node))
                        .toList(),
                loser -> assertThat(loser.status()).isEqualTo(401));
    }
}
