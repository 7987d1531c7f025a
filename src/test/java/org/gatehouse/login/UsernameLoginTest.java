package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bson.BsonDocument;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests which spellings of a username are equal at a login and in a list. Also tests which fields a login reads from
 * the database.
 */
class UsernameLoginTest {
    private static final String PASSWORD = "correct horse battery staple";

    /** Finds the address of the next page. This address is relative to the path of the request. */
    private static final Pattern NEXT = Pattern.compile("<([^>]*)>; rel=\"next\"");

    private static final Stores stores = new Stores();
    private static final List<String> finds = new CopyOnWriteArrayList<>();
    private static final Node node = Node.startObserved(stores, Map.of(), command -> {
        if (command.getFirstKey().equals("find")
                && command.getString("find").getValue().equals("users")) {
            finds.add(command.toJson());
        }
    });

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @BeforeEach
    void clearReads() {
        finds.clear();
    }

    @ParameterizedTest
    @CsvSource({
        "\u039d\u0399\u039a\u039f\u03a3.\u03a0\u0391\u03a0\u0391\u03a3, \u03bd\u03b9\u03ba\u03bf\u03c2.\u03c0\u03b1\u03c0\u03b1\u03c2, \u039d\u0399\u039a\u039f\u03a3.",
        "\u03bf\u03b4\u03c5\u03c3\u03c3\u03b5\u03c5\u03c2, \u03bf\u03b4\u03c5\u03c3\u03c3\u03b5\u03c5\u03c3, \u039f\u0394\u03a5\u03a3",
        "\u1e9eig, \u00dfIG, \u1e9e",
        "\u30b8\u30e7\u30f3\u30fb\u30b9\u30df\u30b9, \uff7c\uff9e\uff6e\uff9d\uff65\uff7d\uff90\uff7d, \u30b8\u30e7\u30f3\u30fb",
        "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627, \u0639\u0644\u06cc\u200c\u0631\u0636\u0627, \u0639\u0644\u06cc\u200c",
    })
    void spellingsWithOneCanonicalFormIdentifyOneUser(String created, String typed, String prefix) {
        node.create(node.adminToken(), created, PASSWORD);

        assertThat(node.login(typed, PASSWORD).status()).isEqualTo(200);
        assertThat(node.login(created, PASSWORD).text("message")).isEqualTo("Logged as " + created);
        assertThat(node.post("/user", node.adminToken(), Node.credentials(typed, PASSWORD))
                        .text("code"))
                .isEqualTo("USERNAME_TAKEN");
        assertThat(node.get("/user?q=" + URLEncoder.encode(prefix, StandardCharsets.UTF_8), node.adminToken())
                        .json()
                        .findValuesAsText("username"))
                .contains(created);
    }

    @ParameterizedTest
    @ValueSource(strings = {" blank-1", "blank-2\n", "\u00a0blank-3\t", "\u3000blank-4\u2003"})
    void leadingAndTrailingBlanksAreNotPartOfAName(String typed) {
        String name = typed.replaceAll("[^-a-z0-9]", "");
        String id = node.create(node.adminToken(), typed, PASSWORD);

        assertThat(node.get("/user/" + id, node.adminToken()).text("username")).isEqualTo(name);
        assertThat(node.login(name, PASSWORD).status()).isEqualTo(200);
        Response login = node.login(" " + typed, PASSWORD);
        assertThat(login.status()).isEqualTo(200);
        Response renamed = node.patch("/user/me", login.text("token"), "{\"username\":\" " + name + "  \"}");
        assertThat(renamed.text("version"))
                .as("a change to the current name has no effect")
                .isEqualTo("1");
    }

    @Test
    void usersWithTheLongestNamesAreListed() {
        String letter = "\ud840\udc00";
        List<String> names = List.of(letter.repeat(254), "\u00e9".repeat(254), "e\u0301".repeat(253) + "x");
        names.forEach(name -> node.create(node.adminToken(), name, PASSWORD));
        assertThat(node.post("/user", node.adminToken(), Node.credentials("e\u0301".repeat(254), PASSWORD))
                        .text("code"))
                .isEqualTo("USERNAME_TAKEN");

        List<String> listed = new ArrayList<>();
        for (String path = "/user?limit=1&sort=username"; !path.isEmpty(); ) {
            Response page = node.get(path, node.adminToken());
            assertThat(page.status()).as(page.body()).isEqualTo(200);
            listed.addAll(page.json().findValuesAsText("username"));
            Matcher next = NEXT.matcher(page.header("Link"));
            path = next.find() ? "/" + next.group(1) : "";
        }
        assertThat(listed).containsAll(names);
        assertThat(node.login(names.get(0), PASSWORD).status()).isEqualTo(200);
    }

    @Test
    void aLoginReadsCustomFieldsOnlyAfterThePasswordHasBeenVerified() {
        String id = node.create(node.adminToken(), "with-fields", PASSWORD);
        assertThat(node.patch("/user/" + id, node.adminToken(), "{\"city\":\"Oslo\"}")
                        .status())
                .isEqualTo(200);
        finds.clear();

        assertThat(node.login("with-fields", "wrong").status()).isEqualTo(401);
        assertThat(finds).hasSize(1).allSatisfy(UsernameLoginTest::assertReadsNoCustomField);
        finds.clear();
        for (int i = 0; i < 12; i++) {
            node.login("with-fields", "wrong");
        }
        assertThat(node.login("with-fields", "wrong").status()).isEqualTo(429);
        assertThat(finds).allSatisfy(UsernameLoginTest::assertReadsNoCustomField);
        node.delete("/user/" + id + "/throttle", node.adminToken());

        Response login = node.login("with-fields", PASSWORD);

        assertThat(login.json().path("user").path("city").asText()).isEqualTo("Oslo");
    }

    private static void assertReadsNoCustomField(String find) {
        BsonDocument projection = BsonDocument.parse(find).getDocument("projection", new BsonDocument());
        assertThat(projection.values())
                .as(find)
                .isNotEmpty()
                .allMatch(included -> included.isNumber() && included.asNumber().intValue() == 1);
    }
}
