package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests {@code gatehouse-guard.jar} in applications beside Gatehouse. {@code -Pfull} uses all supported servers, and
 * 1,000 logouts instead of 20 in Tomcat 11 and in Jetty.
 */
@Tag("also-full")
class GuardIT {
    private static final int SHORT = 20;
    private static final int LOGOUTS = Boolean.getBoolean("gatehouse.long") ? 1_000 : SHORT;
    private static final int CLIENTS = Boolean.getBoolean("gatehouse.long") ? 50 : 20;
    private static final Duration LIMIT = Duration.ofSeconds(2);
    private static final Duration QUIET = Duration.ofMillis(1800);
    private static final Duration POLL_INTERVAL = Duration.ofMillis(50);
    private static final String PASSWORD = "correct horse battery staple";
    private static final Semaphore logins = new Semaphore(2);
    private static final int MAX_JAR_BYTES = 1_000_000;

    private static final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @Test
    void theJarIsSmallAndContainsTheFilterAndNimbusOnly() throws IOException {
        assertThat(Files.size(GuardedWar.jar())).isLessThan(MAX_JAR_BYTES);
        try (ZipFile jar = new ZipFile(GuardedWar.jar().toFile());
                ZipFile war = new ZipFile(WarServer.war().toFile())) {
            assertThat(jar.stream().filter(entry -> !entry.isDirectory()).map(ZipEntry::getName))
                    .contains("org/gatehouse/guard/GuardFilter.class", "META-INF/LICENSE")
                    .allMatch(name -> name.startsWith("org/gatehouse/guard/") || name.startsWith("META-INF/"));
            assertThat(war.stream().map(ZipEntry::getName)).noneMatch(name -> name.contains("guard"));
        }
    }

    @Test
    void guardsApplicationsBesideGatehouseInTomcat() throws IOException {
        checkServer(Distribution.TOMCAT_11, LOGOUTS);
    }

    @Tag("full")
    @ParameterizedTest
    @CsvSource({"TOMCAT_10, false", "JETTY_12, true"})
    void guardsApplicationsBesideGatehouseInOtherServers(Distribution distribution, boolean isLong) throws IOException {
        checkServer(distribution, isLong ? LOGOUTS : SHORT);
    }

    private static void checkServer(Distribution distribution, int logouts) throws IOException {
        try (Stores stores = new Stores();
                IssuerFront front = new IssuerFront()) {
            Map<String, String> settings = ServiceClient.settings(
                    stores, Map.of("PUBLIC_URL", front.issuer(), "TRUSTED_PROXIES", "127.0.0.1"));
            Path base = AppServer.base(distribution, List.of(new Deployment("/accounts", settings)));
            Path applications = base.resolve("webapps");
            GuardedWar.pack(
                    applications.resolve("offline.war"),
                    Map.of("issuer", front.issuer(), "required-roles", "/admin/*=admin"),
                    true);
            GuardedWar.pack(
                    applications.resolve("live.war"),
                    Map.of(
                            "issuer",
                            front.issuer(),
                            "mode",
                            "introspect",
                            "client-id",
                            IssuerFront.CLIENT_ID,
                            "client-secret",
                            IssuerFront.CLIENT_SECRET),
                    false);
            try (AppServer server = AppServer.start(distribution, Jdk.own(), Map.of(), base)) {
                ServiceClient gatehouse = server.awaitReady("/accounts");
                front.connect(gatehouse);
                String id = gatehouse.create(gatehouse.adminToken(), "alice", PASSWORD);

                checkCaller(server.uri() + "/offline", gatehouse, id);
                checkLogouts(server.uri() + "/live/shown", gatehouse, front, logouts);

                server.stop();
                assertThat(server.log()).doesNotContain(" ERROR ", "SEVERE", "memory leak");
            }
        }
    }

