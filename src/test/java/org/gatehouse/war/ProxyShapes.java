package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionTimeoutException;
import org.bson.BsonDateTime;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.fault.TcpProxy;
import org.gatehouse.mail.MailServer;
import org.gatehouse.store.StoredUsers;
import org.gatehouse.store.Stores;
import org.gatehouse.war.ReverseProxy.Kind;
import org.gatehouse.war.ReverseProxy.Shape;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Follows the links of the service through HAProxy, nginx and Apache, with each configuration file in {@code deploy},
 * with and without {@code PUBLIC_URL}. The proxies compress responses, which changes the tags. {@code .ci/proxies}
 * installs missing proxies and runs this test. {@code mvn verify} does not run this test.
 */
@Tag("full")
class ProxyShapes {
    private static final String PASSWORD = "correct horse battery staple";
    private static final int USERS = 60;
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private static final Map<Kind, String> COMPRESSION = Map.of(
            Kind.HAPROXY, "    filter compression\n    compression algo gzip\n    compression type application/json\n",
            Kind.NGINX, "gzip on;\ngzip_min_length 0;\ngzip_proxied any;\ngzip_types application/json;\n",
            Kind.APACHE, "AddOutputFilterByType DEFLATE application/json\n");

    /** The form of the tag "1" after each proxy has compressed the response. */
    private static final Map<Kind, String> CHANGED_TAG =
            Map.of(Kind.HAPROXY, "W/\"1\"", Kind.NGINX, "W/\"1\"", Kind.APACHE, "\"1-gzip\"");

    private final MailServer mails = MailServer.start();
    private final List<String> report = new ArrayList<>();
    private int failed;

    @AfterEach
    void stopMailServer() {
        mails.close();
    }

    @Test
    void everyLinkLeadsToItsTargetBehindEveryProxyInEveryShape() throws Exception {
        try (Stores stores = new Stores()) {
            long now = System.currentTimeMillis();
            stores.users()
                    .insertMany(IntStream.range(0, USERS)
                            .<Document>mapToObj(
                                    i -> StoredUsers.document(new ObjectId(), "user-" + i, new BsonDateTime(now + i)))
                            .toList());
            for (Shape shape : Shape.values()) {
                int port = EmbeddedRedis.freePort();
                String address = shape.scheme() + "://127.0.0.1:" + port + shape.path;
                behindAll(shape, stores, "", port);
                behindAll(shape, stores, address, port);
            }
            behindAnotherPort(stores);
        } finally {
            report.add("%d passed, %d failed".formatted(report.size() - failed, failed));
            Files.createDirectories(Path.of("target", "proxies"));
            Files.write(Path.of("target", "proxies", "shapes.txt"), report);
            report.forEach(System.out::println);
        }
        assertThat(failed).as(report.toString()).isZero();
    }

    private void behindAll(Shape shape, Stores stores, String publicUrl, int port) throws Exception {
        try (Node one = node(shape, stores, publicUrl);
                Node two = node(shape, stores, publicUrl)) {
            for (Kind kind : Kind.values()) {
                try (ReverseProxy proxy =
                        new ReverseProxy(kind, shape, COMPRESSION.get(kind), port, List.of(one.port(), two.port()))) {
                    check(kind + " " + shape + (publicUrl.isEmpty() ? "" : " with PUBLIC_URL"), () -> {
                        proxy.awaitReady();
                        assertLinks(proxy, proxy.baseUri(), publicUrl);
                        assertAccountPage(proxy, proxy.baseUri(), publicUrl);
                        String path = publicUrl.isEmpty() ? shape.contextPath : shape.path;
                        new CookieCalls(proxy, path.replace('/', '-'))
                                .run(ServiceClient.ADMIN, ServiceClient.ADMIN_PASSWORD);
                        assertMetadata(proxy, shape, publicUrl);
                        assertTags(proxy, kind);
                    });
                }
            }
        }
    }

