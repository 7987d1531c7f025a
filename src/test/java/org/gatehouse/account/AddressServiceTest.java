package org.gatehouse.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.account.AccountNodes.NEW_PASSWORD;
import static org.gatehouse.account.AccountNodes.PASSWORD;
import static org.gatehouse.account.AccountNodes.assertProofInvalid;

import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.mail.MailServer;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Tests the verification, the change and the restoration of addresses, with two nodes and a mail server. */
class AddressServiceTest {
    private static final AccountNodes nodes = new AccountNodes(Map.of("REGISTRATION", "open"));
    private static final MailServer mails = nodes.mails;
    private static final Node node = nodes.node;
    private static final AtomicInteger number = new AtomicInteger();

    private final String name = "person-" + number.incrementAndGet();
    private final String address = name + "@example.com";
    private final String newAddress = "new-" + address;

    @AfterAll
    static void stop() {
        nodes.close();
    }

    @Test
    void aNewUserVerifiesTheAddressWithItsToken() {
        String id = register(name, address);
        String token = node.token(name, PASSWORD);
        assertThat(nodes.user(id).has("emailVerified")).isFalse();

        String proof = mails.await(address, "verification").proof("verification");

        assertThat(confirm(token, proof, null).status()).isEqualTo(204);
        assertThat(nodes.user(id).path("emailVerified").isTextual()).isTrue();
        assertThat(nodes.other.login(address, PASSWORD).status()).isEqualTo(200);
        assertThat(nodes.audit(id)).contains("EMAIL_VERIFIED");
        assertProofInvalid(confirm(token, proof, null));
    }

    @Test
    void aNewUserVerifiesTheAddressWithItsPassword() {
        String id = register(name, address);
        String proof = mails.await(address, "verification").proof("verification");

        assertRejected(confirm("", proof, null), "password");
        assertRejected(confirm("", proof, "wrong"), "password");
        assertThat(confirm("", proof, PASSWORD).status()).isEqualTo(204);
        assertThat(nodes.user(id).has("emailVerified")).isTrue();
    }

    @Test
    void aStrangersClickVerifiesNothing() {
        String id = register(name, address);
        String proof = mails.await(address, "verification").proof("verification");
        nodes.create("stranger-of-" + name);
        String stranger = node.token("stranger-of-" + name, PASSWORD);

        assertProofInvalid(confirm(stranger, proof, null));
        assertThat(nodes.user(id).has("emailVerified")).isFalse();
    }

    @Test
    void passwordGuessesWithAProofAreThrottled() {
        register(name, address);
        String proof = mails.await(address, "verification").proof("verification");
        for (int i = 0; i < 10; i++) {
            assertRejected(confirm("", proof, "guess " + i), "password");
        }

        assertThat(confirm("", proof, PASSWORD).text("code")).isEqualTo("LOGIN_THROTTLED");
    }

    @Test
    void theMailIsSentAgainUntilTheAddressIsVerified() {
        String id = nodes.createWith(name, address);
        String token = node.token(name, PASSWORD);

        assertThat(node.post("/email/verification", token, "").status()).isEqualTo(202);
        String proof = mails.await(address, "verification").proof("verification");
        assertThat(confirm(token, proof, null).status()).isEqualTo(204);
        assertThat(node.post("/email/verification", token, "").status()).isEqualTo(204);

        assertThat(nodes.changeEmail("me", token, change(null)).status()).isEqualTo(204);
        assertThat(node.post("/email/verification", token, "").text("code")).isEqualTo("EMAIL_MISSING");
        assertThat(nodes.user(id).has("email")).isFalse();
    }

    @Test
    void theOldAddressStaysUntilTheNewOneIsProved() {
        String id = nodes.createVerified(name, address);
        String token = node.token(name, PASSWORD);

        Response started = nodes.changeEmail("me", token, change(newAddress));

        assertThat(started.status()).isEqualTo(202);
        assertThat(nodes.user(id).path("email").asText()).isEqualTo(address);
        MailServer.Received notice = mails.await(address, "notice-email");
        assertThat(notice.text()).contains(newAddress);
        String proof = mails.await(newAddress, "change").proof("change");
        assertThat(node.login(newAddress, PASSWORD).status()).isEqualTo(401);
        assertThat(confirm(token, proof, null).status()).isEqualTo(204);
        assertThat(nodes.user(id).path("email").asText()).isEqualTo(newAddress);
        assertThat(node.login(newAddress, PASSWORD).status()).isEqualTo(200);
        assertThat(node.login(address, PASSWORD).status()).isEqualTo(401);
        assertThat(nodes.audit(id)).contains("EMAIL_CHANGE_STARTED", "EMAIL_CHANGED");
    }

