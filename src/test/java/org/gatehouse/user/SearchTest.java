package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.gatehouse.app.Node;
import org.gatehouse.config.SettingsException;
import org.gatehouse.store.IndexUse;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests {@code GET /user?search=}: which users it finds, on each node, and that each part of it can use an index. */
class SearchTest {
    private static final Map<String, String> SETTINGS = Map.of("SEARCH_FIELDS", "customer,note,tags");

    private static final Stores stores = new Stores();
    private static final Queue<BsonDocument> commands = new ConcurrentLinkedQueue<>();
    private static final Node node = Node.startObserved(stores, SETTINGS, command -> commands.add(command.clone()));
    private static final Node other = Node.start(stores, SETTINGS);
    private static String admin = "";
    private static String annaId = "";

    @BeforeAll
    static void createUsers() {
        admin = node.adminToken();
        annaId = create("Anna", "\"email\":\"Zoe.A@Example.com\",\"customer\":4711,\"note\":\"ab*c\"");
        create("anton", "\"email\":\"anton+news@b\u00fccher.example\",\"customer\":\"4711-b\",\"roles\":[\"editor\"]");
        create("berta", "\"email\":\"4711@example.com\",\"customer\":true,\"status\":\"disabled\"");
        create("carla", "\"customer\":12.5,\"note\":\"<b>bold</b>\",\"tags\":[\"annual\",\"zebra\",7]");
        create("dora", "\"customer\":\"true\",\"note\":\"ab\\\\Ec\",\"hobby\":\"4711\"");
        create("emil", "\"customer\":{\"id\":4711},\"note\":\"M\u00fcnchen \ud83d\ude00\",\"tags\":[\"mango\"]");
        create("4711", "\"customer\":12345678901234567890.5");
    }

    @AfterAll
    static void stop() {
        other.close();
        node.close();
        stores.close();
    }

    @ParameterizedTest
    @CsvSource({
        "AN, Anna anton", // case matters in search fields
        "an, Anna anton carla",
        "' anna ', Anna",
        "zoe, Anna",
        "ZOE.A@EXAMPLE.COM, Anna",
        "zoe.a@ex, Anna",
        "zoe.a@example.org, ''",
        "example.com, ''",
        "anton+, anton",
        "anton+news@B\u00dcCHER.example, anton",
        "anton+news@b\u00fccher., anton",
        "anton+news@xn--bch, anton",
        "4711, Anna anton berta 4711",
        "4711.0, Anna",
        "47.11e2, Anna",
        "4711-B, ''",
        "04711, ''",
        "12.50, carla",
        "12345678901234567890.5, 4711",
        "true, berta dora",
        "tru, dora",
        "7, carla",
        "ann, Anna carla",
        "'m', emil", // between two elements of carla, but at the beginning of none
        "zeb, carla",
        "ab*, Anna",
        "ab.c, ''",
        "ab\\Ec, dora",
        "ab, Anna dora",
        "<b>, carla",
        "M\u00fcnchen \ud83d\ude00, emil",
        "m\u00fcnchen, ''",
        "hobby, ''"
    })
    void findsUsersOnEachNode(String typed, String names) {
        List<String> expected = names.isEmpty() ? List.of() : List.of(names.split(" "));
        for (Node asked : List.of(node, other)) {
            assertThat(found(asked, "/user?search=" + encoded(typed))).as(typed).isEqualTo(expected);
        }
    }

    @Test
    void findsTheUserWithAnId() {
        assertThat(found(node, "/user?search=" + annaId)).containsExactly("Anna");
        assertThat(found(node, "/user?search=" + annaId.substring(0, 23))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ".*",
                "^an",
                "an.",
                "$",
                "[a",
                "(((((((((((((((((a+)+)+)+",
                "{\"$ne\":\"\"}",
                "a|b",
                "\\",
                "\\Q",
                "#",
                "1e9999"
            })
    void specialCharactersHaveNoMeaning(String typed) {
        assertThat(found(node, "/user?search=" + encoded(typed))).isEmpty();
    }

    @Test
    void combinesWithOtherConditions() {
        assertThat(found(node, "/user?search=4711&status=active")).containsExactly("Anna", "anton", "4711");
        assertThat(found(node, "/user?search=4711&role=editor")).containsExactly("anton");
        assertThat(found(node, "/user?search=4711&q=a")).containsExactly("Anna", "anton");
        assertThat(found(node, "/user?search=4711&sort=-username")).containsExactly("berta", "anton", "Anna", "4711");
        assertThat(node.get("/user?search=4711&limit=1&count=true", admin).header("X-Total-Count"))
                .isEqualTo("4");
    }

