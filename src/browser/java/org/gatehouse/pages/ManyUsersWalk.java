package org.gatehouse.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.bson.BsonDateTime;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.store.StoredUsers;
import org.gatehouse.war.ServiceClient;
import org.gatehouse.war.Site;
import org.junit.jupiter.api.Test;

/**
 * Finds a person among many in the console, and counts the calls of the API. The long form has 100,000 users. The times
 * depend on the machine, so they are only printed.
 */
class ManyUsersWalk {
    private static final int USERS = Boolean.getBoolean("gatehouse.long") ? 100_000 : 2_000;
    private static final int BATCH = 10_000;
    private static final int MAX_CALLS = 2;
    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    /** Returns the time from the start of the navigation to the first paint, in milliseconds. */
    private static final String FIRST_PAINT =
            "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1";

    private final List<String> calls = new CopyOnWriteArrayList<>();

    @Test
    void eachScreenNeedsAtMostTwoCalls() throws Exception {
        // Not a shared site, because other tests read the list of users.
        try (Site site = Site.start(Site.Place.ROOT, Map.of());
                Chromium chromium = new Chromium()) {
            ObjectId id = addUsers(site);
            Page page = chromium.open();
            page.onRequest(request -> {
                boolean isCall = request.resourceType().equals("fetch");
                // A new page gets its token once. The other screens of the page use the same token.
                if (isCall && !request.url().matches(".*/(token/refresh|login|account/features)")) {
                    calls.add(request.method() + " " + request.url());
                }
            });
            Keyboard keyboard = new Keyboard(page)
                    .open(site.address() + "/console")
                    .type("Username or email address", ServiceClient.ADMIN)
                    .type("Password", ServiceClient.ADMIN_PASSWORD)
                    .activate("Log in");
            awaitList(page);
            assertFewCalls("list after the login", 0);

            long begun = System.nanoTime();
            page.reload();
            awaitList(page);
            assertFewCalls("list", begun);
            System.out.printf(
                    "  first paint of the list: %.0f ms%n", ((Number) page.evaluate(FIRST_PAINT)).doubleValue());

            begun = System.nanoTime();
            page.locator("input[type=search]").fill("many-1234");
            keyboard.activate("Search");
            page.getByText("many-1234@example.com").waitFor();
            assertFewCalls("search", begun);

            begun = System.nanoTime();
            page.evaluate("hash => { location.hash = hash; }", "#/people/" + id.toHexString());
            page.locator("main dl").first().waitFor();
            assertFewCalls("person", begun);

            page.reload();
            page.locator("main dl").first().waitFor();
            System.out.printf(
                    "  first paint of a person: %.0f ms%n", ((Number) page.evaluate(FIRST_PAINT)).doubleValue());
            chromium.assertNoFaults();
        }
    }

    /** Waits for the list. On a busy machine, the database of the tests may not respond in time. */
    private void awaitList(Page page) {
        Locator retry = page.getByText("Try again");
        await().pollInSameThread().atMost(TIMEOUT).until(() -> {
            if (retry.count() > 0) {
                calls.clear();
                retry.click();
            }
            return page.locator("tbody tr").count() >= 50;
        });
    }

    private void assertFewCalls(String screen, long begun) {
        assertThat(calls).as(screen).hasSizeLessThanOrEqualTo(MAX_CALLS);
        if (begun != 0) {
            System.out.printf(
                    "%s of %d users: %d ms, calls: %s%n",
                    screen, USERS, (System.nanoTime() - begun) / 1_000_000, calls);
        }
        calls.clear();
    }

    /** Returns the id of the last user. */
    private static ObjectId addUsers(Site site) {
        BsonDateTime now = new BsonDateTime(new Date().getTime());
        ObjectId last = new ObjectId();
        for (int begin = 0; begin < USERS; begin += BATCH) {
            List<Document> batch = new ArrayList<>();
            for (int number = begin; number < Math.min(begin + BATCH, USERS); number++) {
                last = new ObjectId();
                batch.add(StoredUsers.document(last, "many-" + number, now)
                        .append("email", "many-" + number + "@example.com"));
            }
            site.stores().users().insertMany(batch);
        }
        return last;
    }
}
