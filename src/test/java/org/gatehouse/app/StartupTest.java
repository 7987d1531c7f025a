package org.gatehouse.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.databind.JsonNode;
import com.mongodb.MongoInternalException;
import de.bwaldvogel.mongo.bson.Document;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.log.LogLines;
import org.gatehouse.store.FaultyMongo;
import org.gatehouse.store.UnusableStoreException;
import org.gatehouse.testing.TakesLong;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests starts while MongoDB is unavailable, slow or unresponsive, or returns unexpected replies. */
@TakesLong
class StartupTest {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration SHORT_WAIT = Duration.ofMillis(200);

    private static EmbeddedRedis redis;
    private final LogLines log = new LogLines();

    @BeforeAll
    static void startRedis() {
        redis = EmbeddedRedis.start(Path.of("target", "test-redis", "startup"));
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @AfterEach
    void close() {
        log.close();
    }

    /** Returns unexpected replies to the query that reads the format of the database. */
    static Stream<Document> unexpectedReplies() {
        return Stream.of(
                FaultyMongo.error(24),
                FaultyMongo.error(8),
                FaultyMongo.error(2),
                FaultyMongo.error(13),
                new Document("ok", 1.0), // the driver cannot read a reply without a cursor
                new Document("ok", 1.0).append("cursor", "none"));
    }

    @ParameterizedTest
    @MethodSource("unexpectedReplies")
    void anUnexpectedReplyDelaysTheStart(Document reply) {
        try (FaultyMongo mongo = FaultyMongo.start()) {
            AtomicInteger remaining = new AtomicInteger(1);
            mongo.replyWith(command ->
                    readsTheFormat(command) && remaining.getAndDecrement() > 0 ? Optional.of(reply) : Optional.empty());
            try (Node node = Node.start(settings(mongo.uri()))) {
                awaitReady(node);
                assertThat(node.login(ServiceClient.ADMIN, ServiceClient.ADMIN_PASSWORD)
                                .status())
                        .isEqualTo(200);
            }
        }
        assertThat(log.with("Gatehouse is ready")).hasSize(1);
        assertThat(log.withStackTrace()).isEmpty();
        assertThat(log.with("hunter2")).isEmpty();
    }

    @Test
    void aNodeWaitsForAnUnusableStoreAndLogsEachReason() {
        int port = EmbeddedRedis.freePort();
        try (Node node = Node.start(settings("mongodb://127.0.0.1:" + port))) {
            Response early = node.login(ServiceClient.ADMIN, ServiceClient.ADMIN_PASSWORD);
            assertThat(early.status()).isEqualTo(503);
            assertThat(early.text("code")).isEqualTo("STORE_UNAVAILABLE");
            assertThat(early.header("Retry-After")).isEqualTo("2");
            assertThat(log.with("MongoDB cannot be reached"))
                    .singleElement()
                    .asString()
                    .contains("127.0.0.1:" + port, "Connection refused");
            try (FaultyMongo mongo = FaultyMongo.start(port)) {
                AtomicInteger replies = new AtomicInteger();
                mongo.replyWith(command -> {
                    if (!readsTheFormat(command)) {
                        return Optional.empty();
                    }
                    return switch (replies.getAndIncrement()) {
                        case 0 -> Optional.of(FaultyMongo.error(24));
                        case 1 -> Optional.of(FaultyMongo.error(8));
                        default -> Optional.empty();
                    };
                });
                awaitReady(node);
                assertThat(replies.get()).isGreaterThan(2);
            }
        }
        assertThat(log.with("MongoDB returned a temporary error: error 24")).hasSize(1);
        assertThat(log.from(Level.ERROR))
                .singleElement()
                .asString()
                .contains("The stores could not be prepared; Gatehouse retries: ", "error 8")
                .doesNotContain("hunter2");
    }

    @Test
    void thePreparationOfTheStoresIsRetriedAfterAFailureOfAnyKind() {
        List<Throwable> failures = List.of(
                new IllegalStateException("one"),
                new MongoInternalException("two"),
                GatehouseException.temporary(ErrorCode.BUSY, Duration.ofSeconds(1), null),
                new StackOverflowError());
        for (Throwable failure : failures) {
            AtomicInteger attempts = new AtomicInteger();
            try (Startup startup = new Startup(() -> {
                if (attempts.getAndIncrement() == 0) {
                    throwUnchecked(failure);
                }
            })) {
                startup.run();
                assertThat(startup.isReady()).isFalse();
                assertThat(startup.pending()).isPresent();
                await().atMost(START_TIMEOUT).until(startup::isReady);
                assertThat(startup.pending()).isEmpty();
            }
        }
        assertThat(log.from(Level.ERROR)).hasSize(failures.size());
    }

    @Test
    void eachReasonIsLoggedOnce() {
        AtomicInteger attempts = new AtomicInteger();
        try (Startup startup = new Startup(() -> {
            int attempt = attempts.getAndIncrement();
            if (attempt < 3) {
                throw new IllegalStateException(attempt < 2 ? "first" : "second");
            }
        })) {
            startup.run();
            await().atMost(START_TIMEOUT).until(startup::isReady);
        }
        assertThat(log.from(Level.ERROR).stream().map(line -> line.replaceAll(".*: ", "")))
                .containsExactly("first", "second");
    }

    @Test
    void anUnusableStoreMakesTheDeploymentFailWithTheReason() {
        try (Startup startup = new Startup(() -> {
            throw new UnusableStoreException("for good");
        })) {
            assertThatThrownBy(startup::run)
                    .isInstanceOf(UnusableStoreException.class)
                    .hasMessage("for good");
            assertThat(startup.isReady()).isFalse();
        }
    }

    @Test
    void thePreparationOfAnUnusableStoreIsRetriedAfterTheDeployment() {
        AtomicInteger attempts = new AtomicInteger();
        try (Startup startup = new Startup(() -> {
            switch (attempts.getAndIncrement()) {
                case 0 -> throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, Duration.ofSeconds(1), null);
                case 1 -> throw new UnusableStoreException("not this one");
                default -> {}
            }
        })) {
            startup.run();
            await().atMost(START_TIMEOUT).until(startup::isReady);
        }
        assertThat(log.from(Level.ERROR)).singleElement().asString().contains("not this one");
    }

