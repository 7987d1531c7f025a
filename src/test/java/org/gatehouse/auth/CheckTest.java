package org.gatehouse.auth;

import static org.assertj.core.api.Assertions.assertThat;

import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the check for proxies. */
class CheckTest {
    private static final String PASSWORD = "correct horse battery staple";

    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores);
    private static String id = "";
    private static String token = "";

    @BeforeAll
    static void logIn() {
        String admin = node.adminToken();
        id = node.create(admin, "Zoë-Λ", PASSWORD);
        assertThat(node.patch("/user/" + id, admin, "{\"roles\":[\"viewer\",\"editor\"]}")
                        .status())
                .isEqualTo(200);
        token = node.token("Zoë-Λ", PASSWORD);
    }

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "POST"})
    void theHeadersNameTheCaller(String method) {
        Response response = node.send(method, "/check", "", "auth", token);

        assertThat(response.status()).isEqualTo(204);
        assertThat(response.body()).isEmpty();
        assertThat(response.header("X-User-Id")).isEqualTo(id);
        assertThat(response.header("X-Username")).isEqualTo("Zo%C3%AB-%CE%9B");
        assertThat(response.header("X-Roles")).isEqualTo("editor,viewer");
        assertThat(response.header("Cache-Control")).contains("no-store");
    }

    @ParameterizedTest
    @CsvSource({
        "role=editor, 204",
        "role=editor&role=viewer, 204",
        "role=editor&role=editor, 204",
        "role=editor&role=admin, 403",
        "role=admin, 403",
        "role=Editor, 403",
        "role=unknown, 403",
        "role=edit, 403",
        "role=editor%2Cviewer, 403",
        "role=, 403",
        "roles=editor, 400",
        "acr=urn:gatehouse:1, 204",
        "acr=urn:gatehouse:1&max_age=600&role=editor, 204",
        "max_age=999999999, 204",
        "acr=urn:gatehouse:2, 401",
        "acr=urn:gatehouse:2&role=admin, 403",
        "acr=urn:gatehouse:3, 400",
        "acr=URN:GATEHOUSE:1, 400",
        "acr=, 400",
        "acr=urn:gatehouse:1&acr=urn:gatehouse:2, 400",
        "max_age=, 400",
        "max_age=-1, 400",
        "max_age=1.5, 400",
        "max_age=1e3, 400",
        "max_age=%EF%BC%91, 400",
        "max_age=9999999999, 400",
        "max_age=1&max_age=2, 400",
        "role=%ff, 400"
    })
    void everyRoleMustBeHeldExactly(String query, int status) {
        Response response = node.get("/check?" + query, token);

        assertThat(response.status()).as(response.body()).isEqualTo(status);
    }

    @Test
    void invalidRequirementsAreAllNamed() {
        Response response = node.get("/check?acr=urn:gatehouse:3&max_age=soon", token);

        assertThat(response.json().path("errors").findValuesAsText("field")).containsExactly("acr", "max_age");
    }

    @Test
    void withoutAValidTokenTheResponseIs401() {
        assertThat(node.get("/check", "").status()).isEqualTo(401);
        assertThat(node.get("/check?role=editor", token + "x").status()).isEqualTo(401);
        assertThat(node.get("/check", "").header("WWW-Authenticate")).startsWith("Bearer");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Accept            | text/html",
                "Accept            | image/webp,*/*;q=0",
                "Accept            | application/problem+json",
                "Accept            | not a type",
                "If-None-Match     | *",
                "If-Match          | \"1\"",
                "If-Match          | broken",
                "If-Modified-Since | Mon, 23 Nov 2026 10:00:00 GMT",
                "Range             | bytes=0-1"
            })
    void headersOfTheOriginalRequestDoNotMatter(String name, String value) {
        assertThat(node.send("GET", "/check?role=editor", "", "auth", token, name, value)
                        .status())
                .isEqualTo(204);
        assertThat(node.send("GET", "/check?role=admin", "", "auth", token, name, value)
                        .status())
                .isEqualTo(403);
    }
}
