package org.gatehouse.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.FactorNodes.json;
import static org.gatehouse.war.ServiceClient.credentials;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.factor.TestAuthenticator;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;

/** Calls the operations of second factors, so that every described status and field occurs in a response. */
final class FactorCalls {
    /** A role that requires a second factor. */
    static final String ROLE = "guarded";

    private static final String PASSWORD = "correct horse battery staple";

    /** The secret of an imported TOTP device. */
    private static final String SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    private static final String IMPORTED = "6b04b3b7e9cfde2681108d63";

    private final Calls calls;
    private final SettableClock clock;
    private final TestAuthenticator authenticator = new TestAuthenticator(
            TestAuthenticator.Algorithm.ES256,
            "https://id.example",
            UUID.fromString("fbfc3007-154e-4ecc-8c0b-6e020557d7bd"));

    /** Sends a request with a JSON body. */
    @FunctionalInterface
    interface Calls {
        Response call(String method, String path, String token, String body);
    }

    FactorCalls(Calls calls, SettableClock clock) {
        this.calls = calls;
        this.clock = clock;
    }

    /** Makes the calls. Returns the options for a passkey as a second factor. */
    JsonNode run(String admin) {
        guesses(admin);
        String lena = post(
                        201,
                        "/user",
                        admin,
                        Map.of("username", "lena", "password", PASSWORD, "roles", List.of("user", ROLE)))
                .text("_id");
        String enrolling =
                calls.call("POST", "/login", "", credentials("lena", PASSWORD)).text("token");
        Response device = post(201, "/factor/totp", enrolling, Map.of("name", "Phone"));
        String code = FactorNodes.codeAt(device.text("secret"), clock.instant());
        Response confirmed = post(200, "/factor/" + device.text("_id") + "/confirm", enrolling, Map.of("code", code));
        String token = confirmed.text("token");
        String passkey = passkey(token);
        JsonNode options =
                logins(token, confirmed.json().path("recoveryCodes").path(0).asText());
        post(200, "/factor/recovery-codes", token, Map.of());
        assertStatus(200, calls.call("GET", "/factor", token, ""));
        assertStatus(200, calls.call("GET", "/user/" + lena + "/factor", admin, ""));
        assertStatus(200, calls.call("GET", "/user/" + lena + "/overview", admin, ""));
        assertStatus(200, calls.call("GET", "/user/export?hashes=true", admin, ""));
        assertStatus(204, calls.call("DELETE", "/factor/" + device.text("_id"), token, ""));
        assertStatus(204, calls.call("DELETE", "/user/" + lena + "/factor/" + passkey, admin, ""));
        assertStatus(401, calls.call("GET", "/check?acr=urn:gatehouse:2&max_age=60", admin, ""));
        return options;
    }

    /** Sends wrong codes from a source that is unknown at first, and known after a login. */
    private void guesses(String admin) {
        Map<String, ?> factor = Map.of(
                "_id",
                IMPORTED,
                "type",
                "totp",
                "name",
                "Phone",
                "createdAt",
                "2026-01-02T03:04:05.678Z",
                "secret",
                SECRET);
        String line = json(Map.of("username", "nina", "password", PASSWORD, "factors", List.of(factor)));
        assertThat(calls.call("POST", "/user/import", admin, line).body()).contains("\"created\":1");
        post(401, "/login/factor", "", Map.of("challenge", challenge("nina"), "type", "totp", "code", "none"));
        String code = FactorNodes.codeAt(SECRET, clock.instant());
        Response login =
                post(200, "/login/factor", "", Map.of("challenge", challenge("nina"), "type", "totp", "code", code));
        post(401, "/login/factor", "", Map.of("challenge", challenge("nina"), "type", "totp", "code", "none"));
        String id = login.json().path("user").path("_id").asText();
        assertStatus(200, calls.call("GET", "/user/" + id + "/throttle", admin, ""));
    }

    /** Adds a passkey, and returns its id. */
    private String passkey(String token) {
        JsonNode options = post(200, "/passkey/options", token, Map.of()).json();
        Response added =
                post(201, "/passkey", token, Map.of("name", "Laptop", "credential", authenticator.create(options)));
        post(200, "/passkey/options", token, Map.of());
        return added.text("_id");
    }

    private JsonNode logins(String token, String recoveryCode) {
        post(
                200,
                "/login/factor",
                "",
                Map.of("challenge", challenge("lena"), "type", "recovery", "code", recoveryCode));
        Response required = post(401, "/login/step-up", token, Map.of("password", PASSWORD));
        JsonNode options = required.json().path("passkey");
        Map<String, ?> response = Map.of(
                "challenge", required.text("challenge"), "type", "passkey", "credential", authenticator.get(options));
        post(200, "/login/factor", "", response);
        JsonNode any = post(200, "/login/passkey/options", "", Map.of()).json();
        post(200, "/login/passkey", "", Map.of("credential", authenticator.get(any)));
        return options;
    }

    private String challenge(String name) {
        Response login = calls.call("POST", "/login", "", credentials(name, PASSWORD));
        assertStatus(401, login);
        return login.text("challenge");
    }

    private Response post(int status, String path, String token, Map<String, ?> body) {
        Response response = calls.call("POST", path, token, json(body));
        assertStatus(status, response);
        return response;
    }

    private static void assertStatus(int status, Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(status);
    }
}
