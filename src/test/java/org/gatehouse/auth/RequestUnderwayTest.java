package org.gatehouse.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Tests requests that one node processes while another node ends the caller's session or changes the caller's rights.
 */
class RequestUnderwayTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String NEW_PASSWORD = "staple battery horse correct";

    private static final Stores stores = new Stores();
    private static volatile BlockedCommand blocked = new BlockedCommand("");
    private static final Node one = Node.start(stores, Map.of(), command -> blocked.beforeSending(command));
    private static final Node other = Node.start(stores);
    private static final AtomicInteger number = new AtomicInteger();

    /** Blocks the first thread that is about to send this MongoDB command. The test releases the thread. */
    private record BlockedCommand(String command, CountDownLatch reached, CountDownLatch released) {
        BlockedCommand(String command) {
            this(command, new CountDownLatch(1), new CountDownLatch(1));
        }

        void beforeSending(String sent) {
            if (sent.equals(command) && reached.getCount() > 0) {
                reached.countDown();
                awaitReleased();
            }
        }

        private void awaitReleased() {
            try {
                assertThat(released.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @AfterAll
    static void close() {
        blocked.released().countDown();
        one.close();
        other.close();
        stores.close();
    }

    @Test
    void endingOtherSessionsDoesNotRestoreASessionThatHasEnded() throws Exception {
        String name = newUser();
        String thief = other.token(name, PASSWORD);
        String owner = other.token(name, PASSWORD);

        Response response = responseToBlockedRequest(
                "findAndModify users",
                () -> one.delete("/session?others=true", thief),
                () -> other.post("/logout", owner, "{\"everywhere\":true}"));

        assertThat(response.text("code")).as(response.body()).isEqualTo("SESSION_ENDED");
        assertThat(other.get("/user/me", thief).text("code")).isEqualTo("SESSION_ENDED");
    }

    @Test
    void aChangeOfThePasswordDoesNotRestoreASessionThatHasEnded() throws Exception {
        String name = newUser();
        String thief = other.token(name, PASSWORD);
        String owner = other.token(name, PASSWORD);

        Response response = responseToBlockedRequest(
                "update users",
                () -> one.send(
                        "PUT",
                        "/user/me/password",
                        "{\"currentPassword\":\"" + PASSWORD + "\",\"newPassword\":\"" + NEW_PASSWORD + "\"}",
                        "auth",
                        thief,
                        "Content-Type",
                        "application/json"),
                () -> other.post("/logout", owner, "{\"everywhere\":true}"));

        assertThat(response.text("code")).as(response.body()).isEqualTo("SESSION_ENDED");
        assertThat(other.get("/user/me", thief).text("code")).isEqualTo("SESSION_ENDED");
        assertThat(other.login(name, PASSWORD).status()).isEqualTo(200);
    }

    @Test
    void aBodySentAfterTheCallerLostItsRightsIsNotApplied() throws Exception {
        String admin = other.adminToken();
        String name = newUser();
        String id = other.get("/user?sort=-createdAt&limit=1", admin)
                .json()
                .at("/0/_id")
                .asText();
        other.patch("/user/" + id, admin, "{\"roles\":[\"admin\"]}");
        String token = other.token(name, PASSWORD);

        String responseToDemoted = responseToDelayedBody(
                "POST",
                "/user",
                token,
                "{\"username\":\"backdoor\",\"password\":\"" + PASSWORD + "\",\"roles\":[\"admin\"]}",
                () -> other.patch("/user/" + id, admin, "{\"roles\":[\"user\"]}"));
        assertThat(responseToDemoted).contains("FORBIDDEN");

        other.patch("/user/" + id, admin, "{\"roles\":[\"admin\"]}");
        String responseToOwnPromotion = responseToDelayedBody(
                "PATCH",
                "/user/me",
                token,
                "{\"roles\":[\"admin\"]}",
                () -> other.patch("/user/" + id, admin, "{\"roles\":[\"user\"]}"));
        assertThat(responseToOwnPromotion).contains("FORBIDDEN");
        assertThat(other.get("/user/" + id, admin).json().at("/roles/0").asText())
                .isEqualTo("user");

        String responseAfterEnd = responseToDelayedBody(
                "PATCH", "/user/me", token, "{\"note\":1}", () -> other.delete("/user/" + id + "/session", admin));
        assertThat(responseAfterEnd).contains("SESSION_ENDED");
    }

    @Test
    void aDemotedAdministratorCannotRestoreTheirRoleWithAPendingRequest() throws Exception {
        String admin = other.adminToken();
        String name = newUser();
        String id = other.get("/user?sort=-createdAt&limit=1", admin)
                .json()
                .at("/0/_id")
                .asText();
        other.patch("/user/" + id, admin, "{\"roles\":[\"admin\"]}");
        String token = other.token(name, PASSWORD);

        Response response = responseToBlockedRequest(
                "insert meta", // this command acquires the lock of LastAdministratorRule
                () -> one.patch("/user/me", token, "{\"roles\":[\"admin\"]}"),
                () -> other.patch("/user/" + id, admin, "{\"roles\":[\"user\"]}"));

        assertThat(response.text("code")).as(response.body()).isEqualTo("FORBIDDEN");
        assertThat(other.get("/user/" + id, admin).json().at("/roles/0").asText())
                .isEqualTo("user");
    }

    /**
     * Sends the head of a request, makes the call {@code meanwhile}, and then sends the body. Returns the response to
     * the request.
     */
    private static String responseToDelayedBody(
            String method, String path, String token, String body, Supplier<Response> meanwhile) throws IOException {
        try (Socket socket = new Socket(
                InetAddress.getLoopbackAddress(), URI.create(one.baseUri()).getPort())) {
            socket.setSoTimeout(60_000);
            String head = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nauth: " + token
                    + "\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nConnection: close"
                    + "\r\nContent-Length: " + body.length() + "\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            // Jetty sends 100 Continue when the application reads the body. Gatehouse has authorized the caller before
            // this read.
            byte[] interim = socket.getInputStream().readNBytes("HTTP/1.1 100 Continue\r\n\r\n".length());
            assertThat(new String(interim, StandardCharsets.US_ASCII)).contains("100 Continue");
            Response response = meanwhile.get();
            assertThat(response.status()).as(response.body()).isBetween(200, 204);
            socket.getOutputStream().write(body.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /**
     * Sends a request and blocks its thread before the given MongoDB command. Releases the thread when the call
     * {@code meanwhile} has ended. Returns the response to the request.
     */
    private static Response responseToBlockedRequest(
            String command, Supplier<Response> request, Supplier<Response> meanwhile) throws Exception {
        blocked = new BlockedCommand(command);
        CompletableFuture<Response> blockedResponse = CompletableFuture.supplyAsync(request);
        try {
            assertThat(blocked.reached().await(60, TimeUnit.SECONDS)).isTrue();
            Response response = meanwhile.get();
            assertThat(response.status()).as(response.body()).isBetween(200, 204);
        } finally {
            blocked.released().countDown();
        }
        return blockedResponse.get(60, TimeUnit.SECONDS);
    }

    private static String newUser() {
        String name = "user-" + number.incrementAndGet();
        other.create(other.adminToken(), name, PASSWORD);
        return name;
    }
}