    /** The client's port is not the port on which the proxy listens, as with a published port of a container. */
    private void behindAnotherPort(Stores stores) throws Exception {
        int port = EmbeddedRedis.freePort();
        try (TcpProxy published = new TcpProxy("127.0.0.1", port)) {
            String address = "http://127.0.0.1:" + published.port() + "/accounts";
            for (String publicUrl : List.of("", address)) {
                try (Node one = node(Shape.SUB_PATH, stores, publicUrl);
                        Node two = node(Shape.SUB_PATH, stores, publicUrl)) {
                    for (Kind kind : Kind.values()) {
                        try (ReverseProxy proxy =
                                new ReverseProxy(kind, Shape.SUB_PATH, "", port, List.of(one.port(), two.port()))) {
                            check(kind + " ANOTHER_PORT" + (publicUrl.isEmpty() ? "" : " with PUBLIC_URL"), () -> {
                                proxy.awaitReady();
                                ServiceClient service = new PublishedService(address);
                                assertLinks(service, address, publicUrl);
                                assertAccountPage(service, address, publicUrl);
                            });
                        }
                    }
                }
            }
        }
    }

    /** The service as a client reaches it at this address. */
    private static final class PublishedService extends ServiceClient {
        private final String address;

        PublishedService(String address) {
            this.address = address;
        }

        @Override
        protected String baseUri() {
            return address;
        }

        @Override
        public void close() {
            // there is nothing to close
        }
    }

    private interface Check {
        void run() throws Exception;
    }

    private void check(String name, Check check) throws Exception {
        try {
            check.run();
            report.add(name + ": passed");
        } catch (AssertionError | ConditionTimeoutException wrong) {
            failed++;
            report.add(name + ": FAILED: "
                    + String.valueOf(wrong.getMessage()).strip().replaceAll("\\s+", " "));
        }
    }

    private Node node(Shape shape, Stores stores, String publicUrl) {
        Map<String, String> settings = new HashMap<>(Map.of("TRUSTED_PROXIES", "127.0.0.1"));
        settings.put("PUBLIC_URL", publicUrl);
        if (!publicUrl.isEmpty()) {
            settings.putAll(mails.settings());
            settings.remove("MAIL_LINKS"); // links begin with PUBLIC_URL
        }
        return Node.startUnder(shape.contextPath, stores, settings);
    }

    /**
     * Follows {@code Location} and every {@code Link} of a list to the last page.
     *
     * @param address the address under which the client reaches the service
     */
    private static void assertLinks(ServiceClient client, String address, String publicUrl) {
        String admin = client.adminToken();
        String name = "created-" + new ObjectId();
        Response created = client.post("/user", admin, ServiceClient.credentials(name, PASSWORD));
        assertThat(created.status()).as(created.body()).isEqualTo(201);
        String id = created.text("_id");
        assertThat(created.header("Location"))
                .isEqualTo(publicUrl.isEmpty() ? "user/" + id : publicUrl + "/user/" + id);
        assertThat(created.location()).isEqualTo(address + "/user/" + id);
        assertThat(client.get(created.location(), admin).text("username")).isEqualTo(name);

        List<String> ids = new ArrayList<>();
        String next = "/user?limit=7&sort=-username&status=active";
        for (int pages = 0; !next.isEmpty(); pages++) {
            Response page = client.get(next, admin);
            assertThat(page.status()).as(page.body()).isEqualTo(200);
            page.json().forEach(user -> ids.add(user.path("_id").asText()));
            next = page.next();
            assertThat(page.link("first")).isEqualTo(address + "/user?limit=7&sort=-username&status=active");
            assertThat(next).matches(more -> more.isEmpty() || more.startsWith(address + "/user?"), "leads through");
            assertThat(pages).isLessThan(USERS);
        }
        assertThat(ids).hasSizeGreaterThan(USERS).doesNotHaveDuplicates().contains(id);
        assertThat(client.get("/user?limit=1000", admin).json()).hasSameSizeAs(ids);

        Response docs = client.send("GET", "/docs/", "");
        assertThat(docs.location()).isEqualTo(address + "/docs");
        assertThat(client.send("GET", docs.location(), "").status()).isEqualTo(200);
        assertThat(client.delete("/user/" + id, admin).status()).isEqualTo(204);
    }

