package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests conditional requests (RFC 9110, section 13) and merge patches (RFC 7396) on two nodes. */
@Tag("also-full")
class ConditionalTest {
    private static final String PASSWORD = "correct horse battery staple";

    /** The number of edits by each of the two clients. */
    private static final int EDITS = Boolean.getBoolean("gatehouse.long") ? 1_000 : 50;

    private static final Stores stores = new Stores();
    private static final Node one = Node.start(stores);
    private static final Node other = Node.start(stores);
    private static String admin = "";
    private static String user = "";

    @BeforeAll
    static void createAlice() {
        admin = one.adminToken();
        user = "/user/" + one.create(admin, "alice", PASSWORD);
    }

    @AfterAll
    static void stop() {
        one.close();
        other.close();
        stores.close();
    }

    /** In each header, V stands for the current version of the user. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "If-Match | \"V\" | 200",
                "If-Match | * | 200",
                "If-Match | \"0\", \"V\" | 200",
                "If-Match | \"0\" , \"x\",\"V\" | 200",
                "If-Match | \"0\" | 412",
                "If-Match | \"0\", \"x\" | 412",
                "If-Match | W/\"V\" | 412",
                "If-Match | W/\"0\", W/\"V\" | 412",
                "If-Match | V | 400",
                "If-Match | \"V | 400",
                "If-Match | \"V\" \"V\" | 400",
                "If-Match | ,\"0\",, \"V\" , | 200",
                "If-Match | *, \"V\" | 400",
                "If-Match | , | 400",
                "If-Match | w/\"V\" | 400",
                "If-None-Match | \"V\" | 412",
                "If-None-Match | W/\"V\" | 412",
                "If-None-Match | * | 412",
                "If-None-Match | \"0\", \"V\" | 412",
                "If-None-Match | \"0\" | 200",
                "If-None-Match | V\" | 400",
            })
    void aChangeRespectsItsCondition(String header, String value, int status) {
        String tag = one.get(user, admin).header("ETag");
        String version = tag.replace("\"", "");

        Response response =
                other.patch(user, admin, "{\"seen\":\"" + version + "\"}", header, value.replace("V", version));
        assertThat(response.status()).as(response.body()).isEqualTo(status);
        if (status != 200) {
            assertThat(response.text("code")).isEqualTo(status == 412 ? "VERSION_MISMATCH" : "BAD_REQUEST");
            assertThat(one.get(user, admin).header("ETag")).isEqualTo(tag);
        } else {
            assertThat(response.header("ETag"))
                    .isNotEqualTo(tag)
                    .isEqualTo(one.get(user, admin).header("ETag"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"W/\"V\"", "\"V-gzip\"", "W/\"V-gzip\"", "\"V--gzip\", \"0\""})
    void theRejectionOfATagThatAProxyChangedNamesTheTagToSend(String value) {
        String tag = one.get(user, admin).header("ETag");
        String version = tag.replace("\"", "");

        Response response = one.patch(user, admin, "{\"seen\":1}", "If-Match", value.replace("V", version));
        assertThat(response.status()).isEqualTo(412);
        assertThat(response.text("code")).isEqualTo("VERSION_MISMATCH");
        assertThat(response.text("message")).endsWith("Send " + tag + ".");
        assertThat(one.patch(user, admin, "{\"seen\":1}", "If-Match", "W/\"0\"").text("message"))
                .isEqualTo("The user has changed since you read it.");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "If-None-Match | \"V\" | 304",
                "If-None-Match | W/\"V\" | 304",
                "If-None-Match | * | 304",
                "If-None-Match | \"0\", \"V\" | 304",
                "If-None-Match | \"0\" | 200",
                "If-None-Match | V\" | 400",
                "If-Match | \"V\" | 200",
                "If-Match | * | 200",
                "If-Match | W/\"V\" | 412",
                "If-Match | \"0\" | 412",
            })
    void aReadRespectsItsCondition(String header, String value, int status) {
        String tag = one.get(user, admin).header("ETag");
        for (String method : List.of("GET", "HEAD")) {
            Response response =
                    other.send(method, user, "", "auth", admin, header, value.replace("V", tag.replace("\"", "")));
            assertThat(response.status()).as(response.body()).isEqualTo(status);
            if (status < 400) {
                assertThat(response.header("ETag")).isEqualTo(tag);
            }
            if (status == 304) {
                assertThat(response.body()).isEmpty();
            }
            assertThat(response.header("Cache-Control")).isEqualTo("no-store");
        }
    }

    @Test
    void aDeletionRespectsItsCondition() {
        String bob = "/user/" + one.create(admin, "bob", PASSWORD);

        assertThat(other.send("DELETE", bob, "", "auth", admin, "If-Match", "\"7\"")
                        .status())
                .isEqualTo(412);
        assertThat(other.send("DELETE", bob, "", "auth", admin, "If-Match", "W/\"1\"")
                        .status())
                .isEqualTo(412);
        assertThat(other.send("DELETE", bob, "", "auth", admin, "If-Match", "\"1")
                        .status())
                .isEqualTo(400);
        assertThat(other.send("DELETE", bob, "", "auth", admin, "If-Match", "\"7\", \"1\"")
                        .status())
                .isEqualTo(204);
        // The user no longer exists, so the condition fails. The response is 404, because this status is more useful
        // than 412.
        assertThat(other.send("DELETE", bob, "", "auth", admin, "If-Match", "*").status())
                .isEqualTo(404);
    }

    @Test
    void severalIfMatchHeadersAreReadAsOneList() {
        String tag = one.get(user, admin).header("ETag");

        assertThat(one.patch(user, admin, "{\"lines\":1}", "If-Match", "\"0\"", "If-Match", tag)
                        .status())
                .isEqualTo(200);
    }

    @Test
    void noEditIsLostIfTwoClientsEditConcurrently() throws Exception {
        String counter = "/user/" + one.create(admin, "counter", PASSWORD);
        ExecutorService clients = Executors.newFixedThreadPool(2);
        try {
            List<Future<List<Integer>>> edits = new ArrayList<>();
            for (Node node : List.of(one, other)) {
                edits.add(clients.submit(() -> edit(node, counter)));
            }
            List<Integer> accepted = new ArrayList<>();
            for (Future<List<Integer>> result : edits) {
                accepted.addAll(result.get());
            }
            Response last = one.get(counter, admin);
            // Each accepted edit stored the next number. If the accepted numbers are distinct and their count is the
            // last number, no edit was lost.
            assertThat(accepted)
                    .doesNotHaveDuplicates()
                    .hasSize(last.json().path("n").intValue());
            assertThat(last.json().path("version").intValue()).isEqualTo(accepted.size() + 1);
            assertThat(accepted).hasSizeGreaterThanOrEqualTo(EDITS);
        } finally {
            clients.shutdownNow();
        }
    }

    /**
     * Makes edits through one node. Each edit reads the number in {@code n} and writes the next number. The service
     * must reject the write if the version has changed since the read.
     */
    private static List<Integer> edit(Node node, String counter) {
        List<Integer> accepted = new ArrayList<>();
        for (int i = 0; i < EDITS; i++) {
            Response read = node.get(counter, admin);
            assertThat(read.status()).isEqualTo(200);
            int next = read.json().path("n").intValue() + 1;
            Response response = node.patch(counter, admin, "{\"n\":" + next + "}", "If-Match", read.header("ETag"));
            assertThat(response.status()).as(response.body()).isIn(200, 412);
            if (response.status() == 200) {
                assertThat(response.json().path("n").intValue()).isEqualTo(next);
                accepted.add(next);
            }
        }
        return accepted;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/merge-patch+json",
                "application/json",
                "application/merge-patch+json; charset=utf-8",
                "application/json;charset=UTF-8",
                "Application/Merge-Patch+JSON"
            })
    void aPatchMergesNestedObjects(String type) {
        assertThat(patch(type, "{\"a\":{\"b\":{\"c\":1,\"d\":2},\"list\":[1,2]},\"gone\":1}")
                        .status())
                .isEqualTo(200);

        Response response =
                patch(type, "{\"a\":{\"b\":{\"c\":null,\"e\":{\"x\":null}},\"list\":[null]},\"gone\":null}");
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.json().path("a").toString()).isEqualTo("{\"b\":{\"d\":2,\"e\":{}},\"list\":[null]}");
        assertThat(response.json().has("gone")).isFalse();
        assertThat(patch(type, "{\"a\":null}").json().has("a")).isFalse();
    }

    @Test
    void theLimitsOfCustomFieldsApplyToTheMergedResult() {
        String half = "x".repeat(9_000);
        assertThat(one.patch(user, admin, "{\"big\":{\"one\":\"" + half + "\"}}")
                        .status())
                .isEqualTo(200);
        assertThat(other.patch(user, admin, "{\"big\":{\"two\":\"" + half + "\"}}")
                        .text("code"))
                .isEqualTo("VALIDATION_FAILED");
        assertThat(one.patch(user, admin, "{\"big\":{\"one\":null,\"two\":\"" + half + "\"}}")
                        .status())
                .isEqualTo(200);
        assertThat(one.patch(user, admin, "{\"big\":null}").status()).isEqualTo(200);

        String eightLevels = "{\"l\":".repeat(7) + "{}" + "}".repeat(7);
        assertThat(one.patch(user, admin, "{\"deep\":" + eightLevels + "}").status())
                .isEqualTo(200);
        assertThat(one.patch(user, admin, "{\"deep\":" + eightLevels.replace("{}", "{\"l\":1}") + "}")
                        .text("code"))
                .isEqualTo("VALIDATION_FAILED");
        assertThat(one.patch(user, admin, "{\"deep\":null}").status()).isEqualTo(200);
    }

    private static Response patch(String type, String body) {
        return one.send("PATCH", user, body, "auth", admin, "Content-Type", type);
    }
}
