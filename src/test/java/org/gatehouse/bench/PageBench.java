package org.gatehouse.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.gatehouse.bench.Comparison.Target;
import org.gatehouse.bench.Comparison.Title;
import org.gatehouse.http.Cursor;
import org.gatehouse.json.IsoTime;
import org.gatehouse.json.Json;
import org.gatehouse.war.Response;

/** Compares {@code GET /user} at the end of the list with {@code GET /user} at its start. Each call reads one page. */
final class PageBench {
    private static final int PAIRS = 12;
    private static final int WARM_UP = 3;
    private static final int PAGE = 25;

    private final Scene scene;
    private final String admin;

    PageBench(Scene scene) {
        this.scene = scene;
        this.admin = scene.service().adminToken();
    }

    List<Comparison> lastPageBesideFirst() throws IOException {
        int last = Scene.USERS - 2 * PAGE;
        List<Comparison> comparisons = new ArrayList<>();
        comparisons.add(compare("createdAt", IsoTime.format(Population.createdAt(last)), last));
        comparisons.add(compare("username", Population.name(last), last));
        return comparisons;
    }

    private Comparison compare(String sort, String value, int last) throws IOException {
        String near = "/user?limit=" + PAGE + "&sort=" + sort;
        String far = near + "&after=" + Cursor.of(sort, value, scene.users().id(last));
        Title title = new Title("page-" + sort, "last page by " + sort, "first page", Target.atMost(1.2));
        try (Load connection = Load.on(scene.war().port(), 1)) {
            Call first = call(near);
            Call lastPage = callAfter(far, last);
            for (int i = 0; i < WARM_UP; i++) {
                milliseconds(connection, first);
                milliseconds(connection, lastPage);
            }
            return Comparison.alternate(
                    title,
                    "ms",
                    Scale.times(PAIRS),
                    () -> milliseconds(connection, lastPage),
                    () -> milliseconds(connection, first));
        }
    }

    private static double milliseconds(Load connection, Call call) throws IOException {
        return 1e3 / connection.drive(() -> call, Duration.ZERO).perSecond();
    }

    /** Returns a call for the page that follows a user. Each response must contain the next users. */
    private Call callAfter(String path, int number) throws IOException {
        Response page = scene.service().get(path, admin);
        JsonNode entries = Json.MAPPER.readTree(page.body());
        for (int i = 0; i < PAGE; i++) {
            if (!entries.path(i).path("username").asText().equals(Population.name(number + 1 + i))) {
                throw new AssertionError("A wrong page: " + page.body());
            }
        }
        return Call.get(path, admin, BodyCheck.equalTo(page.body()));
    }

    /** Returns a call for a page of {@link #PAGE} users. The content of the page must stay the same. */
    private Call call(String path) throws IOException {
        Response page = scene.service().get(path, admin);
        if (page.status() != 200 || Json.MAPPER.readTree(page.body()).size() != PAGE) {
            throw new AssertionError("A wrong page: " + page.body());
        }
        return Call.get(path, admin, BodyCheck.equalTo(page.body()));
    }
}