    /** The page of a link and the files of this page load. The link in a mail leads to the page. */
    private void assertAccountPage(ServiceClient client, String address, String publicUrl) {
        Response slash = client.send("GET", "/account/reset/", "");
        assertThat(slash.location()).isEqualTo(address + "/account/reset");
        Response page = client.send("GET", slash.location(), "");
        assertThat(page.status()).isEqualTo(200);
        for (String file : List.of("page.js", "style.css")) {
            assertThat(page.body()).contains("\"" + file + "\"");
            assertThat(client.send("GET", "/account/" + file, "").status()).isEqualTo(200);
        }
        if (!publicUrl.isEmpty()) {
            String receiver = new ObjectId() + "@example.com";
            String admin = client.adminToken();
            Response invited = client.post("/invitation", admin, "{\"email\":\"" + receiver + "\"}");
            assertThat(invited.status()).as(invited.body()).isEqualTo(202);
            assertThat(mails.await(receiver, "invitation").text()).contains(publicUrl + "/account/invitation#proof=");
        }
    }

    /** The metadata is below the issuer, and also between the host and the path of the issuer (RFC 8414, section 3.1). */
    private static void assertMetadata(ReverseProxy proxy, Shape shape, String publicUrl) throws Exception {
        String origin = proxy.baseUri().substring(0, proxy.baseUri().length() - shape.path.length());
        for (String document : List.of("oauth-authorization-server", "openid-configuration")) {
            for (String address : List.of(
                    proxy.baseUri() + "/.well-known/" + document, origin + "/.well-known/" + document + shape.path)) {
                HttpResponse<String> response = fetch(proxy, HttpRequest.newBuilder(URI.create(address)));
                assertThat(response.statusCode()).as(address).isEqualTo(publicUrl.isEmpty() ? 404 : 200);
                if (publicUrl.isEmpty()) {
                    assertThat(response.body()).contains("PUBLIC_URL");
                } else {
                    JsonNode metadata = Response.json(response.body());
                    assertThat(metadata.path("issuer").asText()).isEqualTo(publicUrl);
                    URI keys = URI.create(metadata.path("jwks_uri").asText());
                    assertThat(fetch(proxy, HttpRequest.newBuilder(keys)).body())
                            .contains("\"keys\"");
                }
            }
        }
        URI metrics = URI.create(proxy.baseUri() + "/metrics");
        assertThat(fetch(proxy, HttpRequest.newBuilder(metrics)).statusCode()).isEqualTo(404);
    }

    /** A client that sends back the tag of a compressed response changes the user, but only once. */
    private static void assertTags(ReverseProxy proxy, Kind kind) throws Exception {
        String admin = proxy.adminToken();
        String id = proxy.create(admin, "tagged-" + new ObjectId(), PASSWORD);
        URI user = URI.create(proxy.baseUri() + "/user/" + id);
        HttpRequest.Builder read =
                HttpRequest.newBuilder(user).header("auth", admin).header("Accept-Encoding", "gzip");
        HttpResponse<String> compressed = fetch(proxy, read);
        assertThat(compressed.headers().firstValue("Content-Encoding")).hasValue("gzip");
        String tag = compressed.headers().firstValue("ETag").orElse("");
        assertThat(tag).isEqualTo(CHANGED_TAG.get(kind));

        assertThat(fetch(proxy, read.copy().header("If-None-Match", tag)).statusCode())
                .isEqualTo(304);
        HttpRequest.Builder change = HttpRequest.newBuilder(user)
                .header("auth", admin)
                .header("Content-Type", "application/json")
                .header("If-Match", tag)
                .method("PATCH", BodyPublishers.ofString("{\"seen\":true}"));
        assertThat(fetch(proxy, change).statusCode()).isEqualTo(200);
        assertThat(fetch(proxy, change).statusCode()).isEqualTo(412);
        assertThat(proxy.get("/user/" + id, admin).header("ETag")).isEqualTo("\"2\"");
        assertThat(proxy.delete("/user/" + id, admin).status()).isEqualTo(204);
    }

    private static HttpResponse<String> fetch(ReverseProxy proxy, HttpRequest.Builder request)
            throws IOException, InterruptedException {
        HttpClient client = proxy.client();
        return client.send(request.copy().timeout(TIMEOUT).build(), BodyHandlers.ofString());
    }
}
