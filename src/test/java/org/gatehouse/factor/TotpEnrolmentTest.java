package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.FactorNodes.PASSWORD;
import static org.gatehouse.factor.FactorNodes.base32;
import static org.gatehouse.factor.FactorNodes.claims;
import static org.gatehouse.factor.FactorNodes.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.bson.BsonBinaryWriter;
import org.bson.Document;
import org.bson.codecs.DocumentCodec;
import org.bson.codecs.EncoderContext;
import org.bson.io.BasicOutputBuffer;
import org.gatehouse.app.Node;
import org.gatehouse.factor.FactorNodes.Enrolled;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the enrolment of TOTP devices over HTTP, with two nodes. */
class TotpEnrolmentTest {
    private static final FactorNodes nodes =
            new FactorNodes(Map.of("PUBLIC_URL", "https://login.example.com/accounts", "AUTH_EXPIRY", "3600000"));
    private static final Node node = nodes.node;
    private static final Node other = nodes.other;
    private static final AtomicInteger number = new AtomicInteger();

    private final int own = number.incrementAndGet();
    private final String name = "zo\u00eb@" + own;
    private final String source = "198.51.100." + own;
    private final String id = nodes.create(name);
    private final String token = login();
    private final String secondSession = login();

    @AfterAll
    static void stop() {
        nodes.close();
    }