    private static void checkCaller(String application, ServiceClient gatehouse, String id) {
        String user = gatehouse.token("alice", PASSWORD);
        String admin = gatehouse.adminToken();
        HttpResponse<String> anonymous = get(application + "/shown", "");
        assertThat(anonymous.statusCode()).isEqualTo(401);
        assertThat(challenge(anonymous)).isEqualTo("Bearer realm=\"gatehouse\"");
        HttpResponse<String> invalid = get(application + "/shown", user + "x");
        assertThat(invalid.statusCode()).isEqualTo(401);
        assertThat(challenge(invalid)).contains("error=\"invalid_token\"");

        assertThat(get(application + "/shown", user).body())
                .isEqualTo("REQUEST " + id + " " + id + " Bearer admin=false");
        assertThat(get(application + "/admin/shown", admin).body()).endsWith("admin=true");
        HttpResponse<String> denied = get(application + "/admin/shown", user);
        assertThat(denied.statusCode()).isEqualTo(403);
        assertThat(challenge(denied)).contains("error=\"insufficient_scope\"", "scope=\"admin\"");
        assertThat(get(application + "/async", user).body()).startsWith("ASYNC " + id);
        assertThat(get(application + "/teapot", user).body()).startsWith("ERROR " + id);

        assertThat(get(application + "/rest/everyone", user).body()).isEqualTo(id + " Bearer admin=false");
        assertThat(get(application + "/rest/admin", admin).body()).isEqualTo("for administrators");
        HttpResponse<String> deniedByJersey = get(application + "/rest/admin", user);
        assertThat(deniedByJersey.statusCode()).isEqualTo(403);
        assertThat(challenge(deniedByJersey)).contains("error=\"insufficient_scope\"");
    }

    /** Ends sessions and uses their tokens until each is rejected. */
    private static void checkLogouts(String guarded, ServiceClient gatehouse, IssuerFront front, int logouts) {
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Duration> accepted = IntStream.range(0, logouts)
                    .mapToObj(round -> CompletableFuture.supplyAsync(
                            () -> lastAcceptedAfterLogout(guarded, gatehouse, round), clients))
                    .toList()
                    .stream()
                    .map(CompletableFuture::join)
                    .sorted()
                    .toList();
            System.out.println(logouts + " logouts; last accepted request after the logout: median "
                    + accepted.get(logouts / 2) + ", maximum " + accepted.get(logouts - 1) + "; "
                    + front.introspections() + " introspections");
            assertThat(accepted).allMatch(time -> time.compareTo(LIMIT) < 0);
        } finally {
            clients.shutdownNow();
        }
    }

    /**
     * Returns how long after the response to the logout the last accepted request was sent. Half of the clients send
     * requests all the time, so an answer is renewed. The others send none until the answer is about to expire.
     */
    private static Duration lastAcceptedAfterLogout(String guarded, ServiceClient gatehouse, int round) {
        String token = login(gatehouse, round);
        assertThat(get(guarded, token).statusCode()).isEqualTo(200);
        assertThat(gatehouse.post("/logout", token, "").status()).isEqualTo(200);
        long loggedOut = System.nanoTime();
        Duration accepted = Duration.ZERO;
        Duration pause = round % 2 == 0 ? POLL_INTERVAL : QUIET;
        while (true) {
            pause(pause);
            long sent = System.nanoTime();
            int status = get(guarded, token).statusCode();
            if (status == 401) {
                return accepted;
            }
            assertThat(status).isEqualTo(200);
            accepted = Duration.ofNanos(sent - loggedOut);
            pause = accepted.compareTo(QUIET) < 0 ? POLL_INTERVAL : Duration.ZERO;
        }
    }

    /** Few logins run at the same time, because each computes an expensive hash. */
    private static String login(ServiceClient gatehouse, int round) {
        // Each session has one of many addresses, because the number of logins from one address is limited.
        String address = "192.0.2." + (round % 200 + 1);
        logins.acquireUninterruptibly();
        try {
            Response login = gatehouse.patiently(() -> gatehouse.loginFrom(address, "alice", PASSWORD));
            assertThat(login.status()).as(login.body()).isEqualTo(200);
            return login.text("token");
        } finally {
            logins.release();
        }
    }

    private static void pause(Duration pause) {
        try {
            Thread.sleep(pause.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    private static String challenge(HttpResponse<String> response) {
        return response.headers().firstValue("WWW-Authenticate").orElse("");
    }

    private static HttpResponse<String> get(String uri, String token) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(uri)).timeout(Duration.ofSeconds(30));
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        return http.sendAsync(request.build(), BodyHandlers.ofString()).join();
    }
}
