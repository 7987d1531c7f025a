package org.gatehouse.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.util.Base64URL;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests the rotation of keys on two nodes under load. {@code -Dgatehouse.long=true} runs the long form. */
@Tag("also-full")
class KeyRotationTest {
    private static final Duration ROTATION = Duration.ofSeconds(1);
    private static final Duration TOKEN_LIFE = Duration.ofSeconds(5);
    private static final int ROTATIONS = Boolean.getBoolean("gatehouse.long") ? 60 : 8;

    /** The pause after each check. In the short form, the checks leave processor time for other tests. */
    private static final int CHECK_PAUSE_MS = Boolean.getBoolean("gatehouse.long") ? 0 : 4;

    private static final int LOGIN_PAUSE_MS = Boolean.getBoolean("gatehouse.long") ? 20 : 50;

    private static final int MIN_CHECKS = 1_000;

    /**
     * The test uses each token for this time. The token expires later, so only a problem with its key can cause a
     * rejection.
     */
    private static final Duration USED_FOR = Duration.ofSeconds(3);

    private static final AtomicInteger logins = new AtomicInteger();

    /** Each test has its own stores. In shared stores, a key of one test would start to sign during another test. */
    private final Stores stores = new Stores();

    @AfterEach
    void stop() {
        stores.close();
    }

    private record Issued(String token, long issuedAt) {}

    @Test
    void noValidTokenIsRejectedWhileKeysRotateEverySecondOnTwoNodes() throws Exception {
        Queue<String> rejections = new ConcurrentLinkedQueue<>();
        Deque<Issued> tokens = new ConcurrentLinkedDeque<>();
        AtomicInteger checks = new AtomicInteger();
        AtomicBoolean running = new AtomicBoolean(true);
        ExecutorService threads = Executors.newCachedThreadPool();
        try (Node one = node(ROTATION);
                Node other = node(ROTATION)) {
            List<Future<?>> load = new ArrayList<>();
            for (Node node : List.of(one, other)) {
                load.add(threads.submit(() -> {
                    while (running.get()) {
                        long issuedAt = System.nanoTime();
                        tokenFromNewAddress(node).ifPresent(token -> tokens.addFirst(new Issued(token, issuedAt)));
                        TimeUnit.MILLISECONDS.sleep(LOGIN_PAUSE_MS);
                    }
                    return null;
                }));
            }
            await().until(() -> !tokens.isEmpty());
            for (Node node : List.of(one, other, one, other)) {
                load.add(threads.submit(() -> {
                    while (running.get()) {
                        for (Issued issued : List.copyOf(tokens)) {
                            if (System.nanoTime() - issued.issuedAt() > USED_FOR.toNanos()) {
                                tokens.remove(issued);
                                continue;
                            }
                            Response response = node.get("/user/me", issued.token());
                            checks.incrementAndGet();
                            if (response.status() != 200) {
                                rejections.add(response.body());
                            }
                            TimeUnit.MILLISECONDS.sleep(CHECK_PAUSE_MS);
                        }
                    }
                    return null;
                }));
            }
            long before = newestSequence();
            NavigableSet<Long> sequences = new TreeSet<>();
            long start = System.nanoTime();
            await().atMost(Duration.ofMinutes(3)).until(() -> {
                stores.collection("signingKeys").find().forEach(key -> sequences.add(key.getLong("round")));
                return sequences.last() - before >= ROTATIONS && checks.get() >= MIN_CHECKS;
            });
            long seconds = Duration.ofNanos(System.nanoTime() - start).toSeconds();
            running.set(false);
            for (Future<?> thread : load) {
                thread.get(60, TimeUnit.SECONDS);
            }

            assertThat(rejections).as("rejections in %s checks", checks).isEmpty();
            // One new key starts to sign each second. A node creates this key one lead time earlier. A busy machine may
            // delay the creation, but only one node may create each key.
            long newest = sequences.last();
            assertThat(newest - before).isLessThanOrEqualTo(seconds + 1);
            assertThat(sequences)
                    .containsAll(LongStream.rangeClosed(before, newest).boxed().toList());
        } finally {
            running.set(false);
            threads.shutdownNow();
        }
    }

    @Test
    void tokensOfARevokedKeyAreRejectedOnBothNodesAfterTheRevocation() {
        try (Node one = node(Duration.ofDays(30));
                Node other = node(Duration.ofDays(30))) {
            for (int round = 0; round < 3; round++) {
                String token = tokenFromNewAddress(one).orElseThrow();
                String tokenOfOther = tokenFromNewAddress(other).orElseThrow();
                String kid = current(one, token);
                assertThat(keyOf(token)).isEqualTo(kid);
                assertThat(keyOf(tokenOfOther)).isEqualTo(kid);
                assertThat(other.get("/user/me", token).status()).isEqualTo(200);
                assertThat(one.get("/user/me", tokenOfOther).status()).isEqualTo(200);

                assertThat(one.delete("/key/" + kid, token).status()).isEqualTo(204);

                for (Node node : List.of(other, one)) {
                    assertRejected(node.get("/user/me", token));
                    assertRejected(node.get("/user/me", tokenOfOther));
                }
                assertThat(other.get("/user/me", tokenFromNewAddress(one).orElseThrow())
                                .status())
                        .isEqualTo(200);
                assertThat(one.get("/user/me", tokenFromNewAddress(other).orElseThrow())
                                .status())
                        .isEqualTo(200);
            }
        }
    }

    /**
     * Logs in from a new address, so that the rate limit does not apply. Returns the token, or empty if the node
     * rejects the login as busy.
     */
    private static Optional<String> tokenFromNewAddress(Node node) {
        int number = logins.incrementAndGet();
        Response login =
                node.loginFrom("10.0." + (number >> 8) + "." + (number & 255), Node.ADMIN, Node.ADMIN_PASSWORD);
        if (login.text("code").equals("BUSY")) {
            return Optional.empty();
        }
        assertThat(login.status()).as(login.body()).isEqualTo(200);
        return Optional.of(login.text("token"));
    }

    private long newestSequence() {
        return Objects.requireNonNull(stores.collection("signingKeys")
                        .find()
                        .sort(new Document("round", -1))
                        .first())
                .getLong("round");
    }

    private static void assertRejected(Response response) {
        assertThat(response.status()).isEqualTo(401);
        assertThat(response.text("message")).isEqualTo("invalid signature");
    }

    private static String keyOf(String token) {
        try {
            return JWSHeader.parse(new Base64URL(token.substring(0, token.indexOf('.'))))
                    .getKeyID();
        } catch (ParseException malformed) {
            throw new AssertionError(malformed);
        }
    }

    private static String current(Node node, String admin) {
        for (JsonNode key : node.get("/key", admin).json()) {
            if (key.path("current").asBoolean()) {
                return key.path("kid").asText();
            }
        }
        throw new AssertionError("no key is current");
    }

    private Node node(Duration rotation) {
        KeySchedule schedule = KeySchedule.every(rotation, TOKEN_LIFE);
        Map<String, String> settings =
                Map.of("AUTH_EXPIRY", Long.toString(TOKEN_LIFE.toMillis()), "TRUSTED_PROXIES", "127.0.0.1");
        return Node.start(stores, settings, schedule);
    }
}