    @Test
    void aDeviceIsAFactorAfterItsFirstCode() {
        Response begun = begin("Phone");
        assertThat(begun.json().fieldNames()).toIterable().containsExactlyInAnyOrder("_id", "secret", "otpauth", "svg");
        assertThat(begun.text("secret")).matches("[A-Z2-7]{32}");
        assertThat(begun.text("otpauth"))
                .isEqualTo("otpauth://totp/login.example.com:zo%C3%AB%40" + own + "?secret=" + begun.text("secret")
                        + "&issuer=login.example.com&algorithm=SHA1&digits=6&period=30");
        assertThat(factors(token)).isEmpty();
        assertThat(login()).as("a pending device is not required").isNotEmpty();

        Response confirmed = confirm(begun, nodes.code(begun.text("secret")));

        assertThat(confirmed.status()).as(confirmed.body()).isEqualTo(200);
        assertThat(confirmed.text("_id")).isEqualTo(begun.text("_id"));
        assertThat(confirmed.text("type")).isEqualTo("totp");
        assertThat(confirmed.text("name")).isEqualTo("Phone");
        assertThat(confirmed.json().path("recoveryCodes")).hasSize(10);
        assertThat(confirmed.json().has("refreshToken")).isFalse();
        assertThat(claims(confirmed.text("token")).path("acr").asText()).isEqualTo("urn:gatehouse:2");
        assertThat(claims(confirmed.text("token")).path("amr")).hasToString("[\"mfa\",\"otp\",\"pwd\"]");
        JsonNode listed = other.get("/factor", confirmed.text("token")).json();
        assertThat(listed.path("factors")).hasSize(1);
        assertThat(listed.at("/factors/0").fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder("_id", "type", "name", "createdAt");
        assertThat(listed.path("recoveryCodesLeft").asInt()).isEqualTo(10);
        assertThat(nodes.audit(id)).startsWith("FACTOR_ADDED");
        assertCode(login(Node.credentials(name, PASSWORD)), 401, "FACTOR_REQUIRED");
    }

    /** Only this response contains the recovery codes. */
    @Test
    void aFailureAfterTheFactorIsStoredKeepsTheRecoveryCodes() {
        Response begun = begin("Phone");
        Document session = new Document("_id", claims(token).path("sid").asText());
        Document broken = new Document("$unset", new Document("authTime", "")).append("$set", new Document("amr", "x"));
        assertThat(nodes.stores
                        .collection("sessions")
                        .updateOne(session, broken)
                        .getModifiedCount())
                .isEqualTo(1);

        Response confirmed = confirm(begun, nodes.code(begun.text("secret")));

        assertThat(confirmed.status()).as(confirmed.body()).isEqualTo(200);
        assertThat(confirmed.json().path("recoveryCodes")).hasSize(10);
        assertThat(confirmed.json().has("token")).isFalse();
        assertCode(login(Node.credentials(name, PASSWORD)), 401, "FACTOR_REQUIRED");
    }

    @Test
    void theCodeOfTheConfirmationIsUsed() {
        Response begun = begin("Phone");
        String code = nodes.code(begun.text("secret"));
        assertThat(confirm(begun, code).status()).isEqualTo(200);

        assertCode(nodes.totp(other, source, nodes.challenge(name, source), code), 401, "FACTOR_WRONG");
        assertCode(confirm(begun, nodes.code(begun.text("secret"), 1)), 404, "FACTOR_NOT_FOUND");
        assertThat(nodes.totp(other, source, nodes.challenge(name, source), nodes.code(begun.text("secret"), 1))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void theSecondDeviceBringsNoRecoveryCodes() {
        Enrolled first = nodes.enrol(id, name, token);
        Response begun = node.post("/factor/totp", first.token(), json(Map.of("name", "Tablet")));

        Response confirmed = node.post(
                "/factor/" + begun.text("_id") + "/confirm",
                first.token(),
                json(Map.of("code", nodes.code(begun.text("secret")))));

        assertThat(confirmed.status()).as(confirmed.body()).isEqualTo(200);
        assertThat(confirmed.json().has("recoveryCodes")).isFalse();
        assertThat(factors(confirmed.text("token"))).containsExactly("phone", "Tablet");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "12345",
                "1234567",
                "abcdef",
                "12 34 5a",
                "-12345",
                "\uff11\uff12\uff13\uff14\uff15\uff16",
                "\u0661\u0662\u0663\u0664\u0665\u0666",
                "123456\u0000"
            })
    void otherTextsAreWrongCodes(String code) {
        assertCode(confirm(begin("Phone"), code), 401, "FACTOR_WRONG");
        assertThat(factors(token)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"code\":123456}",
                "{\"code\":null}",
                "{\"code\":[\"123456\"]}",
                "{\"code\":\"1\",\"x\":1}"
            })
    void otherBodiesOfAConfirmationAreInvalid(String body) {
        Response begun = begin("Phone");

        assertCode(node.post("/factor/" + begun.text("_id") + "/confirm", token, body), 400, "VALIDATION_FAILED");
        assertThat(confirm(begun, nodes.code(begun.text("secret"))).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"name\":\"\"}",
                "{\"name\":\"  \"}",
                "{\"name\":\"\\u200b\\u00a0\\u2060\"}",
                "{\"name\":\"\\u3164\"}",
                "{\"name\":7}",
                "{\"name\":\"a\\u0000b\"}",
                "{\"name\":\"\\ud800\"}",
                "{\"name\":\"12345678901234567890123456789012345678901234567890123456789012345\"}",
                "{\"name\":\"a\",\"secret\":\"GEZDGNBVGY3TQOJQ\"}"
            })
    void aDeviceNeedsAName(String body) {
        Response rejected = node.post("/factor/totp", token, body);

        assertCode(rejected, 400, "VALIDATION_FAILED");
        assertThat(pending()).isEmpty();
    }

    @Test
    void codesOfOtherStepsAreRejected() {
        Response begun = begin("Phone");
        String secret = begun.text("secret");

        for (int steps : List.of(-3, -2, 2, 3)) {
            assertCode(confirm(begun, nodes.code(secret, steps)), 401, "FACTOR_WRONG");
        }
        assertThat(confirm(begun, nodes.code(secret, -1)).status()).isEqualTo(200);
    }

    @Test
    void aDeviceOfAnotherUserIsNotFound() {
        Response begun = begin("Phone");
        String eve = "eve-" + own;
        nodes.create(eve);
        String evesToken = node.loginFrom(source, eve, PASSWORD).text("token");
        String code = json(Map.of("code", nodes.code(begun.text("secret"))));

        assertCode(node.post("/factor/" + begun.text("_id") + "/confirm", evesToken, code), 404, "FACTOR_NOT_FOUND");
        assertThat(confirm(begun, nodes.code(begun.text("secret"))).status()).isEqualTo(200);
        assertCode(node.delete("/factor/" + begun.text("_id"), evesToken), 404, "FACTOR_NOT_FOUND");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "000000000000000000000000", "$set", "a.b", "_server", "%20"})
    void anUnknownDeviceIsNotFound(String factor) {
        assertCode(
                node.post("/factor/" + factor + "/confirm", token, "{\"code\":\"123456\"}"), 404, "FACTOR_NOT_FOUND");
        assertCode(node.delete("/factor/" + factor, token), 404, "FACTOR_NOT_FOUND");
    }

    @Test
    void aSecretIsVoidAfterTenWrongCodes() {
        Response begun = begin("Phone");
        for (int i = 0; i < 10; i++) {
            assertCode(confirm(i % 2 == 0 ? node : other, begun, "12345"), 401, "FACTOR_WRONG");
        }

        assertCode(confirm(begun, nodes.code(begun.text("secret"))), 404, "FACTOR_NOT_FOUND");
        assertThat(pending()).isEmpty();
        Response again = begin("Phone");
        assertThat(confirm(again, nodes.code(again.text("secret"))).status()).isEqualTo(200);
    }

    @Test
    void aSixthPendingDeviceReplacesTheOldest() {
        List<Response> begun = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            begun.add(begin("Phone " + i));
            nodes.clock.advance(Duration.ofSeconds(1));
        }

        assertThat(pending()).hasSize(5);
        assertCode(confirm(begun.get(0), nodes.code(begun.get(0).text("secret"))), 404, "FACTOR_NOT_FOUND");
        assertThat(confirm(begun.get(1), nodes.code(begun.get(1).text("secret")))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void anAccountHasAtMostTenDevices() {
        String latest = token;
        for (int i = 0; i < 10; i++) {
            latest = nodes.enrol(id, name, latest).token();
        }

        assertCode(node.post("/factor/totp", latest, "{\"name\":\"One more\"}"), 409, "FACTOR_LIMIT");
        assertThat(factors(latest)).hasSize(10);
    }

    @Test
    void twoEnrolmentsAtOnceBothSucceedWithOneSetOfRecoveryCodes() throws Exception {
        List<Response> begun = atOnce(node -> node.post("/factor/totp", token, "{\"name\":\"Phone\"}"));
        assertThat(begun).allMatch(response -> response.status() == 201);
        assertThat(begun.get(0).text("_id")).isNotEqualTo(begun.get(1).text("_id"));

        Map<Node, Response> devices = Map.of(node, begun.get(0), other, begun.get(1));
        List<Response> confirmed = atOnce(node -> {
            Response device = devices.get(node);
            return confirm(node, device, nodes.code(device.text("secret")));
        });

        // The slower one needs the first factor if the faster one had finished before its request was checked.
        assertThat(confirmed).anyMatch(response -> response.json().has("recoveryCodes"));
        assertThat(confirmed.stream().filter(response -> response.json().has("recoveryCodes")))
                .hasSize(1);
    }

    @Test
    void ofTwoConcurrentConfirmationsOneSucceeds() throws Exception {
        for (int round = 0; round < 5; round++) {
            String user = "racer-" + own + "-" + round;
            String userId = nodes.create(user);
            String usersToken = node.loginFrom(source, user, PASSWORD).text("token");
            Response begun = node.post("/factor/totp", usersToken, "{\"name\":\"Phone\"}");
            String code = json(Map.of("code", nodes.code(begun.text("secret"))));

            List<Response> confirmed =
                    atOnce(one -> one.post("/factor/" + begun.text("_id") + "/confirm", usersToken, code));

            assertThat(confirmed.stream().filter(response -> response.status() == 200))
                    .as("%s", confirmed)
                    .hasSize(1);
            assertThat(confirmed).allMatch(response -> Set.of(200, 401, 404).contains(response.status()));
            assertThat(nodes.audit(userId).stream().filter("FACTOR_ADDED"::equals))
                    .hasSize(1);
        }
    }

    @Test
    void aSecretExpiresAfterTenMinutes() {
        nodes.clock.advance(Duration.ofSeconds(1));
        String fresh = login();
        Response begun = node.post("/factor/totp", fresh, "{\"name\":\"Phone\"}");
        nodes.clock.advance(Duration.ofMinutes(10));
        String later = login();

        assertCode(
                node.post(
                        "/factor/" + begun.text("_id") + "/confirm",
                        later,
                        json(Map.of("code", nodes.code(begun.text("secret"))))),
                404,
                "FACTOR_NOT_FOUND");
        assertThat(node.post("/factor/totp", later, "{\"name\":\"Phone\"}").status())
                .isEqualTo(201);
        assertThat(pending()).as("expired secrets are removed").hasSize(1);
    }

    @Test
    void enrolmentNeedsARecentLogin() {
        Response begun = begin("Phone");
        nodes.clock.advance(Duration.ofMinutes(9));
        assertThat(begin("Phone").status()).isEqualTo(201);
        nodes.clock.advance(Duration.ofMinutes(1).plusMillis(1_001));

        assertCode(begin("Phone"), 401, "INSUFFICIENT_USER_AUTHENTICATION");
        assertCode(confirm(begun, "123456"), 401, "INSUFFICIENT_USER_AUTHENTICATION");
    }

    @Test
    void aSessionWithoutTheFactorCannotChangeFactors() {
        Enrolled user = nodes.enrol(id, name, token);
        String without = secondSession;

        assertCode(node.post("/factor/totp", without, "{\"name\":\"Phone\"}"), 401, "INSUFFICIENT_USER_AUTHENTICATION");
        assertCode(node.delete("/factor/" + user.factorId(), without), 401, "INSUFFICIENT_USER_AUTHENTICATION");
        assertCode(node.post("/factor/recovery-codes", without, ""), 401, "INSUFFICIENT_USER_AUTHENTICATION");
        assertThat(factors(without)).hasSize(1);
    }

    @Test
    void aServiceHasNoFactors() {
        Response service =
                node.post("/service", node.adminToken(), json(Map.of("name", "service", "roles", List.of("admin"))));
        String serviceToken = node.serviceToken(service.text("_id"), service.text("secret"));

        assertCode(node.get("/factor", serviceToken), 403, "FORBIDDEN");
        assertCode(node.post("/factor/totp", serviceToken, "{\"name\":\"Phone\"}"), 403, "FORBIDDEN");
    }

    @Test
    void theStoreContainsNoSecretAndNoCode() {
        Response pending = begin("Phone");
        Enrolled user = nodes.enrol(id, name, token);
        Set<String> forbidden = new HashSet<>(user.recoveryCodes());
        user.recoveryCodes().forEach(code -> forbidden.add(code.replace("-", "")));
        for (String secret : List.of(user.secret(), pending.text("secret"))) {
            forbidden.add(secret);
            forbidden.add(new String(base32(secret), StandardCharsets.ISO_8859_1));
            forbidden.add(Base64.getEncoder().encodeToString(base32(secret)));
            forbidden.add(HexFormat.of().formatHex(base32(secret)));
        }

        List<String> dump = new ArrayList<>();
        for (String collection : nodes.stores.collections()) {
            for (Document document : nodes.stores.collection(collection).find()) {
                dump.add(document.toJson());
                dump.add(new String(bytes(document), StandardCharsets.ISO_8859_1));
            }
        }
        assertThat(dump).anyMatch(document -> document.contains(user.factorId()));
        for (String secret : forbidden) {
            assertThat(dump).noneMatch(document -> document.contains(secret));
        }
    }

    @Test
    void theImageIsAPlainDrawing() {
        String svg = begin("Phone").text("svg");

        assertThat(svg)
                .matches("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 (\\d+) \\1\""
                        + " shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"[Mhvz 0-9-]+H0z\"/>"
                        + "<path fill=\"#000\" d=\"[Mhvz 0-9-]+\"/></svg>");
    }

    private static byte[] bytes(Document document) {
        BasicOutputBuffer buffer = new BasicOutputBuffer();
        new DocumentCodec()
                .encode(
                        new BsonBinaryWriter(buffer),
                        document,
                        EncoderContext.builder().build());
        return buffer.toByteArray();
    }

    private String login() {
        return login(Node.credentials(name, PASSWORD)).text("token");
    }

    private Response login(String credentials) {
        return node.send("POST", "/login", credentials, "Content-Type", "application/json", "X-Forwarded-For", source);
    }

    private Response begin(String device) {
        return node.post("/factor/totp", token, json(Map.of("name", device)));
    }

    private Response confirm(Response begun, String code) {
        return confirm(node, begun, code);
    }

    private Response confirm(Node to, Response begun, String code) {
        return to.post("/factor/" + begun.text("_id") + "/confirm", token, json(Map.of("code", code)));
    }

    private static List<String> factors(String token) {
        List<String> names = new ArrayList<>();
        other.get("/factor", token)
                .json()
                .path("factors")
                .forEach(factor -> names.add(factor.path("name").asText()));
        return names;
    }

    private Set<String> pending() {
        Document user =
                nodes.stores.users().find(new Document("username", name)).first();
        JsonNode json = Response.json(user == null ? "{}" : user.toJson());
        Set<String> ids = new HashSet<>();
        json.path("_server").path("enrolments").fieldNames().forEachRemaining(ids::add);
        return ids;
    }

    private static List<Response> atOnce(Function<Node, Response> call) throws Exception {
        CyclicBarrier together = new CyclicBarrier(2);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<Response>> calls = new ArrayList<>();
            for (Node each : List.of(node, other)) {
                calls.add(threads.submit(() -> {
                    together.await();
                    return call.apply(each);
                }));
            }
            List<Response> responses = new ArrayList<>();
            for (Future<Response> response : calls) {
                responses.add(response.get());
            }
            return responses;
        } finally {
            threads.shutdown();
        }
    }

    private static void assertCode(Response response, int status, String code) {
        assertThat(response.status()).as(response.body()).isEqualTo(status);
        assertThat(response.text("code")).isEqualTo(code);
    }
}
