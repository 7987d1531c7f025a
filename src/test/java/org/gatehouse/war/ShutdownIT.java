package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests the setting {@code SHUTDOWN_DELAY} in real servers. */
@Tag("full")
class ShutdownIT {
    private static final String PASSWORD = "correct horse battery staple";
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(30);
    private static final String PATH = "/accounts";

    /** A delay that is long enough for some requests on a busy machine. */
    private static final Map<String, String> DELAY = Map.of("SHUTDOWN_DELAY", "PT6S");

    private static Stores stores;

    @BeforeAll
    static void start() {
        stores = new Stores();
    }

    @AfterAll
    static void stop() {
        stores.close();
    }

    static Stream<Distribution> servers() {
        return Boolean.getBoolean("gatehouse.long")
                ? Stream.of(Distribution.values())
                : Stream.of(Distribution.TOMCAT_11, Distribution.JETTY_12);
    }

    @ParameterizedTest
    @MethodSource("servers")
    void aStoppingServerAcceptsRequestsDuringTheShutdownDelay(Distribution distribution) {
        Deployment deployment = new Deployment("", ServiceClient.settings(stores, DELAY));
        try (AppServer server = AppServer.start(distribution, Jdk.own(), Map.of(), List.of(deployment))) {
            ServiceClient service = server.awaitReady("");
            String name = "before-" + distribution.ordinal();
            service.create(service.adminToken(), name, PASSWORD);

            server.terminate();
            assertServesWhileStopping(service, name);

            server.stop();
            assertThat(server.log())
                    .contains("Stopping in 6000 ms")
                    .doesNotContain("SEVERE", " ERROR ", "memory leak", "has no effect", "cannot be removed");
        }
    }

    /**
     * Tomcat removes the path of an undeployed application before it notifies the application. Then no request can
     * arrive, so a delay would be useless.
     */
    @Test
    void anUndeployedApplicationCausesNoDelay() throws IOException {
        Path base = AppServer.base(Distribution.TOMCAT_11, List.of());
        TomcatManager.addTo(base);
        try (AppServer server = AppServer.start(Distribution.TOMCAT_11, Jdk.own(), Map.of(), base)) {
            Path descriptor = base.resolve("gatehouse.xml");
            Files.writeString(
                    descriptor,
                    Distribution.TOMCAT_11.descriptor(new Deployment(PATH, ServiceClient.settings(stores, DELAY))));
            server.awaitResponse();
            TomcatManager manager = new TomcatManager(server);
            manager.deploy(PATH, descriptor);
            server.awaitReady(PATH);
            manager.undeploy(PATH);

            server.stop();
            assertThat(server.log())
                    .doesNotContain("Stopping in", "SEVERE", " ERROR ", "memory leak", "has no effect", "cannot be");
        }
    }

    private static void assertServesWhileStopping(ServiceClient service, String user) {
        await().atMost(WAIT_TIMEOUT)
                .until(() -> service.get("/health/ready", "").text("status").equals("stopping"));
        Response ready = service.get("/health/ready", "");
        assertThat(ready.status()).isEqualTo(503);
        assertThat(service.get("/health/live", "").status()).isEqualTo(200);
        assertThat(service.login(user, PASSWORD).status()).isEqualTo(200);
    }
}