    @Test
    void pagesHaveEachUserOnce() {
        for (String sort : List.of("createdAt", "-createdAt", "username", "-username")) {
            List<String> all = found(node, "/user?search=4711&sort=" + sort);
            List<String> walked = new ArrayList<>();
            String next = "/user?search=4711&limit=1&sort=" + sort;
            while (!next.isEmpty()) {
                Response page = node.get(next, admin);
                walked.addAll(page.json().findValuesAsText("username"));
                next = page.next();
            }
            assertThat(walked).as(sort).hasSize(4).isEqualTo(all);
        }
    }

    @Test
    void aCursorOfAnotherSearchIsRejected() {
        String after = node.get("/user?search=4711&limit=1", admin).next().replaceAll(".*after=([^&]*).*", "$1");
        for (String list : List.of("search=471", "search=4711&role=user", "limit=1")) {
            assertViolation("after", node.get("/user?" + list + "&after=" + after, admin));
        }
        assertThat(node.get("/user?search=%204711&after=" + after, admin).status())
                .isEqualTo(200);
    }

    @Test
    void anInvalidTextIsRejected() {
        for (String text : List.of("", "%20%C2%A0", "%00", "a%0Ab", "a%C2%85b", "%7F", "a".repeat(257))) {
            assertViolation("search", node.get("/user?search=" + text, admin));
        }
        assertThat(found(node, "/user?search=" + "a".repeat(256))).isEmpty();
        assertThat(found(node, "/user?search=" + encoded("\ud83d\ude00".repeat(256))))
                .isEmpty();
    }

    static Stream<String> searches() {
        return Stream.of("ann", "4711", "true", "zoe@example.com", "6b04b3b7e9cfde2681108d5e", "\ud83d\ude00");
    }

    @ParameterizedTest
    @MethodSource("searches")
    void eachPartOfASearchUsesAnIndex(String typed) {
        List<BsonDocument> indexes = new ArrayList<>();
        stores.users().listIndexes(BsonDocument.class).forEach(index -> indexes.add(index.getDocument("key")));
        commands.clear();
        node.get("/user?count=true&search=" + encoded(typed), admin);

        List<BsonDocument> filters = new ArrayList<>();
        for (BsonDocument command : commands) {
            if (command.getFirstKey().equals("find") && command.containsKey("sort")) {
                filters.add(command.getDocument("filter"));
            } else if (command.getFirstKey().equals("aggregate")) {
                filters.add(command.getArray("pipeline").get(0).asDocument().getDocument("$match"));
            }
        }
        assertThat(filters).hasSize(2).allSatisfy(filter -> {
            List<BsonDocument> branches = branches(filter);
            assertThat(branches).hasSizeGreaterThan(3);
            for (BsonDocument branch : branches) {
                assertThat(IndexUse.mismatches(branch, new BsonDocument(), indexes, Set.of()))
                        .isEmpty();
            }
        });
    }

    /** Returns the branches of the search without regular expressions, which only check the results of a range. */
    private static List<BsonDocument> branches(BsonDocument filter) {
        List<BsonDocument> branches = new ArrayList<>();
        filter.forEach((name, value) -> {
            if (name.equals("$and")) {
                value.asArray().forEach(part -> branches.addAll(branches(part.asDocument())));
            } else if (name.equals("$or")) {
                value.asArray().forEach(branch -> branches.add(withoutRegex(branch.asDocument())));
            }
        });
        return branches;
    }

    private static BsonDocument withoutRegex(BsonDocument branch) {
        if (!branch.isArray("$and")) {
            return branch;
        }
        BsonArray parts = branch.getArray("$and");
        parts.removeIf(part -> part.asDocument().values().stream().anyMatch(BsonValue::isRegularExpression));
        return new BsonDocument("$and", parts);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "username",
                "Roles",
                "status",
                "createdAt",
                "emailVerified",
                "usernameKey",
                "passwordHash",
                "password"
            })
    void namesOfOtherFieldsAreNotSearchFields(String name) {
        assertThatThrownBy(() -> new MongoUserSearch(Set.of("customer", name)))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("SEARCH_FIELDS contains " + name);
    }

    private static String create(String name, String fields) {
        Response created = node.post(
                "/user",
                admin,
                "{\"username\":\"" + name + "\",\"password\":\"correct horse battery staple\"," + fields + "}");
        assertThat(created.status()).as(created.body()).isEqualTo(201);
        return created.text("_id");
    }

    private static List<String> found(Node asked, String path) {
        Response response = asked.get(path, admin);
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        List<String> names = new ArrayList<>();
        for (JsonNode user : response.json()) {
            names.add(user.path("username").asText());
        }
        return names;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static void assertViolation(String field, Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.json().path("errors").findValuesAsText("field")).containsExactly(field);
    }
}
