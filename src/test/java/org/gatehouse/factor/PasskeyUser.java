package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.FactorNodes.PASSWORD;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.json.Json;
import org.gatehouse.war.Response;
import org.jspecify.annotations.Nullable;

/** A user with an authenticator, and the calls of the user's browser. */
final class PasskeyUser {
    /** Settings with the relying party of {@link PasskeyScene}. */
    static final Map<String, String> SETTINGS = Map.of(
            "RP_ID",
            PasskeyScene.RP_ID,
            "RP_ORIGINS",
            PasskeyScene.ORIGIN + "," + PasskeyScene.APP_ORIGIN,
            "AUTH_EXPIRY",
            "3600000");

    final TestAuthenticator authenticator;
    final String id;
    final String name;
    final String source;
    final String token;

    /** Creates a user who has logged in from this source with a password. */
    PasskeyUser(FactorNodes nodes, String name, String source, TestAuthenticator authenticator) {
        this.authenticator = authenticator;
        this.name = name;
        this.source = source;
        this.id = nodes.create(name);
        Response login = nodes.node.loginFrom(source, name, PASSWORD);
        assertThat(login.status()).isEqualTo(200);
        this.token = login.text("token");
    }

    /** Returns the options for a new passkey. */
    JsonNode options(Node node) {
        Response options = post(node, "/passkey/options", Json.MAPPER.createObjectNode(), source, token);
        assertThat(options.status()).as(options.body()).isEqualTo(200);
        return options.json();
    }

    /** Adds a passkey of the authenticator. */
    Response add(Node node) {
        return add(node, authenticator.create(options(node)), null);
    }

    Response add(Node node, JsonNode credential, @Nullable String passkeyName) {
        return add(node, credential, passkeyName, source, token);
    }

    static Response add(Node node, JsonNode credential, @Nullable String passkeyName, String source, String token) {
        ObjectNode body = Json.MAPPER.createObjectNode();
        if (passkeyName != null) {
            body.put("name", passkeyName);
        }
        body.set("credential", credential);
        return post(node, "/passkey", body, source, token);
    }

    /** Returns the options for a login with a passkey. */
    static JsonNode loginOptions(Node node, String source) {
        Response options = node.persistently(
                () -> post(node, "/login/passkey/options", Json.MAPPER.createObjectNode(), source, ""));
        assertThat(options.status()).as(options.body()).isEqualTo(200);
        return options.json();
    }

    static Response logIn(Node node, String source, JsonNode credential) {
        return post(node, "/login/passkey", Json.MAPPER.createObjectNode().set("credential", credential), source, "");
    }

    /** Responds to the challenge for the second factor. */
    static Response logIn(Node node, String source, String challenge, JsonNode credential) {
        ObjectNode body =
                Json.MAPPER.createObjectNode().put("challenge", challenge).put("type", "passkey");
        return post(node, "/login/factor", body.set("credential", credential), source, "");
    }

    static Response post(Node node, String path, JsonNode body, String source, String token) {
        return node.send(
                "POST",
                path,
                body.toString(),
                "Content-Type",
                "application/json",
                "X-Forwarded-For",
                source,
                "auth",
                token);
    }
}
