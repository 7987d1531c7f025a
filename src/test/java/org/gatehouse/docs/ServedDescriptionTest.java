package org.gatehouse.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.ApiDescription;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests the API description that a node under a context path serves. Without a context path, the test could not detect
 * links that omit this path.
 */
class ServedDescriptionTest {
    private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"]+)\"");

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
    @ValueSource(strings = {"/openapi.json", "/openapi.yaml", "/docs", "/docs/page.js"})
    void isServedWithoutATokenAndCacheableUntilItChanges(String path) {
        Response response = gatehouse.send("GET", path, "");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("Cache-Control")).isEqualTo("no-cache");
        assertThat(gatehouse
                        .send("GET", path, "", "If-None-Match", response.header("ETag"))
                        .status())
                .isEqualTo(304);
        assertThat(gatehouse.send("HEAD", path, "").header("ETag")).isEqualTo(response.header("ETag"));
    }

    @Test
    void isServedUnchanged() throws IOException {
        assertThat(gatehouse.send("GET", "/openapi.json", "").json())
                .isEqualTo(ApiDescription.built().document());
        assertThat(gatehouse.send("GET", "/openapi.yaml", "", "Accept", "application/yaml"))
                .returns("application/yaml", response -> response.header("Content-Type"))
                .extracting(Response::body)
                .isEqualTo(Files.readString(Path.of("src/main/resources/org/gatehouse/docs/openapi.yaml")));
    }

    @Test
    void namesItsServerRelativeToTheDocument() {
        assertThat(ApiDescription.built().document().at("/servers/0/url").asText())
                .as("a relative address is valid under any context path")
                .isEqualTo(".");
    }

    @Test
    void thePageLoadsOnlyFilesOfTheSameService() {
        Response page = gatehouse.send("GET", "/docs", "");
        assertThat(page.header("Content-Type")).isEqualTo("text/html;charset=utf-8");
        assertThat(page.header("Content-Security-Policy"))
                .startsWith("default-src 'none'; script-src 'self';")
                .doesNotContain("http");

        List<String> links = LINK.matcher(page.body())
                .results()
                .map(found -> found.group(1))
                .filter(link -> !link.equals("data:,"))
                .toList();
        assertThat(links).hasSize(4);
        for (String link : links) {
            Response file = gatehouse.send("GET", "/" + link, "");
            assertThat(file.status()).as(link).isEqualTo(200);
            assertThat(file.header("Content-Type")).startsWith(link.endsWith(".js") ? "text/javascript" : "text/css");
        }
        assertThat(page.body()).doesNotContainPattern(Pattern.compile("<script>|<style|style=|https?:"));
    }

    @Test
    void thePathWithATrailingSlashRedirectsToThePage() {
        assertThat(gatehouse.send("GET", "/docs/", "").header("Location")).isEqualTo("../docs");
        assertThat(gatehouse.send("GET", "/", "").text("version")).matches("\\d+\\.\\d+\\.\\d+.*");
    }

    @Test
    void filesThatThePageDoesNotNeedAreNotServedUnderDocs() {
        for (String name : List.of("openapi.json", "page.html", "SwaggerUiResource.class", "openapi.yaml", "nothing")) {
            assertThat(gatehouse.send("GET", "/docs/" + name, "").status())
                    .as(name)
                    .isEqualTo(404);
        }
    }
}
