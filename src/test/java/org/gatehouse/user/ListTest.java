package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.bson.BsonDocument;
import org.bson.Document;
import org.gatehouse.app.Node;
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

/**
 * Tests the calls that return lists. Checks which users each combination of filter and order returns, and which queries
 * MongoDB receives.
 */
class ListTest {
    private static final List<String> SORTS = List.of("createdAt", "-createdAt", "username", "-username");
    private static final List<String> NAMES =
            List.of("anna", "Anton", "ann-marie", "ANN", "berta", "\u00c9tienne", "annika", "an.ne", "zoe", "annz");

    private static final Stores stores = new Stores();
    private static final Queue<BsonDocument> commands = new ConcurrentLinkedQueue<>();
    private static final Node node = Node.startObserved(stores, Map.of(), command -> commands.add(command.clone()));
    private static String admin = "";

    @BeforeAll
    static void createUsers() {
        admin = node.adminToken();
        for (int i = 0; i < NAMES.size(); i++) {
            String roles = i % 3 == 0 ? "\"user\",\"editor\"" : i % 3 == 1 ? "\"editor\"" : "\"user\"";
            String status = i % 2 == 0 ? "active" : "disabled";
            Response created = node.post(
                    "/user",
                    admin,
                    "{\"username\":\"" + NAMES.get(i) + "\",\"password\":\"correct horse battery staple\",\"roles\":["
                            + roles + "],\"status\":\"" + status + "\"}");
            assertThat(created.status()).as(created.body()).isEqualTo(201);
        }
    }

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    /** Returns every combination of filters, as a query string without the sort. */
    static Stream<String> filters() {
        return Stream.of("", "&role=editor", "&role=unknown", "&role=user")
                .flatMap(role ->
                        Stream.of("", "&status=active", "&status=disabled").map(status -> role + status))
                .flatMap(rest ->
                        Stream.of("", "&q=an", "&q=ANN", "&q=%C3%89", "&q=zz").map(names -> rest + names));
    }

