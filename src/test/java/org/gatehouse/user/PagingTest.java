package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.bson.BsonDateTime;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.store.StoredUsers;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads five hundred users page by page in every order while other users are added. */
class PagingTest {
    private static final int USERS = 500;
    private static final String PASSWORD = "correct horse battery staple";

    private static final Stores stores = new Stores();
    private static final Node gatehouse = Node.start(stores);
    private static final AtomicInteger added = new AtomicInteger();
    private static String admin = "";

    @BeforeAll
    static void storeUsers() {
        admin = gatehouse.adminToken();
        long now = System.currentTimeMillis();
        List<Document> users = new ArrayList<>();
        for (int i = 0; i < USERS; i++) {
            // The order by name differs from every other order, so that the test detects a wrong order.
            String name = "user-" + Integer.toString((i * 7919) % 100_003, 36);
            users.add(StoredUsers.document(new ObjectId(), name, new BsonDateTime(now + i / 2)));
        }
        stores.users().insertMany(users);
    }

    @AfterAll
    static void stop() {
        gatehouse.close();
        stores.close();
    }

    @Test
    void aPageHasAContentLength() {
        Response page = gatehouse.get("/user?limit=1000", admin);

        int length = page.body().getBytes(StandardCharsets.UTF_8).length;
        assertThat(page.header("Content-Length")).isEqualTo(Integer.toString(length));
    }

    @ParameterizedTest
    @ValueSource(strings = {"createdAt", "-createdAt", "username", "-username"})
    void noPageOmitsOrRepeatsAUserWhileOtherUsersAreAdded(String sort) throws Exception {
        List<String> existing = ids(walk("/user?limit=1000&sort=" + sort));
        AtomicBoolean walking = new AtomicBoolean(true);
        ExecutorService adder = Executors.newSingleThreadExecutor();
        Future<Integer> additions = adder.submit(() -> {
            int count = 0;
            do {
                // Some new names come before all existing names, some after them, and some between them.
                String name = List.of("aaa", "mmm", "zzz").get(count % 3) + "-" + added.incrementAndGet();
                gatehouse.create(admin, name, PASSWORD);
                count++;
            } while (walking.get());
            return count;
        });

        List<JsonNode> users = walk("/user?limit=7&sort=" + sort);
        walking.set(false);

        assertThat(additions.get()).isPositive();
        adder.shutdown();
        assertThat(existing).hasSizeGreaterThan(USERS);
        assertThat(ids(users)).doesNotHaveDuplicates().containsAll(existing);
        Function<JsonNode, String> key = sort.endsWith("username")
                ? user -> user.path("username").asText().toLowerCase(Locale.ROOT)
                : user -> user.path("createdAt").asText();
        List<String> keys = users.stream().map(key).toList();
        List<String> sorted = sort.startsWith("-")
                ? keys.stream().sorted(Comparator.reverseOrder()).toList()
                : keys.stream().sorted().toList();
        assertThat(keys).isEqualTo(sorted);
    }

    @Test
    void aPageHasFiftyUsersUnlessTheClientSetsALimit() {
        Response response = gatehouse.get("/user", admin);

        assertThat(response.json()).hasSize(50);
        assertThat(response.next()).contains("after=");
        assertThat(gatehouse.get("/user?limit=3", admin).json()).hasSize(3);
    }

    @Test
    void theLastPageHasNoNextLink() {
        Response response = gatehouse.get("/user?limit=1000", admin);

        assertThat(response.json().size()).isGreaterThan(USERS);
        assertThat(response.next()).isEmpty();
    }

    @Test
    void aListContainsNoPasswords() {
        assertThat(gatehouse.get("/user?limit=1000", admin).body())
                .doesNotContainIgnoringCase("password")
                .doesNotContain("argon2");
    }

    private static List<JsonNode> walk(String path) {
        List<JsonNode> users = new ArrayList<>();
        String next = path;
        while (!next.isEmpty()) {
            Response page = gatehouse.get(next, admin);
            assertThat(page.status()).as(page.body()).isEqualTo(200);
            page.json().forEach(users::add);
            next = page.next();
        }
        return users;
    }

    private static List<String> ids(List<JsonNode> users) {
        return users.stream().map(user -> user.path("_id").asText()).toList();
    }
}
