package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;

import com.eatthepath.otp.TimeBasedOneTimePasswordGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.InvalidKeyException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;
import org.gatehouse.app.Node;
import org.gatehouse.json.Json;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;

/** Two nodes that share their stores and a clock, and the calls that tests of second factors need. */
public final class FactorNodes implements AutoCloseable {
    public static final String PASSWORD = "correct horse battery staple";

    /** The length of a time step of a TOTP code. */
    public static final Duration STEP = Duration.ofSeconds(30);

    public final Stores stores = new Stores();
    public final SettableClock clock = SettableClock.atNow();
    public final Node node;
    public final Node other;

    /** @param more settings that extend or replace the usual settings */
    public FactorNodes(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of("TRUSTED_PROXIES", "127.0.0.1"));
        settings.putAll(more);
        node = Node.start(stores, settings, clock);
        other = Node.start(stores, settings, clock);
    }

    /** A user with a TOTP device. */
    public record Enrolled(
            String userId, String name, String factorId, String secret, List<String> recoveryCodes, String token) {}

    /** Creates a user without a factor, and returns the id. */
    public String create(String name) {
        Response created = node.post("/user", node.adminToken(), json(Map.of("username", name, "password", PASSWORD)));
        assertThat(created.status()).isEqualTo(201);
        return created.text("_id");
    }

    /** Creates a user and enrols a TOTP device from this source. The current code is then used. */
    public Enrolled enrol(String name, String source) {
        String id = create(name);
        Response login = node.loginFrom(source, name, PASSWORD);
        assertThat(login.status()).isEqualTo(200);
        return enrol(id, name, login.text("token"));
    }

    /** Enrols a TOTP device with a token of a user. */
    public Enrolled enrol(String id, String name, String token) {
        Response added = node.post("/factor/totp", token, json(Map.of("name", "phone")));
        assertThat(added.status()).as(added.body()).isEqualTo(201);
        String secret = added.text("secret");
        Response confirmed =
                node.post("/factor/" + added.text("_id") + "/confirm", token, json(Map.of("code", code(secret))));
        assertThat(confirmed.status()).as(confirmed.body()).isEqualTo(200);
        List<String> codes = new ArrayList<>();
        confirmed.json().path("recoveryCodes").forEach(code -> codes.add(code.asText()));
        return new Enrolled(id, name, added.text("_id"), secret, codes, confirmed.text("token"));
    }

    /** Advances the clock to the next time step, in which no code is used yet. */
    public void nextStep() {
        clock.advance(STEP);
    }

    /** Returns the code of the current time step. */
    public String code(String secret) {
        return code(secret, 0);
    }

    /** Returns the code of a time step relative to the current one. */
    public String code(String secret, int steps) {
        return codeAt(secret, clock.instant().plus(STEP.multipliedBy(steps)));
    }

    /** Returns a code that none of the accepted time steps has. */
    public String wrongCode(String secret) {
        for (int guess = 0; true; guess++) {
            String wrong = "%06d".formatted(guess);
            if (!wrong.equals(code(secret, -1)) && !wrong.equals(code(secret)) && !wrong.equals(code(secret, 1))) {
                return wrong;
            }
        }
    }

    /** Returns the code of a time. */
    public static String codeAt(String secret, Instant time) {
        try {
            return new TimeBasedOneTimePasswordGenerator()
                    .generateOneTimePasswordString(new SecretKeySpec(base32(secret), "HmacSHA1"), time);
        } catch (InvalidKeyException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Decodes Base32 (RFC 4648, section 6) without padding. */
    public static byte[] base32(String text) {
        byte[] bytes = new byte[text.length() * 5 / 8];
        int bits = 0;
        int count = 0;
        int next = 0;
        for (char c : text.toCharArray()) {
            bits = bits << 5 | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c);
            count += 5;
            if (count >= 8) {
                count -= 8;
                bytes[next++] = (byte) (bits >> count);
            }
        }
        return bytes;
    }

    /** Logs in with the password, and returns the challenge for the second factor. */
    public String challenge(String name, String source) {
        Response login = node.persistently(() -> node.loginFrom(source, name, PASSWORD));
        assertThat(login.status()).as(login.body()).isEqualTo(401);
        assertThat(login.text("code")).isEqualTo("FACTOR_REQUIRED");
        return login.text("challenge");
    }

    /** Sends a code of a TOTP device. */
    public Response totp(Node to, String source, String challenge, String code) {
        return factor(to, source, Map.of("challenge", challenge, "type", "totp", "code", code));
    }

    /** Sends a response to a challenge. */
    public Response factor(Node to, String source, Map<String, ?> body) {
        return post(to, source, "/login/factor", body);
    }

    /** Sends a request from this source. */
    public static Response post(Node to, String source, String path, Map<String, ?> body) {
        return to.send("POST", path, json(body), "Content-Type", "application/json", "X-Forwarded-For", source);
    }

    /** Returns the types of the audit entries about a user, latest first. */
    public List<String> audit(String userId) {
        List<String> types = new ArrayList<>();
        node.get("/audit?user=" + userId, node.adminToken())
                .json()
                .forEach(entry -> types.add(entry.path("type").asText()));
        return types;
    }

    /** Returns the claims of an access token, without verifying it. */
    public static JsonNode claims(String token) {
        try {
            return Json.MAPPER.readTree(Base64.getUrlDecoder().decode(token.split("\\.", -1)[1]));
        } catch (IOException malformed) {
            throw new UncheckedIOException(malformed);
        }
    }

    public static String json(Map<String, ?> body) {
        return Json.MAPPER.valueToTree(body).toString();
    }

    @Override
    public void close() {
        node.close();
        other.close();
        stores.close();
    }
}