    @Test
    void aLongPreparationContinuesAfterTheDeployment() {
        CountDownLatch preparationEnd = new CountDownLatch(1);
        try (Startup startup = new Startup(() -> awaitUnchecked(preparationEnd), SHORT_WAIT)) {
            startup.run();

            assertThat(startup.isReady()).isFalse();
            assertThat(startup.pending()).hasValue("The stores are being prepared.");
            assertThat(log.with("takes longer than")).hasSize(1);
            preparationEnd.countDown();
            await().atMost(START_TIMEOUT).until(startup::isReady);
        }
    }

    @Test
    void closingDuringThePreparationEndsTheStartupThread() {
        AtomicReference<Thread> preparing = new AtomicReference<>();
        Startup startup = new Startup(
                () -> {
                    preparing.set(Thread.currentThread());
                    awaitUnchecked(new CountDownLatch(1));
                },
                SHORT_WAIT);
        startup.run();

        startup.close();

        assertThat(preparing.get().isAlive()).isFalse();
        assertThat(startup.isReady()).isFalse();
        assertThat(log.from(Level.ERROR)).isEmpty();
    }

    @Test
    void anUnresponsiveServerDoesNotBlockTheDeployment() throws IOException {
        List<Thread> others = startupThreads();
        List<Thread> preparing;
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Node node = Node.start(settings("mongodb://127.0.0.1:" + silent.getLocalPort()))) {
            preparing = startupThreads().stream()
                    .filter(thread -> !others.contains(thread))
                    .toList();
            assertThat(node.send("GET", "/health/live", "").status()).isEqualTo(200);
            Response ready = node.send("GET", "/health/ready", "");
            assertThat(ready.status()).isEqualTo(503);
            assertThat(ready.text("status")).isEqualTo("starting");
            assertThat(ready.text("reason")).isEqualTo("MongoDB cannot be used yet.");
            assertThat(reason(ready, "mongodb")).isEqualTo("It does not answer.");
            assertThat(node.login(ServiceClient.ADMIN, ServiceClient.ADMIN_PASSWORD)
                            .status())
                    .isEqualTo(503);
        }
        assertThat(preparing).isNotEmpty();
        await().until(() -> preparing.stream().noneMatch(Thread::isAlive));
    }

    /** Returns the threads that prepare stores. The list includes the threads of nodes in other tests. */
    private static List<Thread> startupThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("gatehouse-startup"))
                .toList();
    }

    private static boolean readsTheFormat(Document command) {
        return FaultyMongo.name(command).equals("find")
                && "meta".equals(command.get("find"))
                && String.valueOf(command.get("filter")).contains("format");
    }

    private static void awaitReady(Node node) {
        await().atMost(START_TIMEOUT)
                .until(() -> node.send("GET", "/health/ready", "").status() == 200);
    }

    private static String reason(Response ready, String dependency) {
        for (JsonNode entry : ready.json().path("dependencies")) {
            if (entry.path("name").asText().equals(dependency)) {
                return entry.path("reason").asText();
            }
        }
        return "";
    }

    private static Map<String, String> settings(String mongoUri) {
        return new HashMap<>(Map.of(
                "AUTH_KEY", ServiceClient.AUTH_KEY,
                "DB_HOST", mongoUri,
                "REDIS_URL", redis.uri(),
                "ADMIN_USERNAME", ServiceClient.ADMIN,
                "ADMIN_PASSWORD", ServiceClient.ADMIN_PASSWORD));
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException(interrupted));
        }
    }

    private static void throwUnchecked(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) failure;
    }
}
