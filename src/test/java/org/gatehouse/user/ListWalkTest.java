package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.bson.BsonDateTime;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.store.StoredUsers;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Reads thousands of users page by page in every order while other users are added and deleted. The pages must contain
 * each remaining user exactly once, and in order.
 */
class ListWalkTest {
    private static final boolean LONG = Boolean.getBoolean("gatehouse.long");
    private static final int USERS = LONG ? 50_000 : 2_000;

    /** The number of users that are added during one walk. The same number of users is deleted. */
    private static final int CHANGES = LONG ? 2_000 : 200;

    private static final int PAGE = LONG ? 1_000 : 100;
    private static final int WALKS = 4;
    private static final int BATCH = 1_000;

    /** The number of users with equal creation times. Only the ids distinguish these users. */
    private static final int USERS_PER_MS = 3;

    private static final long FIRST_TIME = 1_790_000_000_000L;

    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores, Map.of("AUTH_EXPIRY", "3600000"));
    private static final List<ObjectId> ids = new ArrayList<>();
    private static String admin = "";

    @BeforeAll
    static void storeUsers() {
        admin = node.adminToken();
        List<Document> users = new ArrayList<>();
        for (int i = 0; i < USERS; i++) {
            ObjectId id = new ObjectId();
            ids.add(id);
            users.add(user(id, i, ""));
            if (users.size() == BATCH || i == USERS - 1) {
                stores.users().insertMany(users);
                users.clear();
            }
        }
    }

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @ParameterizedTest
    @CsvSource({"createdAt,0", "-createdAt,1", "username,2", "-username,3"})
    void eachWalkReturnsEveryRemainingUserExactlyOnce(String sort, int walk) throws Exception {
        // No two walks delete the same user. The deleted users are spread over the list.
        Set<Integer> leaving = new HashSet<>();
        for (int i = walk; leaving.size() < CHANGES; i += USERS / CHANGES / WALKS * WALKS) {
            leaving.add(i);
        }
        Set<String> staying = storedIds();
        leaving.forEach(i -> staying.remove(ids.get(i).toHexString()));
        List<Integer> toDelete = new ArrayList<>(leaving);
        int pages = USERS / PAGE;

        List<JsonNode> walked = new ArrayList<>();
        String next = "/user?limit=" + PAGE + "&sort=" + sort;
        ExecutorService others = Executors.newSingleThreadExecutor();
        int pagesRead = 0;
        while (!next.isEmpty()) {
            int from = Math.min(CHANGES, CHANGES * pagesRead / pages);
            int to = Math.min(CHANGES, CHANGES * (pagesRead + 1) / pages);
            Future<?> changes = others.submit(() -> change(toDelete.subList(from, to), walk, from, to));
            Response page = page(next);
            page.json().forEach(walked::add);
            changes.get();
            next = page.next();
            pagesRead++;
        }
        others.shutdown();

        assertThat(pagesRead)
                .as("pages read while users were added and deleted")
                .isGreaterThanOrEqualTo(pages);
        leaving.forEach(i -> assertThat(stores.users().countDocuments(new Document("_id", ids.get(i))))
                .isZero());
        List<String> seen =
                walked.stream().map(user -> user.path("_id").asText()).toList();
        Set<String> missing = new HashSet<>(staying);
        missing.removeAll(new HashSet<>(seen));
        assertThat(missing).isEmpty();
        assertThat(new HashSet<>(seen)).as("distinct users").hasSameSizeAs(seen);
        String key = sort.startsWith("-") ? sort.substring(1) : sort;
        Comparator<String> order = sort.startsWith("-") ? Comparator.reverseOrder() : Comparator.naturalOrder();
        assertThat(walked.stream().map(user -> user.path(key).asText()).toList())
                .isSortedAccordingTo(order);
    }

    /**
     * Deletes some users and adds the same number of users. The new users come before, between and after the existing
     * users.
     */
    private static void change(List<Integer> leaving, int walk, int from, int to) {
        for (int i : leaving) {
            stores.users().deleteOne(new Document("_id", ids.get(i)));
        }
        List<Document> added = IntStream.range(from, to)
                .mapToObj(i -> user(new ObjectId(), i * 7919 % (USERS + 200) - 100, "-new-" + walk + "-" + i))
                .toList();
        if (!added.isEmpty()) {
            stores.users().insertMany(added);
        }
    }

    /**
     * Returns a user in the format that the application stores. The order of the users by name differs from their order
     * by time or id.
     */
    private static Document user(ObjectId id, int number, String suffix) {
        String name = String.format("user-%05d", Math.floorMod(number * 7919L, 100_003L)) + suffix;
        BsonDateTime created = new BsonDateTime(FIRST_TIME + number / USERS_PER_MS);
        return StoredUsers.document(id, name, created);
    }

    private static Set<String> storedIds() {
        Set<String> stored = new HashSet<>();
        stores.users()
                .find()
                .projection(new Document("_id", 1))
                .forEach(user -> stored.add(user.getObjectId("_id").toHexString()));
        return stored;
    }

    /**
     * Reads a page. The embedded server scans all users for each page. Therefore this method retries if the scan
     * exceeds the read timeout.
     */
    private static Response page(String path) {
        return Awaitility.await().atMost(Duration.ofMinutes(2)).until(() -> node.get(path, admin), page -> {
            assertThat(page.status()).as(page.body()).isIn(200, 503);
            return page.status() == 200;
        });
    }
}
