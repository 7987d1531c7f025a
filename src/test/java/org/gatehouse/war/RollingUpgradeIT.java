package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.gatehouse.store.RedisText;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Runs the previous WAR and the current WAR side by side on the same stores, under load. At first, both nodes have the
 * previous version. Then a node of the current version replaces the first node. Then a new node of the previous version
 * replaces the second node.
 *
 * <p>{@code -Dgatehouse.previous.war=FILE} names the previous WAR (see {@code .ci/upgrade}). Without this property,
 * both WARs are the current WAR.
 */
@Tag("full")
class RollingUpgradeIT {
    private static final int CLIENTS = 2;
    private static final int WALKS = 4;
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);

    private final Path current = WarServer.war();
    private final Path previous = Path.of(System.getProperty("gatehouse.previous.war", current.toString()));
    private final Stores stores = new Stores();
    private final ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final AtomicInteger walks = new AtomicInteger();

    /** The nodes to which the load balancer sends requests. */
    private final List<WarServer> serving = new ArrayList<>();

    /**
     * A walk is a sequence of requests from one client. Each walk holds the read lock, so that no node is removed
     * during the walk.
     */
    private final ReentrantReadWriteLock balancer = new ReentrantReadWriteLock();

    @AfterEach
    void stop() throws InterruptedException {
        stopped.set(true);
        clients.shutdown();
        try {
            assertThat(clients.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        } finally {
            serving.forEach(WarServer::close);
            stores.close();
        }
    }

    @Test
    void nodesOfBothVersionsServeTogether() throws Exception {
        join(previous);
        join(previous);
        String admin = serving.get(0).adminToken();
        List<Future<?>> load = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            String name = "client-" + i;
            String id = serving.get(0).create(admin, name, password(name));
            load.add(clients.submit(() -> walkUntilStopped(name, id)));
        }
        Response session = login(serving.get(0), "client-0");
        awaitWalks(load);

        replaceFirst(current); // now serving: previous, current
        assertThat(me(session)).containsOnly(200);
        session = refresh(serving.get(1), session);
        assertNoNodeReadsStaleEntries(admin);
        awaitWalks(load);

        replaceFirst(previous); // now serving: current, previous
        assertThat(me(session)).containsOnly(200);
        session = refresh(serving.get(1), session);
        awaitWalks(load);

        stopped.set(true);
        for (Future<?> client : load) {
            client.get();
        }
        assertKeysAreShared(admin, session);
        System.out.printf(
                "%s beside %s: %d walks of 13 requests while 2 nodes were replaced, 0 failed%n",
                previous, current, walks.get());
    }

    /** Repeats the requests of one user. The load balancer distributes the requests over the nodes. */
    private void walkUntilStopped(String name, String id) {
        while (!stopped.get()) {
            balancer.readLock().lock();
            try {
                int first = walks.get() % serving.size();
                walk(serving.get(first), serving.get((first + 1) % serving.size()), name, "/user/" + id);
            } finally {
                balancer.readLock().unlock();
            }
            walks.incrementAndGet();
        }
    }

    private static void walk(WarServer one, WarServer other, String name, String user) {
        Response login = login(one, name);
        String token = login.text("token");
        int count = ok(other.get(user, token)).path("count").asInt();
        ok(one.get("/user/me", token));

        assertThat(ok(other.patch(user, token, "{\"count\":" + (count + 1) + "}"))
                        .path("count")
                        .asInt())
                .isEqualTo(count + 1);
        assertThat(ok(one.get(user, token)).path("count").asInt()).isEqualTo(count + 1);
        ok(one.patch(user, token, "{\"count\":" + (count + 2) + "}"));
        assertThat(ok(other.get(user, token)).path("count").asInt()).isEqualTo(count + 2);

        Response next = refresh(other, login);
        ok(one.get("/user/me", next.text("token")));
        Response last = refresh(one, next);
        ok(other.post("/logout", last.text("token"), ""));
        for (WarServer node : List.of(one, other)) {
            Response rejected = node.get("/user/me", token);
            assertThat(rejected.status()).isEqualTo(401);
            assertThat(rejected.text("code")).isEqualTo("SESSION_ENDED");
        }
    }

    /** If a node changes a document, the node of the other version must not return the old document from the cache. */
    private void assertNoNodeReadsStaleEntries(String admin) {
        String id = serving.get(0).create(admin, "cached", password("cached"));
        String user = "/user/" + id;
        int count = 0;
        try (RedisText redis = new RedisText(stores.redis().uri())) {
            for (int i = 0; i < 4; i++) {
                WarServer filling = serving.get(i % 2);
                WarServer changing = serving.get((i + 1) % 2);
                await().atMost(WAIT_TIMEOUT).until(() -> {
                    ok(filling.get(user, admin));
                    return ("" + redis.commands().get("u:{" + id + "}")).startsWith("V");
                });
                assertThat(ok(changing.get(user, admin)).path("count").asInt()).isEqualTo(count);
                count++;
                ok(changing.patch(user, admin, "{\"count\":" + count + "}"));
                assertThat(ok(filling.get(user, admin)).path("count").asInt()).isEqualTo(count);
            }
        }
    }

    /**
     * If a node of one version creates a key, both nodes must sign with this key. If a node revokes a key, both nodes
     * must reject this key.
     */
    private void assertKeysAreShared(String admin, Response session) {
        WarServer one = serving.get(0);
        WarServer other = serving.get(1);
        String newKid = one.post("/key/rotate", admin, "").text("kid");
        String currentKid = "";
        for (JsonNode key : ok(other.get("/key", admin))) {
            currentKid = key.path("current").asBoolean() ? key.path("kid").asText() : currentKid;
        }
        assertThat(currentKid).isNotEmpty().isNotEqualTo(newKid);

        assertThat(other.delete("/key/" + currentKid, admin).status()).isEqualTo(204);

        assertThat(me(session)).containsOnly(401);
        for (WarServer node : serving) {
            Response login = login(node, "client-1");
            assertThat(keyOf(login)).isEqualTo(newKid);
            assertThat(me(login)).containsOnly(200);
        }
    }

    /** Returns the status of {@code GET /user/me} with this token on each node. */
    private List<Integer> me(Response login) {
        return serving.stream()
                .map(node -> node.get("/user/me", login.text("token")).status())
                .toList();
    }

    private void awaitWalks(List<Future<?>> load) {
        int before = walks.get();
        await().atMost(WAIT_TIMEOUT)
                .until(() -> walks.get() >= before + WALKS || load.stream().anyMatch(Future::isDone));
        assertThat(load).noneMatch(Future::isDone);
    }

    /** Removes the oldest node from the load balancer and stops it. Then starts a new node of this WAR. */
    private void replaceFirst(Path war) {
        WarServer leaving = exclusively(() -> serving.remove(0));
        leaving.close();
        join(war);
    }

    private void join(Path war) {
        WarServer coming = WarServer.start(war, stores);
        exclusively(() -> serving.add(coming));
    }

    private <T> T exclusively(Supplier<T> change) {
        balancer.writeLock().lock();
        try {
            return change.get();
        } finally {
            balancer.writeLock().unlock();
        }
    }

    private static Response login(WarServer node, String name) {
        Response response = node.patiently(() -> node.login(name, password(name)));
        ok(response);
        return response;
    }

    private static Response refresh(WarServer node, Response login) {
        Response response =
                node.post("/token/refresh", "", "{\"refreshToken\":\"" + login.text("refreshToken") + "\"}");
        ok(response);
        return response;
    }

    /** Returns the id of the key that signed the token. */
    private static String keyOf(Response login) {
        String header = login.text("token").split("\\.", 2)[0];
        return Response.json(new String(Base64.getUrlDecoder().decode(header), StandardCharsets.UTF_8))
                .path("kid")
                .asText();
    }

    private static JsonNode ok(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response.json();
    }

    private static String password(String name) {
        return "a passphrase of " + name;
    }
}