    @ParameterizedTest
    @MethodSource("filters")
    void pagesContainExactlyTheMatchingUsersInOrder(String filter) {
        List<JsonNode> expected = new ArrayList<>();
        node.get("/user?limit=1000", admin).json().forEach(expected::add);
        expected.removeIf(matches(filter).negate());
        for (String sort : SORTS) {
            if (filter.contains("&q=") && sort.endsWith("createdAt")) {
                continue;
            }
            Comparator<JsonNode> order = sort.endsWith("createdAt")
                    ? Comparator.<JsonNode, String>comparing(
                                    user -> user.path("createdAt").asText())
                            .thenComparing(user -> user.path("_id").asText())
                    : Comparator.comparing(ListTest::folded);
            expected.sort(sort.startsWith("-") ? order.reversed() : order);

            assertThat(walk("/user?limit=2&sort=" + sort + filter))
                    .as(sort + filter)
                    .isEqualTo(expected);
        }
        expected.sort(
                filter.contains("&q=")
                        ? Comparator.comparing(ListTest::folded)
                        : Comparator.<JsonNode, String>comparing(
                                        user -> user.path("createdAt").asText())
                                .thenComparing(user -> user.path("_id").asText()));
        assertThat(walk("/user?limit=3" + filter)).as("without a sort").isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("filters")
    void eachPageAndCountOfUsersUsesAnIndex(String filter) {
        List<BsonDocument> indexes = indexes("users");
        for (String sort : SORTS) {
            if (filter.contains("&q=") && sort.endsWith("createdAt")) {
                continue;
            }
            commands.clear();
            walk("/user?limit=1&count=true&sort=" + sort + filter);

            List<BsonDocument> finds = sent("find", "users").stream()
                    .filter(find -> find.containsKey("sort"))
                    .toList();
            assertThat(finds).isNotEmpty().allSatisfy(find -> {
                assertThat(find).doesNotContainKey("skip");
                // The condition on _id is a type check and needs no index. The check is necessary because another
                // service may write ids that are not ObjectIds. Few users are leaving, so the check of this needs none.
                assertThat(IndexUse.mismatches(
                                find.getDocument("filter"),
                                find.getDocument("sort"),
                                indexes,
                                Set.of("_id", "_server.leaving")))
                        .isEmpty();
            });
            if (filter.isEmpty()) {
                assertThat(sent("aggregate", "users")).isEmpty();
                assertThat(sent("count", "users"))
                        .isNotEmpty()
                        .allSatisfy(count -> assertThat(count).doesNotContainKey("query"));
                continue;
            }
            assertThat(sent("count", "users")).isEmpty();
            assertThat(sent("aggregate", "users")).isNotEmpty().allSatisfy(count -> {
                List<BsonDocument> stages = new ArrayList<>();
                count.getArray("pipeline").forEach(stage -> stages.add(stage.asDocument()));
                assertThat(stages.stream().map(BsonDocument::getFirstKey))
                        .containsExactly("$match", "$limit", "$group");
                assertThat(IndexUse.mismatches(
                                stages.get(0).getDocument("$match"),
                                new BsonDocument(),
                                indexes,
                                Set.of("_server.leaving")))
                        .isEmpty();
            });
        }
    }

    @Test
    void eachPageOfSessionsAndAuditEntriesUsesAnIndex() {
        String id = node.get("/user/me", admin).text("_id");
        node.adminToken();
        node.adminToken();
        commands.clear();
        walk("/session?limit=1");
        walk("/user/" + id + "/session?limit=1");
        List<BsonDocument> sessions = sent("find", "sessions").stream()
                .filter(find -> find.containsKey("sort"))
                .toList();
        // The scan also reads the ended sessions of the user. This is acceptable because one user has few sessions.
        assertThat(sessions)
                .hasSizeGreaterThan(4)
                .allSatisfy(find -> assertThat(IndexUse.mismatches(
                                find.getDocument("filter"),
                                find.getDocument("sort"),
                                indexes("sessions"),
                                Set.of("endedAt", "expiresAt", "cutoff", "_id")))
                        .isEmpty());

        walk("/audit?limit=2");
        walk("/audit?limit=2&type=USER_CREATED");
        walk("/audit?limit=2&user=" + id);
        List<BsonDocument> entries = sent("find", "audit");
        // MongoDB deletes expired entries within a minute, so the scan reads few of them.
        assertThat(entries)
                .hasSizeGreaterThan(6)
                .allSatisfy(find -> assertThat(IndexUse.mismatches(
                                find.getDocument("filter"),
                                find.getDocument("sort"),
                                indexes("audit"),
                                Set.of("expiresAt")))
                        .isEmpty());
        assertThat(Stream.concat(sessions.stream(), entries.stream()))
                .allSatisfy(find -> assertThat(find).doesNotContainKey("skip"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "&q=ann", "&role=editor", "&status=disabled", "&role=user&status=active&q=an"})
    void theTotalCountIsTheSameOnEveryPage(String filter) {
        int all = walk("/user?limit=1000" + filter).size();

        Response page = node.get("/user?limit=1&count=true" + filter, admin);
        assertThat(page.header("X-Total-Count")).isEqualTo(Integer.toString(all));
        assertThat(node.get(page.next(), admin).header("X-Total-Count")).isEqualTo(Integer.toString(all));
        assertThat(node.get("/user?count=false" + filter, admin).header("X-Total-Count"))
                .isEmpty();
        assertThat(node.get("/user?limit=1" + filter, admin).header("X-Total-Count"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/user", "/session", "/key", "/audit", "/user/me/session"})
    void everyPageLinksToTheFirstPage(String list) {
        node.adminToken();
        node.post("/key/rotate", admin, "");
        Response first = node.get(list + "?limit=1", admin);
        Response second = node.get(first.next(), admin);

        assertThat(first.status()).as(first.body()).isEqualTo(200);
        assertThat(first.link("first")).endsWith(list + "?limit=1");
        assertThat(second.json()).hasSize(1).isNotEqualTo(first.json());
        assertThat(second.link("first")).isEqualTo(first.link("first"));
        assertThat(node.get(second.link("first"), admin).json().findValuesAsText("_id"))
                .isEqualTo(first.json().findValuesAsText("_id"));
    }

    @ParameterizedTest
    @CsvSource({
        "/user?limit=1,user?limit=1",
        "/user/?limit=1&sort=username,./?limit=1&sort=username",
        "/user/me/session?limit=1,session?limit=1"
    })
    void linksAreRelativeToThePathOfTheRequest(String list, String first) {
        node.adminToken();
        String link = node.get(list, admin).header("Link");

        assertThat(link)
                .startsWith("<" + first + "&after=")
                .endsWith(">; rel=\"next\", <" + first + ">; rel=\"first\"");
    }

    @Test
    void aCursorOfAnotherListIsRejected() {
        String filtered = "/user?limit=1&sort=username&role=editor&status=active&q=a";
        String after = after(node.get(filtered, admin));
        assertThat(node.get(filtered + "&after=" + after, admin).status()).isEqualTo(200);
        for (String other : List.of(
                "sort=username",
                "sort=-username&role=editor&status=active&q=a",
                "sort=username&role=user&status=active&q=a",
                "sort=username&role=editor&status=disabled&q=a",
                "sort=username&role=editor&status=active&q=an",
                "sort=username&role=editor&status=active",
                "sort=username&role=editor&q=a")) {
            assertViolations(node.get("/user?" + other + "&after=" + after, admin), "after");
        }
        String unfiltered = after(node.get("/user?limit=1&sort=username", admin));
        assertViolations(node.get(filtered + "&after=" + unfiltered, admin), "after");
    }

    @Test
    void allInvalidParametersAreReportedAtOnce() {
        assertViolations(
                node.get("/user?limit=0&after=x&sort=x&q=&role=X&status=x&count=x", admin),
                "count",
                "limit",
                "q",
                "role",
                "status",
                "sort",
                "after");
        assertViolations(node.get("/user?q=a&sort=createdAt", admin), "sort");
        assertViolations(node.get("/user?q=a&sort=-createdAt", admin), "sort");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "q=",
                "q=%20",
                "q=%00",
                "q=a%0A",
                "q=%01",
                "role=",
                "role=Admin",
                "role=%24ne",
                "role=a%0Ab",
                "role=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "status=",
                "status=Active",
                "status=deleted",
                "count=",
                "count=1",
                "count=TRUE"
            })
    void anInvalidParameterIsRejected(String parameter) {
        assertViolations(node.get("/user?" + parameter, admin), parameter.substring(0, parameter.indexOf('=')));
    }

    @ParameterizedTest
    @ValueSource(strings = {".*", "^an", "an.", "a\\", "{\"$ne\":\"\"}", "$", "(((((((((((((((((a+)+)+)+"})
    void aSearchMatchesOnlyTheBeginningOfAUsername(String typed) {
        Response response = node.get("/user?q=" + URLEncoder.encode(typed, StandardCharsets.UTF_8), admin);

        assertThat(response.status()).as(response.body()).isEqualTo(200);
        assertThat(response.json().findValuesAsText("username"))
                .isEqualTo(typed.equals("an.") ? List.of("an.ne") : List.of());
    }

    @Test
    void aDocumentThatAnotherServiceWroteHidesNoUser() {
        stores.users().insertOne(new Document("username", "late").append("password", "secret"));
        try {
            for (String sort : SORTS) {
                assertThat(walk("/user?limit=1&sort=" + sort)).as(sort).hasSize(NAMES.size() + 1);
            }
        } finally {
            stores.users().deleteOne(new Document("username", "late"));
        }
    }

    private static Predicate<JsonNode> matches(String filter) {
        Predicate<JsonNode> matches = user -> true;
        for (String condition : filter.split("&", -1)) {
            String value = condition.substring(condition.indexOf('=') + 1);
            matches = matches.and(
                    switch (condition.replaceAll("=.*", "")) {
                        case "role" -> user -> user.path("roles").toString().contains("\"" + value + "\"");
                        case "status" -> user -> user.path("status").asText().equals(value);
                        case "q" ->
                            user -> folded(user)
                                    .startsWith(value.equals("%C3%89") ? "\u00e9" : value.toLowerCase(Locale.ROOT));
                        default -> user -> true;
                    });
        }
        return matches;
    }

    private static String folded(JsonNode user) {
        return user.path("username").asText().toLowerCase(Locale.ROOT);
    }

    private static List<BsonDocument> indexes(String collection) {
        List<BsonDocument> keys = new ArrayList<>();
        stores.collection(collection)
                .listIndexes(BsonDocument.class)
                .forEach(index -> keys.add(index.getDocument("key")));
        return keys;
    }

    private static List<BsonDocument> sent(String name, String collection) {
        return commands.stream()
                .filter(command -> command.getFirstKey().equals(name)
                        && command.getString(name).getValue().equals(collection))
                .toList();
    }

    private static List<JsonNode> walk(String path) {
        List<JsonNode> entries = new ArrayList<>();
        String next = path;
        while (!next.isEmpty()) {
            Response page = node.get(next, admin);
            assertThat(page.status()).as(page.body()).isEqualTo(200);
            page.json().forEach(entries::add);
            next = page.next();
        }
        return entries;
    }

    private static String after(Response page) {
        return page.next().replaceAll(".*after=([^&]*).*", "$1");
    }

    private static void assertViolations(Response response, String... fields) {
        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(response.json().path("errors").findValuesAsText("field")).containsExactlyInAnyOrder(fields);
    }
}
