package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the same WAR in every supported server, at the root and under a context path. The configuration files come from
 * {@code deploy}. All deployments share the stores, so they are nodes of one service.
 */
@Execution(ExecutionMode.CONCURRENT)
class ContainersIT {
    /**
     * If true, the root path is tested on every Java version. Otherwise it is tested only on the version that runs the
     * tests.
     */
    private static final boolean LONG = Boolean.getBoolean("gatehouse.long");

    private static final String PASSWORD = "correct horse battery staple";
    private static final Pattern LINK = Pattern.compile("(?:href|src)=\"(docs/[^\"]+)\"");

    private static final int MAX_IMPORT = 100_000;

    /** At most two servers run at a time, because a small machine has two processors. */
    private static final Semaphore permits = new Semaphore(2);

    private static final AtomicInteger number = new AtomicInteger();
    private static Stores stores;

    @BeforeAll
    static void start() {
        stores = new Stores();
    }

    @AfterAll
    static void stop() {
        stores.close();
    }

    static Stream<Arguments> servers() {
        return Jdk.present().stream()
                .flatMap(jdk ->
                        Arrays.stream(Distribution.values()).map(distribution -> Arguments.of(distribution, jdk)));
    }

    @Test
    void theWarWorksInTomcat() throws IOException, InterruptedException {
        checkServer(Distribution.TOMCAT_11, Jdk.own());
    }

    @Tag("full")
    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("servers")
    void theWarWorksInEachServerAndJava(Distribution distribution, Jdk jdk) throws IOException, InterruptedException {
        checkServer(distribution, jdk);
    }

    private static void checkServer(Distribution distribution, Jdk jdk) throws IOException, InterruptedException {
        Map<String, String> settings = ServiceClient.settings(stores, Map.of("IMPORT_MAX_BYTES", "" + MAX_IMPORT));
        permits.acquire();
        List<String> contextPaths = LONG || jdk.equals(Jdk.own()) ? List.of("", "/accounts") : List.of("/accounts");
        List<Deployment> deployments = contextPaths.stream()
                .map(path -> new Deployment(path, settings))
                .toList();
        try (AppServer server = AppServer.start(distribution, jdk, Map.of(), deployments)) {
            for (String contextPath : contextPaths) {
                walk(server.awaitReady(contextPath));
            }
            server.stop();
            assertThat(server.log())
                    .doesNotContain(" ERROR ", "SEVERE", "memory leak", "\tat ")
                    .contains("Gatehouse is ready");
        } finally {
            permits.release();
        }
    }

    /**
     * Prints a warning if the oldest or the newest supported Java version is not installed. In this case, the tests do
     * not run on this version.
     */
    @Tag("full")
    @Test
    void theOldestAndTheNewestJavaAreTested(TestReporter reporter) {
        List<Integer> tested = Jdk.present().stream().map(Jdk::feature).toList();
        for (int feature : Jdk.RANGE) {
            if (!tested.contains(feature)) {
                String missing = "NOT tested on Java " + feature + ", which is missing: set JAVA" + feature + "_HOME";
                reporter.publishEntry(missing);
                System.err.println(missing);
            }
        }
        assertThat(tested).contains(Jdk.own().feature());
    }