    @Test
    void theReceiverOfTheNoticeRestoresTheOldAddress() {
        String id = nodes.createVerified(name, address);
        String token = node.token(name, PASSWORD);
        nodes.changeEmail("me", token, change(newAddress));
        confirm(token, mails.await(newAddress, "change").proof("change"), null);
        String undo = mails.await(address, "notice-email").proof("undo");
        nodes.clock.advance(Duration.ofHours(71));
        String thief = node.token(name, PASSWORD);

        assertThat(undo(undo).status()).isEqualTo(204);

        assertThat(nodes.user(id).path("email").asText()).isEqualTo(address);
        assertThat(nodes.user(id).has("emailVerified")).isTrue();
        assertThat(node.get("/user/me", thief).text("code")).isEqualTo("SESSION_ENDED");
        String proof = mails.await(address, "reset").proof("reset");
        assertThat(nodes.post("/password/reset", "", Map.of("proof", proof, "newPassword", NEW_PASSWORD))
                        .status())
                .isEqualTo(204);
        assertProofInvalid(undo(undo));
    }

    @Test
    void anUndoBeforeTheProofStopsTheChange() {
        String id = nodes.createVerified(name, address);
        String token = node.token(name, PASSWORD);
        nodes.changeEmail("me", token, change(newAddress));
        String change = mails.await(newAddress, "change").proof("change");

        assertThat(undo(mails.await(address, "notice-email").proof("undo")).status())
                .isEqualTo(204);

        assertProofInvalid(confirm("", change, PASSWORD));
        assertThat(nodes.user(id).path("email").asText()).isEqualTo(address);
    }

    @Test
    void theFirstUndoWinsOverLaterOnes() {
        String id = nodes.createVerified(name, address);
        String token = node.token(name, PASSWORD);
        nodes.changeEmail("me", token, change(newAddress));
        confirm(token, mails.await(newAddress, "change").proof("change"), null);
        String ownersUndo = mails.await(address, "notice-email").proof("undo");
        nodes.clock.advance(Duration.ofSeconds(1));
        nodes.changeEmail("me", token, change("third-" + address));
        String thiefsUndo = mails.await(newAddress, "notice-email").proof("undo");

        assertThat(undo(ownersUndo).status()).isEqualTo(204);

        assertProofInvalid(undo(thiefsUndo));
        assertThat(nodes.user(id).path("email").asText()).isEqualTo(address);
    }

    @Test
    void anUndoSurvivesAChangeOfThePassword() {
        String id = nodes.createVerified(name, address);
        nodes.changeEmail("me", node.token(name, PASSWORD), change(newAddress));
        String undo = mails.await(address, "notice-email").proof("undo");
        node.send(
                "PUT",
                "/user/" + id + "/password",
                AccountNodes.json(Map.of("newPassword", NEW_PASSWORD)),
                "Content-Type",
                "application/json",
                "auth",
                node.adminToken());

        nodes.clock.advance(Duration.ofHours(73));
        assertProofInvalid(undo(undo));
        nodes.clock.advance(Duration.ofHours(-2));
        assertThat(undo(undo).status()).isEqualTo(204);
    }

    @Test
    void aChangeNeedsTheCurrentPassword() {
        nodes.createVerified(name, address);
        String token = node.token(name, PASSWORD);

        assertRejected(nodes.changeEmail("me", token, Map.of("email", newAddress)), "currentPassword");
        assertRejected(
                nodes.changeEmail("me", token, Map.of("email", newAddress, "currentPassword", "wrong")),
                "currentPassword");
        assertRejected(nodes.changeEmail("me", token, Map.of("currentPassword", PASSWORD)), "email");
        assertRejected(
                nodes.changeEmail("me", token, Map.of("email", "no address", "currentPassword", PASSWORD)), "email");
        Map<String, Object> verified = new HashMap<>(change(newAddress));
        verified.put("verified", true);
        assertThat(nodes.changeEmail("me", token, verified).status()).isEqualTo(403);
        assertThat(mails.received(newAddress, "change")).isEmpty();
    }

    @Test
    void anAdministratorChangesAnAddressAtOnceOrWithAProof() {
        String id = nodes.createVerified(name, address);

        assertThat(nodes.changeEmail(id, node.adminToken(), Map.of("email", newAddress))
                        .status())
                .isEqualTo(202);
        mails.await(newAddress, "change");
        assertThat(nodes.changeEmail(id, node.adminToken(), Map.of("email", newAddress, "verified", true))
                        .status())
                .isEqualTo(204);
        assertThat(nodes.user(id).path("email").asText()).isEqualTo(newAddress);
        mails.await(address, "notice-email", 2);
    }

