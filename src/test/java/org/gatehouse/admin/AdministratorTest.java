package org.gatehouse.admin;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.slf4j.LoggerFactory;

/** Tests the log lines of a start without an active administrator, and the effect of {@code ADMIN_RESET}. */
class AdministratorTest {
    private static final String OLD_PASSWORD = "correct horse battery staple";
    private static final String NEW_PASSWORD = "another good password of mine";

    private static final Stores stores = new Stores();
    private static final Logger logger = (Logger) LoggerFactory.getLogger(FirstAdministrator.class);
    private static final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private static final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getLevel() + " " + event.getFormattedMessage());
        }
    };

    @BeforeAll
    static void listen() {
        appender.start();
        logger.addAppender(appender);
    }

    @AfterAll
    static void stop() {
        logger.detachAppender(appender);
        stores.close();
    }

    @Test
    void everyStartWithoutAnAdministratorLogsAWarning(TestInfo test) {
        Map<String, String> withoutAdministrator = settings(test, "", "", false);
        String warning = "WARN The database " + stores.database() + " has no active administrator who can log in."
                + " Set ADMIN_USERNAME and ADMIN_PASSWORD and start again to create one";

        assertThat(linesOfAStart(withoutAdministrator, stores.database())).containsExactly(warning);
        assertThat(linesOfAStart(withoutAdministrator, stores.database())).containsExactly(warning);

        Map<String, String> first = settings(test, "first-one", OLD_PASSWORD, false);
        assertThat(linesOfAStart(first, "first-one"))
                .containsExactly("INFO Created the first administrator, first-one");
        assertThat(linesOfAStart(withoutAdministrator, stores.database())).isEmpty();
    }

    @Test
    void unusedAdministratorSettingsAreLogged(TestInfo test) {
        Node.start(stores, settings(test, "in-use", OLD_PASSWORD, false)).close();

        assertThat(linesOfAStart(settings(test, "not-used", NEW_PASSWORD, false), "not-used"))
                .containsExactly("INFO ADMIN_USERNAME (not-used) and ADMIN_PASSWORD are not used, because an active"
                        + " administrator exists; ADMIN_RESET=true uses them");
        try (Node again = Node.start(stores, settings(test, "not-used", NEW_PASSWORD, false))) {
            assertThat(again.login("in-use", OLD_PASSWORD).status()).isEqualTo(200);
            assertThat(again.login("not-used", NEW_PASSWORD).status()).isEqualTo(401);
        }
        assertThat(stores.collection(users(test)).countDocuments()).isEqualTo(1);
    }

    @Test
    void aStartLogsThatTheAdministratorNameBelongsToAnotherUser(TestInfo test) {
        try (Node node = Node.start(stores, settings(test, "to-be-lost", OLD_PASSWORD, false))) {
            node.create(node.token("to-be-lost", OLD_PASSWORD), "ordinary", OLD_PASSWORD);
        }
        stores.collection(users(test)).deleteOne(new Document("username", "to-be-lost"));

        assertThat(linesOfAStart(settings(test, "ordinary", NEW_PASSWORD, false), "ordinary"))
                .singleElement()
                .asString()
                .startsWith("ERROR There is no active administrator")
                .endsWith("or set ADMIN_RESET=true");
    }

    /** The reset must take effect on the running node, which has the user and the session in its cache. */
    @Test
    void theResetOfAnAdministratorEndsTheirSessionsOnEveryNode(TestInfo test) {
        try (Node running = Node.start(stores, settings(test, "lost-one", OLD_PASSWORD, false))) {
            String stolen = running.token("lost-one", OLD_PASSWORD);
            Response login = running.login("lost-one", OLD_PASSWORD);
            String id = login.json().at("/user/_id").asText();
            assertThat(running.get("/user/me", stolen).status()).isEqualTo(200);

            Map<String, String> reset = settings(test, "Lost-One", NEW_PASSWORD, true);
            assertThat(linesOfAStart(reset, "Lost-One"))
                    .containsExactly("WARN ADMIN_RESET has made Lost-One an active administrator with ADMIN_PASSWORD."
                            + " Remove ADMIN_RESET now");

            assertThat(running.get("/user/me", stolen).text("code")).isEqualTo("SESSION_ENDED");
            assertThat(running.login("lost-one", OLD_PASSWORD).status()).isEqualTo(401);
            String token = running.token("lost-one", NEW_PASSWORD);
            Response me = running.get("/user/me", token);
            assertThat(me.text("username")).isEqualTo("lost-one");
            assertThat(me.text("_id")).isEqualTo(id);

            // The next start still has ADMIN_RESET. The session that began after the reset remains valid.
            assertThat(linesOfAStart(reset, "Lost-One"))
                    .containsExactly("WARN ADMIN_RESET is set and changed nothing, because Lost-One is an active"
                            + " administrator with ADMIN_PASSWORD. Remove ADMIN_RESET now");
            assertThat(running.get("/user/me", token).status()).isEqualTo(200);
            assertThat(resets(running, token, id)).hasSize(1);
        }
    }

    @Test
    void aResetMakesADisabledAndThrottledUserAnAdministratorWhoCanLogIn(TestInfo test) {
        try (Node running = Node.start(stores, settings(test, "remaining", OLD_PASSWORD, false))) {
            String admin = running.token("remaining", OLD_PASSWORD);
            String id = running.create(admin, "promoted", OLD_PASSWORD);
            running.patch("/user/" + id, admin, "{\"status\":\"disabled\",\"roles\":[\"user\",\"editor\"]}");
            for (int i = 0; i < 10; i++) {
                running.login("promoted", "a wrong password");
            }
            assertThat(running.login("promoted", OLD_PASSWORD).status()).isEqualTo(429);

            // The password stays the same. The reset is necessary because the user is not an active administrator.
            linesOfAStart(settings(test, "promoted", OLD_PASSWORD, true), "promoted");

            String token = running.token("promoted", OLD_PASSWORD);
            Response me = running.get("/user/me", token);
            assertThat(me.json().get("roles").toString()).isEqualTo("[\"admin\",\"editor\",\"user\"]");
            assertThat(me.text("status")).isEqualTo("active");
            assertThat(resets(running, token, id))
                    .singleElement()
                    .asString()
                    .contains("{\"from\":\"editor, user; disabled\",\"to\":\"admin, editor, user; active\"}");
        }
    }

    @Test
    void nodesThatStartAtTheSameTimeCreateAndResetTheAdministratorOnce(TestInfo test) throws Exception {
        try (Node running = Node.start(stores, settings(test, "remaining-too", OLD_PASSWORD, false))) {
            List<Node> nodes = startTogether(settings(test, "made-anew", NEW_PASSWORD, true));
            try {
                String token = running.token("made-anew", NEW_PASSWORD);
                Response me = running.get("/user/me", token);
                assertThat(me.json().get("roles").toString()).contains("admin");
                assertThat(resets(running, token, me.text("_id"))).hasSize(1);
                assertThat(lines.stream().filter(line -> line.contains("made-anew")))
                        .hasSize(nodes.size())
                        .allMatch(line -> line.startsWith("WARN ADMIN_RESET"));
            } finally {
                nodes.forEach(Node::close);
            }
        }
    }

    private static List<Node> startTogether(Map<String, String> settings) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            List<Future<Node>> starting = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                starting.add(threads.submit(() -> Node.start(stores, settings)));
            }
            List<Node> nodes = new ArrayList<>();
            for (Future<Node> node : starting) {
                nodes.add(node.get());
            }
            return nodes;
        } catch (ExecutionException failed) {
            throw new IllegalStateException(failed.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    /** Returns the audit entries about resets of this user. */
    private static List<String> resets(Node node, String token, String id) {
        List<String> entries = new ArrayList<>();
        node.get("/audit?type=ADMINISTRATOR_RESET&user=" + id, token)
                .json()
                .forEach(entry -> entries.add(entry.toString()));
        return entries;
    }

    /** Starts and stops a node, and returns the log lines that contain the given text. */
    private static List<String> linesOfAStart(Map<String, String> settings, String about) {
        List<String> before = List.copyOf(lines);
        Node.start(stores, settings).close();
        return lines.stream()
                .skip(before.size())
                .filter(line -> line.contains(about))
                .toList();
    }

    /** Returns the settings of a node. The users of each test are in a separate collection. */
    private static Map<String, String> settings(TestInfo test, String username, String password, boolean reset) {
        Map<String, String> settings = new HashMap<>();
        settings.put("DB_COLLECTION_USERS", users(test));
        settings.put("ADMIN_USERNAME", username);
        settings.put("ADMIN_PASSWORD", password);
        settings.put("ADMIN_RESET", reset ? "true" : "");
        return settings;
    }

    private static String users(TestInfo test) {
        return "users-" + test.getTestMethod().orElseThrow().getName().substring(0, 12);
    }
}
