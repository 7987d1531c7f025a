package org.gatehouse.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.account.AccountNodes.PASSWORD;
import static org.gatehouse.account.AccountNodes.assertProofInvalid;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.mail.MailServer;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Tests invitations, with two nodes and a mail server. */
class InvitationTest {
    private static final AccountNodes nodes = new AccountNodes();
    private static final MailServer mails = nodes.mails;
    private static final Node node = nodes.node;
    private static final AtomicInteger number = new AtomicInteger();

    private final String name = "guest-" + number.incrementAndGet();
    private final String address = name + "@example.com";

    @AfterAll
    static void stop() {
        nodes.close();
    }

    @Test
    void anInvitedPersonCreatesAnAccountWithTheRolesAndAVerifiedAddress() {
        Response invited = invite(Map.of("email", address, "roles", List.of("user", "editor")));
        assertThat(invited.status()).isEqualTo(202);

        String proof = mails.await(address, "invitation").proof("invitation");
        Response accepted = accept(Map.of("proof", proof, "username", name, "password", PASSWORD));

        assertThat(accepted.status()).isEqualTo(201);
        assertThat(accepted.text("_id")).isEqualTo(invited.text("_id"));
        assertThat(accepted.json().path("roles").toString()).isEqualTo("[\"editor\",\"user\"]");
        assertThat(accepted.json().path("emailVerified").isTextual()).isTrue();
        URI user = URI.create(node.baseUri() + "/invitation/accept").resolve(accepted.header("Location"));
        assertThat(node.get(user.toString(), node.adminToken()).header("ETag")).isEqualTo(accepted.header("ETag"));
        assertThat(nodes.other.login(address, PASSWORD).status()).isEqualTo(200);
        assertThat(nodes.audit(accepted.text("_id"))).contains("INVITATION_ACCEPTED");
        assertProofInvalid(accept(Map.of("proof", proof, "username", name + "x", "password", PASSWORD)));
    }

    @Test
    void aRejectedInputKeepsTheInvitation() {
        nodes.create("taken-" + name);
        invite(Map.of("email", address));
        String proof = mails.await(address, "invitation").proof("invitation");

        assertThat(accept(Map.of("proof", proof, "username", name, "password", "short"))
                        .status())
                .isEqualTo(400);
        assertThat(accept(Map.of("proof", proof, "password", PASSWORD)).status())
                .isEqualTo(400);
        assertThat(accept(Map.of("proof", proof, "username", "taken-" + name, "password", PASSWORD))
                        .text("code"))
                .isEqualTo("USERNAME_TAKEN");
        assertThat(accept(Map.of("proof", proof, "username", name, "password", PASSWORD, "roles", "admin"))
                        .status())
                .isEqualTo(400);
        assertThat(accept(Map.of("proof", proof, "username", name, "password", PASSWORD))
                        .status())
                .isEqualTo(201);
    }

    @Test
    void theInvitationMayNameTheUser() {
        invite(Map.of("email", address, "username", name));
        String proof = mails.await(address, "invitation").proof("invitation");

        assertThat(accept(Map.of("proof", proof, "password", PASSWORD)).text("username"))
                .isEqualTo(name);
    }

    @Test
    void anInvitationExpires() {
        invite(Map.of("email", address));
        String proof = mails.await(address, "invitation").proof("invitation");

        nodes.clock.advance(Duration.ofDays(7));

        assertProofInvalid(accept(Map.of("proof", proof, "username", name, "password", PASSWORD)));
    }

    @Test
    void aDeletedUserCannotUseTheInvitationAgain() {
        String id = invite(Map.of("email", address)).text("_id");
        String proof = mails.await(address, "invitation").proof("invitation");
        accept(Map.of("proof", proof, "username", name, "password", PASSWORD));
        assertThat(node.delete("/user/" + id, node.adminToken()).status()).isEqualTo(204);

        assertProofInvalid(accept(Map.of("proof", proof, "username", name, "password", PASSWORD)));
    }

    @Test
    void onlyAdministratorsInvite() {
        nodes.create(name);

        assertThat(nodes.post("/invitation", node.token(name, PASSWORD), Map.of("email", address))
                        .status())
                .isEqualTo(403);
        assertThat(nodes.post("/invitation", "", Map.of("email", address)).status())
                .isEqualTo(401);
        assertThat(invite(Map.of("email", "a b@example.com")).status()).isEqualTo(400);
        assertThat(invite(Map.of("email", address, "roles", List.of("Not A Role")))
                        .status())
                .isEqualTo(400);
    }

    @Test
    void theOwnerOfAVerifiedAddressIsNotInvited() {
        nodes.createVerified(name, address);

        invite(Map.of("email", address));

        nodes.awaitRow(address, "void");
        assertThat(mails.received(address, "invitation")).isEmpty();
    }

    private static Response invite(Map<String, ?> body) {
        return nodes.post("/invitation", node.adminToken(), body);
    }

    private static Response accept(Map<String, ?> body) {
        return nodes.post("/invitation/accept", "", body);
    }
}
