package org.gatehouse.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests sessions that end on one node. The other node must reject the next request with a token of such a session. */
@Tag("also-full")
class EndedMeansEndedTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final boolean LONG = Boolean.getBoolean("gatehouse.long");
    private static final int ROUNDS = LONG ? 10_000 : 120;
    private static final int THREADS = 4;
    private static final int CACHED_SESSIONS = 10;

    private static final Stores stores = new Stores();
    private static final Queue<String> commands = new ConcurrentLinkedQueue<>();
    private static final Map<String, String> settings = Map.of(
            // The access tokens must remain valid until the long form of this test ends.
            "AUTH_EXPIRY", "3600000", "TRUSTED_PROXIES", "127.0.0.1");
    private static final Node one = Node.start(stores, settings, commands::add);
    private static final Node other = Node.start(stores, settings, commands::add);
    private static final AtomicInteger number = new AtomicInteger();
    private static String admin = "";

    @BeforeAll
    static void login() {
        admin = one.adminToken();
    }

    @AfterAll
    static void stop() {
        one.close();
        other.close();
        stores.close();
    }

    /** The calls that end a session. Each call is sent to node {@code one}. */
    private enum EndingCall {
        LOGOUT {
            @Override
            Response end(String id, Response login) {
                return one.send("POST", "/logout", "", "auth", login.text("token"));
            }
        },
        LOGOUT_EVERYWHERE {
            @Override
            Response end(String id, Response login) {
                String otherToken = loginFromNewAddress(id).text("token");
                return one.post("/logout", otherToken, "{\"everywhere\":true}");
            }
        },
        BY_ITS_OWNER_FROM_ANOTHER_SESSION {
            @Override
            Response end(String id, Response login) {
                String otherToken = loginFromNewAddress(id).text("token");
                String sid = one.get("/session", login.text("token")).json().findParents("current").stream()
                        .filter(session -> session.path("current").asBoolean())
                        .map(session -> session.path("_id").asText())
                        .findFirst()
                        .orElseThrow();
                return one.delete("/session/" + sid, otherToken);
            }
        },
        ALL_OTHERS {
            @Override
            Response end(String id, Response login) {
                String otherToken = loginFromNewAddress(id).text("token");
                Response response = one.delete("/session?others=true", otherToken);
                assertThat(other.get("/user/me", otherToken).status()).isEqualTo(200);
                return response;
            }
        },
        BY_AN_ADMINISTRATOR {
            @Override
            Response end(String id, Response login) {
                return one.delete("/user/" + id + "/session", admin);
            }
        },
        PASSWORD_CHANGE {
            @Override
            Response end(String id, Response login) {
                String otherToken = loginFromNewAddress(id).text("token");
                Response response = one.send(
                        "PUT",
                        "/user/me/password",
                        "{\"currentPassword\":\"" + PASSWORD + "\",\"newPassword\":\"" + PASSWORD + "\"}",
                        "auth",
                        otherToken,
                        "Content-Type",
                        "application/json",
                        "X-Forwarded-For",
                        newAddress());
                assertThat(other.get("/user/me", otherToken).status()).isEqualTo(200);
                return response;
            }
        },
        PASSWORD_RESET {
            @Override
            Response end(String id, Response login) {
                return one.send(
                        "PUT",
                        "/user/" + id + "/password",
                        "{\"newPassword\":\"" + PASSWORD + "\"}",
                        "auth",
                        admin,
                        "Content-Type",
                        "application/json");
            }
        },
        DISABLE {
            @Override
            Response end(String id, Response login) {
                return one.patch("/user/" + id, admin, "{\"status\":\"disabled\"}");
            }
        },
        DELETE {
            @Override
            Response end(String id, Response login) {
                return one.delete("/user/" + id, admin);
            }
        };

        abstract Response end(String id, Response login);
    }

    @Test
    void everyNodeRejectsAnEndedSessionAtTheNextRequest() throws Exception {
        Map<EndingCall, AtomicInteger> rounds = new EnumMap<>(EndingCall.class);
        for (EndingCall call : EndingCall.values()) {
            rounds.put(call, new AtomicInteger());
        }
        List<Callable<Integer>> workers = new ArrayList<>();
        for (int worker = 0; worker < THREADS; worker++) {
            Random random = new Random(worker);
            workers.add(() -> {
                int accepted = 0;
                for (int round = 0; round < ROUNDS / THREADS; round++) {
                    EndingCall call = EndingCall.values()[random.nextInt(EndingCall.values().length)];
                    accepted += acceptedAfter(call, rounds.getOrDefault(call, new AtomicInteger()));
                }
                return accepted;
            });
        }
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        int accepted = 0;
        try {
            for (Future<Integer> worker : threads.invokeAll(workers)) {
                accepted += worker.get();
            }
        } finally {
            threads.shutdownNow();
        }

        System.out.println(ROUNDS + " rounds " + rounds + ": " + accepted + " accepted after the end");
        assertThat(accepted).isZero();
        assertThat(rounds.values()).noneMatch(count -> count.get() == 0);
    }

    /**
     * Ends a session and sends three requests with its tokens. Returns the number of accepted requests. On a busy
     * machine, the call that ends the session may return 503. The session may then remain valid, so the method returns
     * 0 and does not count the round.
     */
    private static int acceptedAfter(EndingCall call, AtomicInteger rounds) {
        String id = newUser();
        Response login = loginFromNewAddress(id);
        String token = login.text("token");
        assertThat(other.get("/user/me", token).status()).as(login.body()).isEqualTo(200);

        Response end = call.end(id, login);
        if (end.status() == 503) {
            return 0;
        }
        rounds.incrementAndGet();
        assertThat(end.status()).as(call + " " + end.body()).isBetween(200, 204);
        int accepted = 0;
        for (Response response : List.of(
                other.get("/user/me", token),
                one.get("/user/me", token),
                other.post("/token/refresh", "", "{\"refreshToken\":\"" + login.text("refreshToken") + "\"}"))) {
            accepted += response.status() == 401 && response.text("code").equals("SESSION_ENDED") ? 0 : 1;
        }
        delete(id);
        return accepted;
    }

    /**
     * Deletes the user and its sessions. Otherwise each later query would scan the users and sessions of all earlier
     * rounds in the embedded store.
     */
    private static void delete(String user) {
        ObjectId id = new ObjectId(user);
        stores.users().deleteOne(new Document("_id", id));
        stores.collection("sessions").deleteMany(new Document("userId", id));
    }

    @Test
    void anEndedSessionIsRejectedEvenWhileTheOtherNodeKeepsCheckingIt() throws Exception {
        for (int round = 0; round < (LONG ? 500 : 15); round++) {
            String id = newUser();
            String token = loginFromNewAddress(id).text("token");
            AtomicBoolean stop = new AtomicBoolean();
            ExecutorService callers = Executors.newFixedThreadPool(THREADS);
            List<Future<?>> calls = new ArrayList<>();
            try {
                for (int i = 0; i < THREADS; i++) {
                    calls.add(callers.submit(() -> {
                        while (!stop.get()) {
                            other.get("/user/me", token);
                        }
                    }));
                }
                assertThat(one.send("POST", "/logout", "", "auth", token).status())
                        .isEqualTo(200);

                assertThat(other.get("/user/me", token).status()).isEqualTo(401);
                assertThat(other.get("/user/me", token).status()).isEqualTo(401);
            } finally {
                stop.set(true);
                callers.shutdown();
            }
            for (Future<?> call : calls) {
                call.get();
            }
        }
    }

    @Test
    void rolesAreCurrentWhateverTheTokenContains() {
        String id = newUser();
        String token = loginFromNewAddress(id).text("token");
        assertThat(other.get("/user", token).status()).isEqualTo(403);

        one.patch("/user/" + id, admin, "{\"roles\":[\"admin\"]}");
        assertThat(other.get("/user", token).status()).isEqualTo(200);

        one.patch("/user/" + id, admin, "{\"roles\":[\"user\"]}");
        assertThat(other.get("/user", token).status()).isEqualTo(403);
        assertThat(other.patch("/user/" + id, token, "{\"roles\":[\"admin\"]}").status())
                .isEqualTo(403);
    }

    @Test
    void enablingAUserAgainDoesNotRestoreTheirSessions() {
        String id = newUser();
        Response login = loginFromNewAddress(id);
        one.patch("/user/" + id, admin, "{\"status\":\"disabled\"}");
        one.patch("/user/" + id, admin, "{\"status\":\"active\"}");

        assertThat(other.get("/user/me", login.text("token")).text("code")).isEqualTo("SESSION_ENDED");
        assertThat(loginFromNewAddress(id).status()).isEqualTo(200);
    }

    @Test
    void aCachedSessionIsCheckedWithoutMongo() {
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < CACHED_SESSIONS; i++) {
            tokens.add(loginFromNewAddress(newUser()).text("token"));
        }
        // A new node does not use the cache during its first few seconds. On a busy machine, a node may later stop
        // using Redis for a moment.
        await().atMost(Duration.ofSeconds(60))
                .until(() -> IntStream.range(0, 11).allMatch(round -> commandsOf(tokens) == 0));
    }

    /**
     * Sends one request per token and node. Returns the number of MongoDB commands that these requests caused. The
     * number does not include the periodic reads of the nodes.
     */
    private static int commandsOf(List<String> tokens) {
        commands.clear();
        for (String token : tokens) {
            for (Node node : List.of(one, other)) {
                assertThat(node.get("/user/me", token).status()).isEqualTo(200);
            }
        }
        return (int) commands.stream()
                .filter(command -> !List.of("find meta", "find signingKeys").contains(command))
                .count();
    }

    private static String newUser() {
        return one.create(admin, "user-" + number.incrementAndGet(), PASSWORD);
    }

    private static Response loginFromNewAddress(String id) {
        String username = one.get("/user/" + id, admin).text("username");
        Response login = one.loginFrom(newAddress(), username, PASSWORD);
        assertThat(login.status()).as(login.body()).isEqualTo(200);
        return login;
    }

    /** Returns a new address at each call, so that the rate limit does not apply. */
    private static String newAddress() {
        int next = number.incrementAndGet();
        return "10." + (next >> 16 & 255) + "." + (next >> 8 & 255) + "." + (next & 255);
    }
}
