package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that nothing of the filter remains in a Tomcat after 25 redeployments of a guarded application. */
@Tag("full")
class GuardRedeployIT {
    private static final int TIMES = 25;
    private static final String PATH = "/guarded";

    /** The server and its manager application start and end threads of their own. */
    private static final int TOLERANCE_THREADS = 3;

    /** Soft references would keep an application until the memory is needed. */
    private static final String NO_SOFT_REFERENCES = "-XX:SoftRefLRUPolicyMSPerMB=0";

    private static final List<String> LOGGED_PROBLEMS = List.of("SEVERE", " ERROR ", "memory leak", "ThreadLocal");

    private static final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @ParameterizedTest
    @ValueSource(strings = {"offline", "introspect"})
    void redeploymentsLeaveNoClassAndNoThread(String mode) throws IOException, InterruptedException {
        Path base = AppServer.base(Distribution.TOMCAT_11, List.of());
        TomcatManager.addTo(base);
        try (Stores stores = new Stores();
                IssuerFront front = new IssuerFront();
                WarServer gatehouse = WarServer.start(stores, Map.of("PUBLIC_URL", front.issuer()));
                AppServer server = AppServer.start(
                        Distribution.TOMCAT_11, Jdk.own(), Map.of("JAVA_OPTS", NO_SOFT_REFERENCES), base)) {
            front.connect(gatehouse);
            Path war = base.resolve("guarded.war");
            GuardedWar.pack(
                    war,
                    Map.of(
                            "issuer",
                            front.issuer(),
                            "mode",
                            mode,
                            "client-id",
                            IssuerFront.CLIENT_ID,
                            "client-secret",
                            IssuerFront.CLIENT_SECRET),
                    false);
            Path descriptor = Files.writeString(base.resolve("guarded.xml"), "<Context docBase=\"" + war + "\"/>");
            server.awaitResponse();
            TomcatManager manager = new TomcatManager(server);
            String token = gatehouse.adminToken();

            List<Long> threads = new ArrayList<>();
            for (int i = 0; i < TIMES; i++) {
                manager.deploy(PATH, descriptor);
                assertThat(status(server.uri() + PATH + "/shown", token)).isEqualTo(200);
                assertThat(status(server.uri() + PATH + "/shown", "invalid")).isEqualTo(401);
                manager.undeploy(PATH);
                // A server thread may reference a stopped application until the thread serves another request.
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> manager.findLeaks().isEmpty());
                threads.add(manager.threads());
            }

            server.stop();
            System.out.println("Redeployed in mode " + mode + "; threads: " + threads);
            assertThat(server.log().lines().filter(line -> !line.contains(RedeployIT.UTILITY_THREAD)))
                    .noneMatch(line -> LOGGED_PROBLEMS.stream().anyMatch(line::contains));
            // The first deployments also start Tomcat's own threads, and Java's thread for idle connections.
            assertThat(threads.get(TIMES - 1)).isLessThanOrEqualTo(threads.get(2) + TOLERANCE_THREADS);
        }
    }

    private static int status(String uri, String token) throws IOException, InterruptedException {
        return http.send(
                        HttpRequest.newBuilder(URI.create(uri))
                                .header("Authorization", "Bearer " + token)
                                .timeout(Duration.ofSeconds(30))
                                .build(),
                        BodyHandlers.discarding())
                .statusCode();
    }
}
