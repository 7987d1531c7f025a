package org.gatehouse.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.json.Json;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Moves users with second factors between two databases whose nodes have different keys. */
class FactorMoveTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    private static final String RECOVERY_CODE = "01234567-89ABCDEF-GHJKMNPQ";
    private static final String RECOVERY_HASH = sha256("0123456789ABCDEFGHJKMNPQ");

    private static final Stores here = new Stores();
    private static final Stores there = new Stores();
    private static final Node source = Node.start(here);
    private static final Node target =
            Node.start(there, Map.of("AUTH_KEY", "another key for the other database, of some length"));
    private static final AtomicInteger number = new AtomicInteger();

    private final String name = "traveller-" + number.incrementAndGet();
    private final String id = new ObjectId().toHexString();
    private final ObjectNode totp = Json.MAPPER.createObjectNode();
    private final ObjectNode passkey = Json.MAPPER.createObjectNode();
    private final ObjectNode line = Json.MAPPER.createObjectNode();

    FactorMoveTest() throws GeneralSecurityException {
        totp.put("_id", new ObjectId().toHexString())
                .put("type", "totp")
                .put("name", "phone")
                .put("createdAt", "2026-01-02T03:04:05.678Z")
                .put("secret", SECRET);
        passkey.put("_id", new ObjectId().toHexString())
                .put("type", "passkey")
                .put("name", "key")
                .put("createdAt", "2026-01-02T03:04:05.678Z")
                .put("lastUsedAt", "2026-02-02T03:04:05.678Z")
                .put("backupEligible", true)
                .put("backedUp", false)
                .put("aaguid", "00112233-4455-6677-8899-aabbccddeeff")
                .put("credentialId", base64(sha256(name).getBytes(StandardCharsets.US_ASCII)))
                .put("publicKey", base64(coseKey()))
                .put("counter", 7);
        passkey.putArray("transports").add("hybrid").add("usb");
        line.put("_id", id).put("username", name).put("password", PASSWORD);
        line.putArray("factors").add(totp).add(passkey);
        line.putArray("recoveryCodes").add(RECOVERY_HASH);
    }

    @AfterAll
    static void stop() {
        source.close();
        target.close();
        here.close();
        there.close();
    }

    @Test
    void theFactorsWorkInTheOtherDatabase() {
        assertThat(result(source, line.toString()).path("status").asText()).isEqualTo("created");
        String exported = exported(source, true);
        assertThat(result(target, exported).path("status").asText()).isEqualTo("created");

        assertThat(exported(target, true)).isEqualTo(exported);
        assertThat(stored(there).toJson()).doesNotContain(SECRET);
        String challenge = challenge();
        Response wrong = factor(Map.of("challenge", challenge, "type", "totp", "code", code(-10)));
        assertThat(wrong.text("code")).as(wrong.body()).isEqualTo("FACTOR_WRONG");
        Response login = factor(Map.of("challenge", challenge, "type", "totp", "code", code(0)));
        assertThat(login.status()).as(login.body()).isEqualTo(200);
        Response recovered = factor(Map.of("challenge", challenge(), "type", "recovery", "code", RECOVERY_CODE));
        assertThat(recovered.status()).as(recovered.body()).isEqualTo(200);
        assertThat(recovered.json().path("recoveryCodesLeft").asInt()).isZero();

        JsonNode listed =
                target.get("/user/" + id + "/factor", target.adminToken()).json();
        assertThat(listed.path("factors")).hasSize(2);
        assertThat(stored(there).get("_server", Document.class).getList("credentialIds", String.class))
                .containsExactly(passkey.path("credentialId").textValue());
        assertThat(result(target, exported).path("status").asText()).isEqualTo("unchanged");
    }

    @Test
    void withoutHashesTheExportContainsNoSecret() {
        result(source, line.toString());

        String exported = exported(source, false);

        JsonNode factors = Response.json(exported).path("factors");
        assertThat(factors).hasSize(2);
        factors.forEach(factor -> assertThat(factor.fieldNames())
                .toIterable()
                .isSubsetOf("_id", "type", "name", "createdAt", "lastUsedAt"));
        assertThat(exported)
                .doesNotContain(
                        SECRET,
                        RECOVERY_HASH,
                        "recoveryCodes",
                        passkey.path("credentialId").textValue(),
                        passkey.path("publicKey").textValue());
        JsonNode refused = result(target, exported);
        assertThat(refused.path("status").asText())
                .as("no account loses a factor")
                .isEqualTo("error");
        assertThat(refused.toString()).contains("factors.0.secret");
    }

    /** A user whose secret no key decrypts must not arrive without the factor. */
    @Test
    void aSecretThatCannotBeDecryptedIsReported() {
        result(source, line.toString());
        String path = "_server.factors." + totp.path("_id").textValue() + ".secret";
        here.users()
                .updateOne(Document.parse("{username: '" + name + "'}"), new Document("$set", new Document(path, "?")));

        String exported = exported(source, true);

        assertThat(Response.json(exported).at("/factors/0/secret").isNull()).isTrue();
        JsonNode refused = result(target, exported);
        assertThat(refused.path("code").asText()).isEqualTo("VALIDATION_FAILED");
        assertThat(refused.at("/errors/0/field").asText()).isEqualTo("factors.0.secret");
        assertThat(there.users().countDocuments(new Document("username", name))).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            factors; "none"; factors
            factors; [1]; factors.0
            factors; [{}]; factors.0.type
            factors; [[]]; factors.0
            factors; {"a":1}; factors
            recoveryCodes; "x"; recoveryCodes
            recoveryCodes; ["x"]; recoveryCodes
            recoveryCodes; {"x":true}; recoveryCodes
            0._id; "0"; factors.0._id
            0._id; "6B04B3B7E9CFDE2681108D5E"; factors.0._id
            0._id; {"$gt":""}; factors.0._id
            0.type; "recovery"; factors.0.type
            0.type; 7; factors.0.type
            0.name; ""; factors.0.name
            0.name; 5; factors.0.name
            0.name; "a\\u0000"; factors.0.name
            0.createdAt; "yesterday"; factors.0.createdAt
            0.createdAt; 5; factors.0.createdAt
            0.lastUsedAt; "10000-01-01T00:00:00Z"; factors.0.lastUsedAt
            0.secret; null; factors.0.secret
            0.secret; "JBSWY3DPEHPK3PXP"; factors.0.secret
            0.secret; "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PX1"; factors.0.secret
            0.secret; ["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"]; factors.0.secret
            0.step; 5; factors.0
            1.credentialId; null; factors.1.credentialId
            1.credentialId; "AAAA"; factors.1.credentialId
            1.credentialId; "####################################"; factors.1.credentialId
            1.publicKey; null; factors.1.publicKey
            1.publicKey; "AAAA"; factors.1.publicKey
            1.publicKey; "gYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGB"; factors.1.publicKey
            1.counter; -1; factors.1.counter
            1.counter; 4294967296; factors.1.counter
            1.counter; 1.5; factors.1.counter
            1.counter; 1e400; factors.1.counter
            1.backedUp; "no"; factors.1.backedUp
            1.backupEligible; null; factors.1.backupEligible
            1.transports; ["A B"]; factors.1.transports
            1.transports; "usb"; factors.1.transports
            1.aaguid; "0-0-0-0-0"; factors.1.aaguid
            1.aaguid; 0; factors.1.aaguid
            """)
    void aLineWithAnInvalidFactorFailsAlone(String place, String value, String field) {
        JsonNode invalid = Response.json(value);
        if (place.contains(".")) {
            ((ObjectNode) line.path("factors").get(place.charAt(0) - '0')).set(place.substring(2), invalid);
        } else {
            line.set(place, invalid);
        }
        String others = "{\"username\":\"before-%s\"}\n%s\n{\"username\":\"after-%s\"}";

        Response response = send(target, String.format(others, name, line, name));

        List<JsonNode> results = response.body().lines().map(Response::json).toList();
        assertThat(results.get(0).path("status").asText()).isEqualTo("created");
        assertThat(results.get(1).path("code").asText()).as(response.body()).isEqualTo("VALIDATION_FAILED");
        assertThat(results.get(1).at("/errors").findValuesAsText("field")).contains(field);
        assertThat(results.get(2).path("status").asText()).isEqualTo("created");
        assertThat(response.body()).doesNotContain(SECRET);
        assertThat(there.users().countDocuments(new Document("username", name))).isZero();
    }

    @Test
    void aFactorIsNotAddedToAUserWhoExists() {
        ObjectNode without = line.deepCopy();
        without.remove(List.of("factors", "recoveryCodes"));
        assertThat(result(target, without.toString()).path("status").asText()).isEqualTo("created");

        assertField("factors");

        assertThat(result(target, without.toString()).path("status").asText()).isEqualTo("unchanged");
        assertThat(stored(there).toJson()).doesNotContain(SECRET, "\"factors\"");
    }

    @Test
    void aPublicKeyHasNoOtherMembersAndNothingAfterIt() {
        byte[] key = Base64.getUrlDecoder().decode(passkey.path("publicKey").textValue());
        passkey.put("publicKey", base64(Arrays.copyOf(key, key.length + 1)));
        assertField("factors.1.publicKey");
        byte[] withKid = Arrays.copyOf(key, key.length + 3);
        withKid[0]++;
        withKid[key.length] = 2;
        withKid[key.length + 1] = 0x41;
        passkey.put("publicKey", base64(withKid));
        assertField("factors.1.publicKey");
    }

    @Test
    void thereIsALimitForEachType() {
        for (int i = 1; i < 11; i++) {
            line.withArray("factors").add(totp.deepCopy().put("_id", new ObjectId().toHexString()));
        }
        assertField("factors");
        line.withArray("factors").remove(0);
        assertThat(result(target, line.toString()).path("status").asText()).isEqualTo("created");
        for (int i = 0; i < 11; i++) {
            line.withArray("recoveryCodes").add(sha256("code " + i));
        }
        assertField("recoveryCodes");
    }

    @Test
    void idsAndCredentialsAreUnique() {
        line.withArray("factors").add(totp.deepCopy());
        assertField("factors");
        line.withArray("factors").remove(2);
        line.withArray("factors").add(passkey.deepCopy().put("_id", new ObjectId().toHexString()));
        assertField("factors");
    }

    @Test
    void recoveryCodesNeedAFactorAndAPasskeyNeedsTheIdOfItsUser() {
        line.remove("factors");
        assertField("recoveryCodes");
        line.putArray("factors").add(passkey);
        line.remove("_id");
        assertField("factors");
        line.putArray("factors").add(totp);
        assertThat(result(target, line.toString()).path("status").asText()).isEqualTo("created");
    }

    @Test
    void aPasskeyBelongsToOneUser() {
        ObjectNode second =
                line.deepCopy().put("_id", new ObjectId().toHexString()).put("username", "second-" + name);

        List<JsonNode> results = send(target, line + "\n" + second)
                .body()
                .lines()
                .map(Response::json)
                .toList();

        assertThat(results.get(0).path("status").asText()).isEqualTo("created");
        assertThat(results.get(1).at("/errors/0/field").asText()).isEqualTo("factors");
        second.put("username", "third-" + name);
        assertField(second, "factors");
        assertThat(target.delete("/user/" + id, target.adminToken()).status()).isEqualTo(204);
        assertThat(result(target, second.toString()).path("status").asText())
                .as("the passkeys of a deleted user are free")
                .isEqualTo("created");
    }

    @Test
    void clientsCannotSetTheFieldsAndEarlierOnesKeepTheirValues() {
        for (String field : List.of("factors", "Factors", "recoveryCodes")) {
            Response created = source.post(
                    "/user",
                    source.adminToken(),
                    "{\"username\":\"" + name + "\",\"password\":\"" + PASSWORD + "\",\"" + field + "\":[]}");
            assertThat(created.status()).as(created.body()).isEqualTo(400);
        }
        String own = source.create(source.adminToken(), name, PASSWORD);
        here.users()
                .updateOne(
                        new Document("_id", new ObjectId(own)),
                        new Document("$set", new Document("factors", List.of("mine"))));
        Response changed = source.patch("/user/" + own, source.adminToken(), "{\"note\":1}");

        assertThat(changed.json().has("factors")).isFalse();
        assertThat(changed.json().path("original_factors")).hasToString("[\"mine\"]");
        assertThat(source.login(name, PASSWORD).status()).as("it is no factor").isEqualTo(200);
        source.patch("/user/" + own, source.adminToken(), "{\"original_factors\":null}");
        assertThat(here.users().find(new Document("_id", new ObjectId(own))).first())
                .doesNotContainKey("factors");
    }

    private void assertField(String field) {
        assertField(line, field);
    }

    private static void assertField(ObjectNode line, String field) {
        JsonNode result = result(target, line.toString());
        assertThat(result.path("code").asText()).as(result.toString()).isEqualTo("VALIDATION_FAILED");
        assertThat(result.at("/errors").findValuesAsText("field")).contains(field);
    }

    private Document stored(Stores stores) {
        return Stream.of(stores.users().find(new Document("username", name)).first())
                .findFirst()
                .orElseThrow();
    }

    /** Returns the line of this test's user. */
    private String exported(Node node, boolean hashes) {
        Response response = node.get("/user/export?hashes=" + hashes, node.adminToken());
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response.body()
                .lines()
                .filter(user -> user.contains("\"" + name + "\""))
                .findFirst()
                .orElseThrow();
    }

    /** Imports one line and returns its result. */
    private static JsonNode result(Node node, String line) {
        return Response.json(send(node, line).body().lines().findFirst().orElseThrow());
    }

    private static Response send(Node node, String lines) {
        Response response = node.send(
                "POST", "/user/import", lines, "auth", node.adminToken(), "Content-Type", "application/x-ndjson");
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response;
    }

    private String challenge() {
        Response login = target.post("/login", "", ServiceClient.credentials(name, PASSWORD));
        assertThat(login.text("code")).as(login.body()).isEqualTo("FACTOR_REQUIRED");
        return login.text("challenge");
    }

    private static Response factor(Map<String, ?> body) {
        return target.post("/login/factor", "", FactorNodes.json(body));
    }

    private static String code(int steps) {
        return FactorNodes.codeAt(SECRET, Instant.now().plus(FactorNodes.STEP.multipliedBy(steps)));
    }

    /** Returns a COSE key for ES256 (RFC 9053, section 7.1). */
    private static byte[] coseKey() throws GeneralSecurityException {
        KeyPairGenerator keys = KeyPairGenerator.getInstance("EC");
        keys.initialize(new ECGenParameterSpec("secp256r1"));
        ECPublicKey key = (ECPublicKey) keys.generateKeyPair().getPublic();
        List<Byte> bytes = new ArrayList<>();
        add(bytes, HexFormat.of().parseHex("a5010203262001215820"));
        add(bytes, coordinate(key.getW().getAffineX().toByteArray()));
        add(bytes, HexFormat.of().parseHex("225820"));
        add(bytes, coordinate(key.getW().getAffineY().toByteArray()));
        byte[] all = new byte[bytes.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = bytes.get(i);
        }
        return all;
    }

    private static void add(List<Byte> bytes, byte[] more) {
        for (byte b : more) {
            bytes.add(b);
        }
    }

    private static byte[] coordinate(byte[] number) {
        byte[] padded = new byte[32 + number.length];
        System.arraycopy(number, 0, padded, 32, number.length);
        return Arrays.copyOfRange(padded, number.length, padded.length);
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
