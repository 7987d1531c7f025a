package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests {@code Location} and {@code Link} with and without a public address. */
class PublicLinksTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final int TIMEOUT_MS = 30_000;

    private static final Stores stores = new Stores();

    @AfterAll
    static void stop() {
        stores.close();
    }

    @Test
    void withoutAPublicAddressReferencesAreRelativeToTheRequest() {
        try (Node node = Node.startUnder("/accounts", stores, Map.of())) {
            String admin = node.adminToken();
            Response created = node.post("/user", admin, ServiceClient.credentials("relative", PASSWORD));
            assertThat(created.header("Location")).isEqualTo("user/" + created.text("_id"));
            Response page = node.get("/user?limit=1", admin);
            assertThat(page.header("Link"))
                    .startsWith("<user?limit=1&after=")
                    .endsWith("<user?limit=1>; rel=\"first\"");
            assertThat(node.get("/user/me/session?limit=1", admin).header("Link"))
                    .endsWith("<session?limit=1>; rel=\"first\"");
            assertLeadsToTheLastPage(node, "", "/user?limit=1", admin);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'', PUBLIC_URL, https://login.example.com, https://login.example.com",
        "'', PUBLIC_URL, https://login.example.com/accounts, https://login.example.com/accounts",
        "/gatehouse, PUBLIC_URL, https://login.example.com/accounts, https://login.example.com/accounts",
        "/gatehouse, PUBLIC_URL, http://[2001:db8::1]:8443, http://[2001:db8::1]:8443",
        "'', AUTH_ISSUER, https://login.example.com/accounts/, https://login.example.com/accounts",
    })
    void withAPublicAddressReferencesAreBelowIt(String contextPath, String setting, String value, String base) {
        try (Node node = Node.startUnder(contextPath, stores, Map.of(setting, value))) {
            String admin = node.adminToken();
            String name = "absolute" + Math.abs((contextPath + value).hashCode());
            Response created = node.post("/user", admin, ServiceClient.credentials(name, PASSWORD));
            String location = base + "/user/" + created.text("_id");
            assertThat(created.header("Location")).isEqualTo(location);
            assertThat(node.get(location.substring(base.length()), admin).text("username"))
                    .isEqualTo(name);
            assertThat(node.get("/user?limit=1&sort=-username", admin).header("Link"))
                    .startsWith("<" + base + "/user?limit=1&sort=-username&after=")
                    .endsWith(", <" + base + "/user?limit=1&sort=-username>; rel=\"first\"");
            assertThat(node.get("/user/me/session?limit=1", admin).link("first"))
                    .isEqualTo(base + "/user/me/session?limit=1");
            assertThat(node.get("/audit?limit=1", admin).link("next")).startsWith(base + "/audit?limit=1&after=");
            assertThat(node.send("GET", "/", "", "Accept", "text/html").header("Location"))
                    .isEqualTo(base + "/account");
            assertThat(node.send("GET", "/docs/", "").header("Location")).isEqualTo(base + "/docs");
            assertLeadsToTheLastPage(node, base, "/user?limit=1", admin);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "https://login.example.com/accounts"})
    void aForgedHostIsNeverReflected(String publicUrl) throws IOException {
        try (Node node = Node.start(stores, Map.of("PUBLIC_URL", publicUrl, "TRUSTED_PROXIES", "127.0.0.1"))) {
            String admin = node.adminToken();
            String body = ServiceClient.credentials("forged" + publicUrl.length(), PASSWORD);
            List<String> responses = new ArrayList<>();
            for (String target : List.of(
                    "GET /user?limit=1",
                    "GET /user/me/session",
                    "GET /docs/",
                    "GET /",
                    "GET /nothing",
                    "GET /openapi.json",
                    "GET /.well-known/openid-configuration",
                    "GET /.well-known/oauth-authorization-server",
                    "GET http://evil.example/user?limit=1",
                    "GET /user?sort=username&q=$1&limit=1",
                    "GET /user;a:b?limit=1",
                    "OPTIONS /user")) {
                responses.add(forged(node, target, admin, ""));
            }
            String created = forged(node, "POST /user", admin, body);
            responses.add(created);

            assertThat(created)
                    .contains(" 201 ", "Location: " + (publicUrl.isEmpty() ? "" : publicUrl + "/") + "user/");
            assertThat(responses).noneMatch(response -> response.contains("evil.example"));
            assertThat(responses).noneMatch(response -> response.startsWith("HTTP/1.1 500"));
        }
    }

    private static String forged(Node node, String target, String token, String body) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", node.port())) {
            socket.setSoTimeout(TIMEOUT_MS);
            String host = target.contains("http:") ? "evil.example" : "evil.example:81";
            String request = target + " HTTP/1.1\r\nHost: " + host + "\r\nX-Forwarded-Host: evil.example\r\n"
                    + "X-Forwarded-Proto: https\r\nX-Forwarded-Prefix: /evil.example\r\n"
                    + "X-Original-URL: http://evil.example/\r\nForwarded: host=evil.example;proto=https\r\n"
                    + "auth: " + token + "\r\nContent-Type: application/json\r\nAccept: text/html, */*;q=0.5\r\n"
                    + "Content-Length: " + body.length() + "\r\nConnection: close\r\n\r\n" + body;
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            String response = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(response).as(target).startsWith("HTTP/1.1 ");
            return response;
        }
    }

    /** Follows the links of a list, as a client behind the proxy at the base address. */
    private static void assertLeadsToTheLastPage(Node node, String base, String path, String token) {
        int entries = 0;
        String next = path;
        while (!next.isEmpty()) {
            Response page = node.get(next, token);
            assertThat(page.status()).as(page.body()).isEqualTo(200);
            entries += page.json().size();
            String link = page.next();
            assertThat(link)
                    .satisfiesAnyOf(
                            last -> assertThat(last).isEmpty(),
                            more -> assertThat(more).startsWith(base));
            next = link.isEmpty() ? "" : link.substring(base.length());
        }
        assertThat(entries).isEqualTo(node.get("/user?limit=1000", token).json().size());
        assertThat(entries).isGreaterThan(1);
    }
}
