package org.gatehouse.account;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests the page to which the links in mails lead, under a context path. {@code .ci/browser} uses the page in a browser.
 */
class AccountPageTest {
    private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"]+)\"");

    /** The page must load fast on a slow connection of a phone. */
    private static final int MAX_BYTES = 24_000;

    private static Stores stores;
    private static Node gatehouse;

    @BeforeAll
    static void start() {
        stores = new Stores();
        gatehouse = Node.startUnder("/accounts", stores, Map.of());
    }

    @AfterAll
    static void stop() {
        gatehouse.close();
        stores.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"reset", "verification", "change", "undo", "invitation"})
    void eachPurposeHasThePage(String purpose) {
        Response page = gatehouse.send("GET", "/account/" + purpose, "");

        assertThat(page.status()).isEqualTo(200);
        assertThat(page.header("Content-Type")).isEqualTo("text/html;charset=utf-8");
        assertThat(page.body())
                .isEqualTo(gatehouse.send("GET", "/account/reset", "").body());
        assertThat(gatehouse.send("GET", "/account/page.js", "").body()).contains("\n  " + purpose + ": {");
    }

    @Test
    void thePageMayLoadAndSendDataOnlyWithinTheService() {
        Response page = gatehouse.send("GET", "/account/reset", "");

        assertThat(page.header("Content-Security-Policy"))
                .isEqualTo("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                        + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        assertThat(page.header("Referrer-Policy")).isEqualTo("no-referrer");
        assertThat(page.header("Cross-Origin-Opener-Policy")).isEqualTo("same-origin");
        assertThat(page.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(page.body())
                .doesNotContainPattern(Pattern.compile(
                        "<script(?! type=\"module\" src=)|<style|style=" + "|https?:|\\son[a-z]+=|action="));
    }

    @Test
    void theFilesOfThePageAreServedAndSmall() {
        String page = gatehouse.send("GET", "/account/reset", "").body();
        int bytes = page.length();
        List<String> links =
                LINK.matcher(page).results().map(found -> found.group(1)).toList();

        assertThat(links).hasSize(2);
        for (String link : links) {
            Response file = gatehouse.send("GET", "/account/" + link, "");
            assertThat(file.status()).as(link).isEqualTo(200);
            assertThat(file.header("Content-Type")).startsWith(link.endsWith(".js") ? "text/javascript" : "text/css");
            bytes += file.body().length();
        }
        assertThat(bytes).isLessThan(MAX_BYTES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/account/undo", "/account/page.js", "/account/page.css"})
    void isCacheableUntilItChanges(String path) {
        Response response = gatehouse.send("GET", path, "");

        assertThat(response.header("Cache-Control")).isEqualTo("no-cache");
        assertThat(gatehouse
                        .send("GET", path, "", "If-None-Match", response.header("ETag"))
                        .status())
                .isEqualTo(304);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/account/invitation", "/account/page.js"})
    void respondsToHeadWithTheHeadersOfGet(String path) {
        Response get = gatehouse.send("GET", path, "");
        Response head = gatehouse.send("HEAD", path, "");

        assertThat(head.status()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(List.of("ETag", "Content-Type", "Content-Security-Policy"))
                .allSatisfy(name -> assertThat(head.header(name)).isEqualTo(get.header(name)));
    }

    @Test
    void aTrailingSlashRedirectsToThePage() {
        Response redirect = gatehouse.send("GET", "/account/reset/", "");

        assertThat(redirect.status()).isEqualTo(301);
        assertThat(redirect.header("Location")).isEqualTo("../reset");
    }

    @ParameterizedTest
    @CsvSource({
        "/account, NOT_FOUND",
        "/account/, NOT_FOUND",
        "/account/nothing, NOT_FOUND",
        "/account/RESET, NOT_FOUND",
        "/account/page.html, NOT_FOUND",
        "/account/AccountPageResource.class, NOT_FOUND",
        "/account/reset/page.js, NOT_FOUND"
    })
    void servesNothingElse(String path, String code) {
        Response response = gatehouse.send("GET", path, "");

        assertThat(response.status()).isEqualTo(404);
        assertThat(response.text("code")).isEqualTo(code);
    }
}
