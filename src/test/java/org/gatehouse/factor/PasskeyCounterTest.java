package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.gatehouse.factor.FactorNodes.json;

import com.mongodb.client.model.Filters;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.bson.Document;
import org.gatehouse.mail.MailServer;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.Test;

/** Tests the mails about an authenticator that may have been copied. */
class PasskeyCounterTest {
    private static final String SOURCE = "198.51.100.9";

    @Test
    void thereIsOneMailADay() {
        try (MailServer mails = MailServer.start();
                FactorNodes nodes = new FactorNodes(settings(mails))) {
            TestAuthenticator copied = new TestAuthenticator(PasskeyScene.ORIGIN);
            copied.count(40);
            PasskeyUser user = new PasskeyUser(nodes, "alice", SOURCE, copied);
            assertThat(user.add(nodes.node).status()).isEqualTo(201);
            Response verified = nodes.node.send(
                    "PUT",
                    "/user/" + user.id + "/email",
                    json(Map.of("email", "alice@example.com", "verified", true)),
                    "Content-Type",
                    "application/json",
                    "auth",
                    nodes.node.adminToken());
            assertThat(verified.status()).as(verified.body()).isEqualTo(204);

            logIn(nodes, user, 20);
            logIn(nodes, user, 20);
            logIn(nodes, user, 20);
            assertThat(notices(nodes)).isEqualTo(1);
            nodes.clock.advance(Duration.ofHours(25));
            logIn(nodes, user, 20);

            assertThat(notices(nodes)).isEqualTo(2);
            assertThat(nodes.audit(user.id).stream()
                            .filter("PASSKEY_COUNTER_DECREASED"::equals)
                            .count())
                    .isEqualTo(4);
        }
    }

    private static Map<String, String> settings(MailServer mails) {
        Map<String, String> settings = new HashMap<>(mails.settings());
        settings.putAll(PasskeyUser.SETTINGS);
        return settings;
    }

    private static void logIn(FactorNodes nodes, PasskeyUser user, long counter) {
        user.authenticator.count(counter);
        Response login = PasskeyUser.logIn(
                nodes.node, SOURCE, user.authenticator.get(PasskeyUser.loginOptions(nodes.other, SOURCE)));
        assertThat(login.status()).as(login.body()).isEqualTo(200);
    }

    /** Returns the number of notices after all requested mails are in the queue. */
    private static long notices(FactorNodes nodes) {
        await().until(() -> nodes.stores.users().countDocuments(Filters.exists("_server.outbox.createdAt")) == 0);
        return nodes.stores.collection("mails").countDocuments(new Document("kind", "notice-factor"));
    }
}