    @Test
    void aStolenMailboxCannotUndoTheChangeOfAnAdministrator() {
        String id = nodes.createVerified(name, address);
        nodes.changeEmail("me", node.token(name, PASSWORD), change("other-" + address));
        String undo = mails.await(address, "notice-email").proof("undo");

        nodes.changeEmail(id, node.adminToken(), Map.of("email", newAddress, "verified", true));

        assertThat(mails.await(address, "notice-email", 2).text()).doesNotContain("#proof=");
        assertProofInvalid(undo(undo));
    }

    @Test
    void aVerifiedAddressBelongsToOneAccount() {
        nodes.createVerified(name, address);
        String second = nodes.create("second-" + name);

        Response taken = nodes.changeEmail(
                second, node.adminToken(), Map.of("email", address.toUpperCase(Locale.ROOT), "verified", true));

        assertThat(taken.text("code")).isEqualTo("EMAIL_TAKEN");
        nodes.changeEmail("me", node.token("second-" + name, PASSWORD), change(address));
        nodes.awaitRow(address, "void");
        assertThat(mails.received(address, "change")).isEmpty();
    }

    @Test
    void anAddressThatAnotherAccountHasVerifiedMeanwhileIsTaken() {
        String first = nodes.create(name);
        nodes.create("second-" + name);
        nodes.changeEmail("me", node.token("second-" + name, PASSWORD), change(address));
        String proof = mails.await(address, "change").proof("change");
        nodes.changeEmail(first, node.adminToken(), Map.of("email", address, "verified", true));

        assertThat(confirm("", proof, PASSWORD).text("code")).isEqualTo("EMAIL_TAKEN");
    }

    @Test
    void anAddressThatAnotherServiceHasReplacedIsFree() {
        String first = nodes.createVerified("first-" + name, address);
        nodes.stores
                .users()
                .updateOne(Filters.eq("_id", new ObjectId(first)), Updates.set("email", "replaced-" + address));
        String second = nodes.create("second-" + name);

        Response taken = nodes.changeEmail(second, node.adminToken(), Map.of("email", address, "verified", true));

        assertThat(taken.status()).isEqualTo(204);
        assertThat(node.login(address, PASSWORD).json().path("user").path("_id").asText())
                .isEqualTo(second);
    }

    @Test
    void anAttackerWhoRegistersTheAddressOfAVictimKeepsNothingOfIt() {
        String attackers = register("attacker-" + name, address);
        String attackersProof = mails.await(address, "verification").proof("verification");
        String victims = register(name, address);
        String proof = mails.await(address, "verification", 2).proof("verification");

        assertThat(confirm("", proof, PASSWORD).status()).isEqualTo(204);

        assertThat(nodes.user(attackers).has("email")).isFalse();
        assertProofInvalid(confirm(node.token("attacker-" + name, PASSWORD), attackersProof, null));
        assertThat(node.login(address, PASSWORD).json().path("user").path("_id").asText())
                .isEqualTo(victims);
        nodes.post("/password/forgot", "", Map.of("username", "attacker-" + name));
        nodes.post("/password/forgot", "", Map.of("email", address));
        assertThat(mails.await(address, "reset").text()).contains(name).doesNotContain("attacker");
    }

    @Test
    void aCreatorCannotComeBackWithAnUndo() {
        String id = nodes.createVerified("creator-" + name, "creator-" + address);
        String token = node.token("creator-" + name, PASSWORD);
        assertThat(nodes.changeEmail("me", token, change(null)).status()).isEqualTo(204);
        node.patch("/user/me", token, "{\"email\":\"" + address + "\"}");
        assertThat(nodes.user(id).path("email").asText()).isEqualTo(address);

        nodes.post("/password/forgot", "", Map.of("email", address));

        nodes.awaitRow(address, "void");
        assertThat(mails.received(address, "reset")).isEmpty();
    }

    private static String register(String username, String email) {
        Response created = nodes.post("/user", "", Map.of("username", username, "password", PASSWORD, "email", email));
        if (created.status() == 429) {
            created = nodes.post(
                    "/user", node.adminToken(), Map.of("username", username, "password", PASSWORD, "email", email));
        }
        assertThat(created.status()).isEqualTo(201);
        return created.text("_id");
    }

    /** Returns the body of a change of the own address; null removes the address. */
    private static Map<String, Object> change(String email) {
        Map<String, Object> body = new HashMap<>();
        body.put("email", email);
        body.put("currentPassword", PASSWORD);
        return body;
    }

    private static Response confirm(String token, String proof, String password) {
        Map<String, String> body = new HashMap<>(Map.of("proof", proof));
        if (password != null) {
            body.put("password", password);
        }
        return nodes.post("/email/confirm", token, body);
    }

    private static Response undo(String proof) {
        return nodes.post("/email/undo", "", Map.of("proof", proof));
    }

    private static void assertRejected(Response response, String field) {
        assertThat(response.status()).isEqualTo(400);
        assertThat(response.json().path("errors").path(0).path("field").asText())
                .isEqualTo(field);
    }
}
