package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.war.SecretCalls.assertStatus;
import static org.gatehouse.war.ServiceClient.credentials;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.gatehouse.mail.MailServer;

/** Makes the calls about mails and addresses, with the proofs from the received mails. */
final class SecretMailCalls {
    /** The first characters of a proof are the id of a user or an invitation, which is not a secret. */
    private static final int ID_CHARACTERS = 16;

    private final SecretCalls calls;
    private final String instance;
    private final MailServer server;
    private final Secrets secrets;
    private final Secrets misplaced;

    SecretMailCalls(SecretCalls calls, String instance, MailServer server, Secrets.Kinds kinds) {
        this.calls = calls;
        this.instance = instance;
        this.server = server;
        this.secrets = kinds.secrets();
        this.misplaced = kinds.misplaced();
    }

    void callEverything(String admin) {
        String name = "mia-" + instance;
        String address = name + "@example.com";
        String password = verification(admin, name, address);
        password = reset(name, address);
        change(name, address, password);
        invitation(admin);
        queue(admin);
    }

    /** Creates a user and verifies the address. Returns the password. */
    private String verification(String admin, String name, String address) {
        String password = secrets.make("the password of a user with an address");
        String user = credentials(name, password).replace("}", ",\"email\":\"" + address + "\"}");
        assertStatus(201, calls.json("POST", "/user", admin, user));
        String proof = proof(address, "verification", "verification");
        misuse("/email/confirm", proof);
        String confirmation = "{\"proof\":\"%s\",\"password\":\"%s\"}";
        String wrong = secrets.make("a wrong password with a proof");
        assertStatus(400, calls.json("POST", "/email/confirm", "", confirmation.formatted(proof, wrong)));
        assertStatus(204, calls.json("POST", "/email/confirm", "", confirmation.formatted(proof, password)));
        assertStatus(400, calls.json("POST", "/email/confirm", "", confirmation.formatted(proof, password)));
        return password;
    }

    /** Returns the new password. */
    private String reset(String name, String address) {
        // The row of the mail contains the name, because only the worker looks up the account.
        String typed = misplaced.make("a password typed as the name of a forgotten password");
        assertStatus(202, calls.json("POST", "/password/forgot", "", "{\"username\":\"" + typed + "\"}"));
        assertStatus(400, calls.json("POST", "/password/forgot", "", "{\"email\":\"" + typed + "\"}"));
        assertStatus(202, calls.json("POST", "/password/forgot", "", "{\"email\":\"" + address + "\"}"));
        String proof = proof(address, "reset", "reset");
        misuse("/password/reset", proof);
        misuseInPaths(proof);
        String password = secrets.make("a password that was reset");
        String given = "{\"proof\":\"%s\",\"newPassword\":\"%s\"}";
        assertStatus(400, calls.json("POST", "/password/reset", "", given.formatted(proof, password.substring(0, 7))));
        assertStatus(204, calls.json("POST", "/password/reset", "", given.formatted(proof, password)));
        calls.login("/login", credentials(name, password));
        return password;
    }

    private void change(String name, String address, String password) {
        String token = calls.login("/login", credentials(address, password)).text("token");
        assertStatus(204, calls.json("POST", "/email/verification", token, ""));
        String next = "next-" + address;
        String given = "{\"email\":\"" + next + "\",\"currentPassword\":\"%s\"}";
        String wrong = secrets.make("a wrong password at a change of address");
        assertStatus(400, calls.json("PUT", "/user/me/email", token, given.formatted(wrong)));
        assertStatus(202, calls.json("PUT", "/user/me/email", token, given.formatted(password)));
        String proof = proof(next, "change", "change");
        String undo = proof(address, "notice-email", "undo");
        assertStatus(400, calls.json("POST", "/email/undo", "", "{\"proof\":\"" + proof + "\"}"));
        assertStatus(204, calls.json("POST", "/email/confirm", token, "{\"proof\":\"" + proof + "\"}"));
        misuse("/email/undo", undo);
        assertStatus(204, calls.json("POST", "/email/undo", "", "{\"proof\":\"" + undo + "\"}"));
        server.await(address, "reset", 2);
        proof(address, "reset", "reset");
        assertStatus(401, calls.json("GET", "/user/me", token, ""));
        calls.login("/login", credentials(name, password));
    }

    private void invitation(String admin) {
        String address = "nora-" + instance + "@example.com";
        assertStatus(202, calls.json("POST", "/invitation", admin, "{\"email\":\"" + address + "\"}"));
        String proof = proof(address, "invitation", "invitation");
        misuse("/invitation/accept", proof);
        String password = secrets.make("the password of an invited user");
        String given = "{\"proof\":\"%s\",\"username\":\"nora-%s\",\"password\":\"%s\"}";
        assertStatus(201, calls.json("POST", "/invitation/accept", "", given.formatted(proof, instance, password)));
    }

    private void queue(String admin) {
        assertStatus(202, calls.json("POST", "/mail/test", admin, "{\"to\":\"test-" + instance + "@example.com\"}"));
        Response rows = calls.call("GET", "/mail?limit=200", "", "auth", admin);
        assertStatus(200, rows);
        assertThat(rows.body()).contains("\"notice-email\"", "\"invitation\"");
    }

    /** Requests a mail that the server cannot receive, and another attempt to send it. */
    void retry() {
        String admin = calls.adminToken();
        Response row = calls.json("POST", "/mail/test", admin, "{\"to\":\"retry@example.com\"}");
        assertStatus(202, row);
        assertStatus(202, calls.json("POST", "/mail/" + row.text("_id") + "/retry", admin, ""));
    }

    /** Sends the proof in places from which a careless service might log or return it. */
    private void misuse(String path, String proof) {
        for (String body : List.of(
                "{\"proof\":[\"" + proof + "\"]}",
                "{\"proof\":\"x" + proof + "\",\"prof\":\"" + proof + "\"}",
                "{\"proof\":\"" + proof,
                proof)) {
            assertStatus(400, calls.json("POST", path, "", body));
        }
        assertThat(calls.json("POST", path + "?proof=" + proof, "", "{}").status())
                .isEqualTo(400);
    }

    private void misuseInPaths(String proof) {
        assertStatus(200, calls.call("GET", "/account/reset", ""));
        assertThat(calls.call("GET", "/account/reset?proof=" + proof, "").status())
                .isIn(200, 400);
        for (String path : List.of("/account/", "/account/reset/", "/password/reset/")) {
            assertStatus(404, calls.call("GET", path + proof, ""));
        }
        assertStatus(401, calls.call("GET", "/user/me", "", "auth", proof));
        assertThat(calls.call("GET", "/account/reset", "", "Referer", "https://app.example.com/reset#proof=" + proof)
                        .status())
                .isEqualTo(200);
    }

    /** Returns the proof in the latest mail of this kind, and records it. */
    private String proof(String address, String kind, String purpose) {
        String proof = secrets.add(
                "a proof of the purpose " + purpose, server.await(address, kind).proof(purpose));
        String random = secrets.add("the random part of a proof", proof.substring(ID_CHARACTERS));
        byte[] bytes = Base64.getUrlDecoder().decode(random);
        secrets.add("the bytes of a proof", new String(bytes, StandardCharsets.ISO_8859_1));
        return proof;
    }
}
