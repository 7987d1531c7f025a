package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.FactorNodes.json;
import static org.gatehouse.war.SecretCalls.assertStatus;
import static org.gatehouse.war.ServiceClient.credentials;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.factor.TestAuthenticator;

/** Makes the calls about second factors, and records their secrets, codes, challenges and signatures. */
final class SecretFactorCalls {
    private static final String JSON = "application/json";

    private final SecretCalls calls;
    private final String name;
    private final Secrets secrets;
    private final TestAuthenticator authenticator = new TestAuthenticator("https://login.example.com");
    private String password = "";

    SecretFactorCalls(SecretCalls calls, String instance, Secrets.Kinds kinds) {
        this.calls = calls;
        this.name = "otto-" + instance;
        this.secrets = kinds.secrets();
    }

    void callEverything(String admin) {
        password = secrets.make("the password of a user with factors");
        Response created = calls.json("POST", "/user", admin, credentials(name, password));
        assertStatus(201, created);
        String token = calls.login("/login", credentials(name, password)).text("token");
        recordToken(post(200, "/login/step-up", token, Map.of("password", password)));
        Response device = post(201, "/factor/totp", token, Map.of("name", "Phone"));
        String secret = secrets.add("the secret of a TOTP device", device.text("secret"));
        secrets.add("the bytes of the secret of a TOTP device", HexFormat.of().formatHex(FactorNodes.base32(secret)));
        misuse("/factor/" + device.text("_id") + "/confirm", token, "code");
        Response confirmed = post(
                200,
                "/factor/" + device.text("_id") + "/confirm",
                token,
                Map.of("code", FactorNodes.codeAt(secret, Instant.now())));
        List<String> codes = recoveryCodes(confirmed);
        String passkey = passkey(recordToken(confirmed));
        wrongCodes();
        String code = FactorNodes.codeAt(secret, Instant.now().plus(FactorNodes.STEP));
        recordToken(post(200, "/login/factor", "", Map.of("challenge", challenge(), "type", "totp", "code", code)));
        String session = recordToken(post(
                200, "/login/factor", "", Map.of("challenge", challenge(), "type", "recovery", "code", codes.get(0))));
        stepUp(session);
        loginWithPasskey();
        recoveryCodes(post(200, "/factor/recovery-codes", session, Map.of()));
        remove(admin, session, created.text("_id"), device.text("_id"), passkey, secret);
    }

    /** Adds a passkey, and returns its id. */
    private String passkey(String token) {
        JsonNode options = post(200, "/passkey/options", token, Map.of()).json();
        secrets.add("a challenge", options.path("challenge").asText());
        misuse("/passkey", token, "credential");
        Response added =
                post(201, "/passkey", token, Map.of("name", "Laptop", "credential", authenticator.create(options)));
        recordToken(added);
        return added.text("_id");
    }

    private void wrongCodes() {
        String challenge = challenge();
        for (String type : List.of("totp", "recovery")) {
            String wrong = secrets.make("a wrong code of the type " + type);
            Map<String, ?> body = Map.of("challenge", challenge, "type", type, "code", wrong);
            assertStatus(401, calls.json("POST", "/login/factor", "", json(body)));
        }
        String unknown = secrets.make("an unknown challenge");
        Map<String, ?> body = Map.of("challenge", unknown, "type", unknown, "id", unknown, "code", unknown);
        assertStatus(400, calls.json("POST", "/login/factor", "", json(body)));
        misuse("/login/factor", "", "challenge");
        misuse("/login/passkey", "", "credential");
    }

    private void stepUp(String token) {
        String wrong = secrets.make("a wrong password of a step-up");
        assertStatus(400, calls.json("POST", "/login/step-up", token, json(Map.of("password", wrong))));
        misuse("/login/step-up", token, "password");
        Response required = post(401, "/login/step-up", token, Map.of("password", password));
        String challenge = secrets.add("a challenge", required.text("challenge"));
        JsonNode credential = signed(required.json().path("passkey"));
        Response done = post(
                200, "/login/factor", "", Map.of("challenge", challenge, "type", "passkey", "credential", credential));
        secrets.add("an access token", done.text("token"));
    }

    private void loginWithPasskey() {
        JsonNode options = post(200, "/login/passkey/options", "", Map.of()).json();
        secrets.add("a challenge", options.path("challenge").asText());
        recordToken(post(200, "/login/passkey", "", Map.of("credential", signed(options))));
    }

    private void remove(String admin, String token, String user, String device, String passkey, String secret) {
        assertStatus(200, calls.call("GET", "/factor", "", "auth", token));
        assertStatus(200, calls.call("GET", "/user/" + user + "/factor", "", "auth", admin));
        assertStatus(404, calls.call("DELETE", "/factor/" + secret, "", "auth", token));
        assertStatus(204, calls.call("DELETE", "/factor/" + device, "", "auth", token));
        assertStatus(204, calls.call("DELETE", "/user/" + user + "/factor/" + passkey, "", "auth", admin));
    }

    /** Returns an assertion, and records its signature. */
    private JsonNode signed(JsonNode options) {
        JsonNode credential = authenticator.get(options);
        secrets.add(
                "the signature of a passkey",
                credential.path("response").path("signature").asText());
        return credential;
    }

    private String challenge() {
        Response login = calls.send("POST", "/login", credentials(name, password), "Content-Type", JSON);
        assertStatus(401, login);
        return secrets.add("a challenge", login.text("challenge"));
    }

    private List<String> recoveryCodes(Response response) {
        List<String> codes = new ArrayList<>();
        for (JsonNode code : response.json().path("recoveryCodes")) {
            codes.add(secrets.add("a recovery code", code.asText()));
            secrets.add("a recovery code without hyphens", code.asText().replace("-", ""));
        }
        assertThat(codes).hasSize(10);
        return codes;
    }

    private String recordToken(Response response) {
        if (response.json().has("refreshToken")) {
            secrets.add("a refresh token", response.text("refreshToken"));
        }
        return secrets.add("an access token", response.text("token"));
    }

    /** Sends secrets where a careless service might return or log them. */
    private void misuse(String path, String token, String field) {
        String secret = secrets.make("part of a bad request of " + path);
        for (String body :
                List.of("{\"%s\":[\"SECRET\"]}", "{\"%s\":{\"x\":\"SECRET\"},\"y\":1}", "{\"%s\":\"SECRET", "SECRET")) {
            Response rejected =
                    calls.json("POST", path, token, body.formatted(field).replace("SECRET", secret));
            assertThat(rejected.status()).as(rejected.body()).isEqualTo(400);
        }
    }

    /** Sends a request whose response may contain secrets. */
    private Response post(int status, String path, String token, Map<String, ?> body) {
        Response response = calls.send("POST", path, json(body), "auth", token, "Content-Type", JSON);
        assertStatus(status, response);
        return response;
    }
}
