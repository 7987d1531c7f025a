package org.gatehouse.account;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.gatehouse.app.Node;
import org.gatehouse.app.Race;
import org.gatehouse.json.Json;
import org.gatehouse.mail.MailServer;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests that each proof succeeds once if two nodes receive it at the same time. */
@Tag("also-full")
class ProofRaceTest {
    /** Each user needs five proofs, one for each purpose. */
    private static final int USERS = Boolean.getBoolean("gatehouse.long") ? 200 : 20;

    private static final int CONCURRENT_USERS = 4;
    private static final String PASSWORD = "correct horse battery staple";

    private static final Stores stores = new Stores();
    private static final MailServer mails = MailServer.start();
    private static final Node one = start();
    private static final Node other = start();
    private static final String admin = one.adminToken();
    private static final ExecutorService users = Executors.newFixedThreadPool(CONCURRENT_USERS);
    private static final Race races = new Race(204, CONCURRENT_USERS);
    private static final Race acceptances = new Race(201, CONCURRENT_USERS);

    private final AtomicInteger used = new AtomicInteger();

    private static Node start() {
        Map<String, String> settings = new HashMap<>(mails.settings());
        settings.put("TRUSTED_PROXIES", "127.0.0.1");
        return Node.start(stores, settings);
    }

    @AfterAll
    static void stop() {
        users.shutdownNow();
        races.close();
        acceptances.close();
        one.close();
        other.close();
        mails.close();
        stores.close();
    }

    @Test
    void ofTwoConcurrentUsesOfEachProofOneSucceeds() throws Exception {
        List<Callable<Boolean>> lives = IntStream.range(0, USERS)
                .<Callable<Boolean>>mapToObj(number -> () -> {
                    use(number);
                    return true;
                })
                .toList();
        for (Future<Boolean> life : users.invokeAll(lives)) {
            assertThat(life.get()).isTrue();
        }
        assertThat(used).hasValue(5 * USERS);
    }

    /** Creates a user and makes and uses a proof of each purpose. */
    private void use(int number) throws Exception {
        String name = "user-" + number;
        String address = name + "@example.com";
        String changed = "changed-" + address;
        String invited = "invited-" + address;
        Response created =
                one.post("/user", admin, json(Map.of("username", name, "password", PASSWORD, "email", address)));
        assertThat(created.status()).isEqualTo(201);
        String source = "10.0." + number / 200 + "." + number % 200;
        race(address, "verification", "verification", 204, proof -> confirmation(source, proof));

        Response accepted = one.send(
                "PUT",
                "/user/" + created.text("_id") + "/email",
                json(Map.of("email", changed, "currentPassword", PASSWORD)),
                "X-Forwarded-For",
                source,
                "auth",
                one.patiently(() -> one.loginFrom(source, name, PASSWORD)).text("token"),
                "Content-Type",
                "application/json");
        assertThat(accepted.status()).isEqualTo(202);
        race(changed, "change", "change", 204, proof -> confirmation(source, proof));
        race(address, "notice-email", "undo", 204, proof -> new Call(source, "/email/undo", Map.of("proof", proof)));
        race(
                address,
                "reset",
                "reset",
                204,
                proof -> new Call(source, "/password/reset", Map.of("proof", proof, "newPassword", "new " + PASSWORD)));

        assertThat(one.post("/invitation", admin, json(Map.of("email", invited)))
                        .status())
                .isEqualTo(202);
        race(
                invited,
                "invitation",
                "invitation",
                201,
                proof -> new Call(
                        source,
                        "/invitation/accept",
                        Map.of("proof", proof, "username", "invited-" + number, "password", PASSWORD)));
    }

    /** A call with a proof. */
    private record Call(String source, String path, Map<String, String> body) {
        Response send(Node node) {
            return node.patiently(() ->
                    node.send("POST", path, json(body), "Content-Type", "application/json", "X-Forwarded-For", source));
        }
    }

    private static Call confirmation(String source, String proof) {
        return new Call(source, "/email/confirm", Map.of("proof", proof, "password", PASSWORD));
    }

    private void race(String address, String kind, String purpose, int success, Function<String, Call> call)
            throws Exception {
        Call use = call.apply(mails.await(address, kind).proof(purpose));
        Optional<Response> succeeded = (success == 201 ? acceptances : races)
                .run(
                        Stream.of(one, other)
                                .<Callable<Response>>map(node -> () -> use.send(node))
                                .toList(),
                        AccountNodes::assertProofInvalid);
        if (succeeded.isEmpty()) {
            // The change may not be stored yet, and the next proof needs it.
            assertThat(use.send(one).status()).isIn(success, 400);
        }
        used.incrementAndGet();
    }

    private static String json(Map<String, ?> body) {
        return Json.MAPPER.valueToTree(body).toString();
    }
}