    /**
     * Checks that a browser reaches the account page from the address of the deployment, and the documentation, with or
     * without a final slash.
     */
    private static void checkPageAddresses(ServiceClient service) throws IOException {
        HttpClient browser = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.ALWAYS)
                .build();
        for (String path : List.of("", "/", "/docs", "/docs/")) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(service.baseUri() + path))
                    .header("Accept", "text/html,*/*;q=0.8")
                    .build();
            try {
                HttpResponse<String> page = browser.send(request, HttpResponse.BodyHandlers.ofString());
                assertThat(page.statusCode()).as(path).isEqualTo(200);
                assertThat(page.uri())
                        .as(path)
                        .isEqualTo(URI.create(service.baseUri() + (path.contains("docs") ? "/docs" : "/account")));
                assertThat(page.body()).startsWith("<!DOCTYPE html>");
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(interrupted);
            }
        }
    }

    private static void walk(ServiceClient service) throws IOException {
        checkPageAddresses(service);
        checkDescription(service);
        checkRejections(service);
        String admin = service.adminToken();
        checkImports(service, admin);
        String username = name();
        Response created = service.patiently(() ->
                service.post("/user", admin, "{\"username\":\"" + username + "\",\"password\":\"" + PASSWORD + "\"}"));
        assertThat(created.status()).as(created.body()).isEqualTo(201);
        Response located = service.send("GET", created.location(), "", "auth", admin);
        assertThat(located.text("username")).isEqualTo(username);

        String token = service.token(username, PASSWORD);
        assertThat(service.get("/user/me", token).text("username")).isEqualTo(username);
        assertThat(service.patch("/user/me", token, "{\"email\":\"a@e.x\"}").status())
                .isEqualTo(200);
        assertThat(service.get("/user/me", token).text("email")).isEqualTo("a@e.x");
        checkList(service, admin);
        new CookieCalls(service, URI.create(service.baseUri()).getPath().replace('/', '-')).run(username, PASSWORD);
        assertThat(service.post("/logout", token, "{}").status()).isEqualTo(200);
        Response late = service.get("/user/me", token);
        assertThat(late.status()).isEqualTo(401);
        assertThat(late.text("code")).isEqualTo("SESSION_ENDED");
    }

    private static void checkDescription(ServiceClient service) {
        assertThat(service.get("/openapi.json", "").text("openapi")).startsWith("3.1");
        List<String> files = LINK.matcher(service.get("/docs", "").body())
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(files).hasSize(4);
        for (String file : files) {
            assertThat(service.get("/" + file, "").status()).as(file).isEqualTo(200);
        }
    }

    private static void checkRejections(ServiceClient service) {
        for (String path : List.of("/nothing/here", "/WEB-INF/web.xml")) {
            Response rejected = service.get(path, "");
            assertThat(rejected.status()).as(path).isEqualTo(404);
            assertThat(rejected.text("code")).isEqualTo("NOT_FOUND");
            assertThat(rejected.text("requestId")).isNotEmpty().isEqualTo(rejected.header("X-Request-Id"));
        }
        assertThat(service.get("/user/me", "").text("code")).isEqualTo("TOKEN_MISSING");
        assertThat(service.send("GET", "/user/me", "", "Content-Type", "none").status())
                .as("rejected by Jersey itself")
                .isBetween(400, 499);
    }

    private static void checkList(ServiceClient service, String admin) {
        Response page = service.get("/user?limit=1", admin);
        assertThat(page.json()).hasSize(1);
        Response next = service.send("GET", page.next(), "", "auth", admin);
        assertThat(next.json()).hasSize(1);
        assertThat(next.json()).isNotEqualTo(page.json());
    }

    private static void checkImports(ServiceClient service, String admin) throws IOException {
        String lines = line() + line() + line();
        Response imported =
                service.send("POST", "/user/import", lines, "auth", admin, "Content-Type", "application/x-ndjson");
        List<JsonNode> results = imported.body().lines().map(Response::json).toList();
        assertThat(results).hasSize(4);
        assertThat(results.get(3).path("created").asInt()).isEqualTo(3);

        try (ImportConnection inParts = new ImportConnection(service.baseUri(), admin)) {
            inParts.chunk(line().getBytes(StandardCharsets.UTF_8));
            inParts.chunk(line().getBytes(StandardCharsets.UTF_8));
            inParts.end();
            assertThat(inParts.rest()).contains("HTTP/1.1 200", "\"status\":\"done\"", "\"created\":2");
        }
        try (ImportConnection tooLong = new ImportConnection(service.baseUri(), admin)) {
            tooLong.chunk("x".repeat(MAX_IMPORT + 10_000).getBytes(StandardCharsets.UTF_8));
            assertThat(tooLong.until("requestId")).contains("HTTP/1.1 413", "BODY_TOO_LARGE");
        }
    }

    private static String line() {
        return "{\"username\":\"" + name() + "\"}\n";
    }

    private static String name() {
        return "walker-" + number.incrementAndGet();
    }
}
