package org.gatehouse.pages;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the files of the pages, under a context path. {@code .ci/browser} uses the pages in a browser. */
class PagesTest {
    private static final Path FILES = Path.of("src", "main", "resources", "org", "gatehouse", "pages");
    private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"]+\\.(?:js|css))\"");
    private static final Pattern IMPORT = Pattern.compile("(?:from |import\\()\"\\./([^\"]+)\"");
    private static final Pattern TEXT_KEY = Pattern.compile("^ *(\\w+):", Pattern.MULTILINE);

    /** Ways to turn text into HTML or code. */
    private static final Pattern UNSAFE = Pattern.compile(
            "innerHTML|outerHTML|insertAdjacentHTML|document\\.write|DOMParser|\\beval\\(|new Function|setHTML|srcdoc");

    /** The page of a link in a mail must load fast on a slow connection of a phone. */
    private static final int MAX_BYTES_OF_A_LINK = 70_000;

    private static final int MAX_BYTES = 150_000;

    private static Stores stores;
    private static Node gatehouse;

    @BeforeAll
    static void start() {
        stores = new Stores();
        gatehouse = Node.startUnder("/accounts", stores, Map.of("REGISTRATION", "open"));
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
        assertThat(gatehouse.send("GET", "/account/page.js", "").body()).contains("\n" + purpose + ": {");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/account", "/account/reset", "/console"})
    void aPageMayLoadAndSendDataOnlyWithinTheService(String path) {
        Response page = gatehouse.send("GET", path, "");

        assertThat(page.header("Content-Security-Policy"))
                .isEqualTo("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                        + " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
                        + " require-trusted-types-for 'script'; trusted-types 'none'");
        assertThat(page.header("Referrer-Policy")).isEqualTo("no-referrer");
        assertThat(page.header("Cross-Origin-Opener-Policy")).isEqualTo("same-origin");
        assertThat(page.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(page.body())
                .doesNotContainPattern(
                        Pattern.compile("<script(?! type=\"module\" src=)|<style|style=|https?:|\\son[a-z]+=|action="))
                .contains("<noscript>");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/account", "/account/reset", "/console"})
    void aPageLoadsOnlyFilesThatAreServed(String path) {
        Map<String, String> loaded = load(path);

        assertThat(loaded).containsKeys("style.css", "text.js", "text.en.js", "text.de.js");
        if (path.equals("/account/reset")) {
            assertThat(bytes(loaded)).isLessThan(MAX_BYTES_OF_A_LINK);
        }
    }

    @Test
    void allFilesTogetherAreSmall() {
        Map<String, String> all = new HashMap<>();
        Stream.of("/account", "/account/reset", "/console").map(PagesTest::load).forEach(all::putAll);

        assertThat(bytes(all)).isLessThanOrEqualTo(MAX_BYTES);
    }

    @Test
    void noScriptTurnsTextIntoHtmlOrCode() throws IOException {
        try (Stream<Path> files = Files.list(FILES)) {
            for (Path file : files.toList()) {
                assertThat(Files.readString(file))
                        .as(file.toString())
                        .doesNotContainPattern(UNSAFE)
                        .doesNotContainPattern("https?://\\w");
            }
        }
    }

    /** A missing text would be shown as its key. The rules only translate sentences of the service. */
    @Test
    void bothLanguagesHaveTheSameTexts() throws IOException {
        assertThat(keys("text.de.js")).isEqualTo(keys("text.en.js"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/account", "/console", "/account/undo", "/account/page.js", "/account/style.css"})
    void isCacheableUntilItChanges(String path) {
        Response response = gatehouse.send("GET", path, "");

        assertThat(response.header("Cache-Control")).isEqualTo("no-cache");
        assertThat(gatehouse
                        .send("GET", path, "", "If-None-Match", response.header("ETag"))
                        .status())
                .isEqualTo(304);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/account", "/console", "/account/invitation", "/account/page.js"})
    void respondsToHeadWithTheHeadersOfGet(String path) {
        Response get = gatehouse.send("GET", path, "");
        Response head = gatehouse.send("HEAD", path, "");

        assertThat(head.status()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(List.of("ETag", "Content-Type", "Content-Security-Policy"))
                .allSatisfy(name -> assertThat(head.header(name)).isEqualTo(get.header(name)));
    }

    @ParameterizedTest
    @CsvSource({"/account/, ../account", "/account/reset/, ../reset", "/console/, ../console"})
    void aTrailingSlashRedirectsToThePage(String path, String location) {
        Response redirect = gatehouse.send("GET", path, "");

        assertThat(redirect.status()).isEqualTo(301);
        assertThat(redirect.header("Location")).isEqualTo(location);
    }

    @ParameterizedTest
    @CsvSource({
        "/account/nothing, NOT_FOUND",
        "/account/RESET, NOT_FOUND",
        "/account/page.html, NOT_FOUND",
        "/account/account.html, NOT_FOUND",
        "/account/AccountPageResource.class, NOT_FOUND",
        "/account/reset/page.js, NOT_FOUND",
        "/console/console.js, NOT_FOUND"
    })
    void servesNothingElse(String path, String code) {
        Response response = gatehouse.send("GET", path, "");

        assertThat(response.status()).isEqualTo(404);
        assertThat(response.text("code")).isEqualTo(code);
    }

    @Test
    void tellsPagesWhatTheInstallationOffers() {
        assertThat(gatehouse.send("GET", "/account/features", "").json())
                .hasToString("{\"registration\":true,\"mail\":false,\"passkeys\":false}");
    }

    /** Returns the page and all files that it loads, by name. */
    private static Map<String, String> load(String path) {
        String page = gatehouse.send("GET", path, "").body();
        Map<String, String> loaded = new HashMap<>(Map.of(path, page));
        Deque<String> names = new ArrayDeque<>();
        LINK.matcher(page).results().forEach(found -> names.add(found.group(1).replace("account/", "")));
        assertThat(names).hasSize(2);
        while (!names.isEmpty()) {
            String name = names.remove();
            Response file = gatehouse.send("GET", "/account/" + name, "");
            assertThat(file.status()).as(name).isEqualTo(200);
            assertThat(file.header("Content-Type")).startsWith(name.endsWith(".js") ? "text/javascript" : "text/css");
            loaded.put(name, file.body());
            IMPORT.matcher(file.body())
                    .results()
                    .map(found -> found.group(1))
                    .filter(imported -> !loaded.containsKey(imported))
                    .forEach(names::add);
        }
        return loaded;
    }

    private static int bytes(Map<String, String> files) {
        return files.values().stream()
                .mapToInt(text -> text.getBytes(StandardCharsets.UTF_8).length)
                .sum();
    }

    /** Returns the names at the beginnings of lines in a file of texts, with their depths. */
    private static List<String> keys(String file) throws IOException {
        return TEXT_KEY.matcher(Files.readString(FILES.resolve(file)))
                .results()
                .map(MatchResult::group)
                .sorted()
                .toList();
    }
}
