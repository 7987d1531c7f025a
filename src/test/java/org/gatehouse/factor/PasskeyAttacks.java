package org.gatehouse.factor;

import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.gatehouse.factor.TestAuthenticator.ATTESTED;
import static org.gatehouse.factor.TestAuthenticator.BACKED_UP;
import static org.gatehouse.factor.TestAuthenticator.BACKUP_ELIGIBLE;
import static org.gatehouse.factor.TestAuthenticator.EXTENSIONS;
import static org.gatehouse.factor.TestAuthenticator.USER_PRESENT;
import static org.gatehouse.factor.TestAuthenticator.USER_VERIFIED;
import static org.gatehouse.factor.TestAuthenticator.response;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.gatehouse.factor.TestAuthenticator.Draft;
import org.gatehouse.json.Json;

/** Credentials that must not be accepted. Each differs from a valid one in one way. */
final class PasskeyAttacks {
    private static final String CLIENT_DATA = "clientDataJSON";
    private static final String ATTESTATION = "attestationObject";
    private static final String AUTHENTICATOR_DATA = "authenticatorData";
    private static final String SIGNATURE = "signature";
    private static final String USER_HANDLE = "userHandle";

    /** The lengths of authenticator data before the credential id, and with flags and counter only. */
    private static final int HEADER = 37;

    private static final int DEPTH = 20_000;

    private PasskeyAttacks() {}

    /** A change of a valid credential. */
    record Attack(String name, Consumer<Draft> change) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** Attacks on the registration and on the login. */
    private static List<Attack> common() {
        List<Attack> attacks = new ArrayList<>();
        clientData(attacks);
        envelope(attacks);
        attacks.add(draft("RP id of another domain", draft -> draft.rpId = "example.org"));
        attacks.add(draft("RP id is the host", draft -> draft.rpId = "login.example.com"));
        attacks.add(draft("user not verified", draft -> draft.flags &= ~USER_VERIFIED));
        attacks.add(draft("user not present", draft -> draft.flags &= ~USER_PRESENT));
        attacks.add(draft("backed up, but not eligible", draft -> draft.flags &= ~BACKUP_ELIGIBLE));
        attacks.add(draft("trailing byte in authenticator data", draft -> draft.authenticatorData = append(0)));
        attacks.add(draft("extensions without their flag", draft -> draft.extensions = Cbor.map()));
        extension(attacks, "extensions are an array", Cbor.repeat(0x80, 1));
        extension(attacks, "extensions nested deeply", Cbor.join(mapTo("x"), Cbor.nested(DEPTH)));
        extension(attacks, "extensions of maps nested deeply", nestedMaps());
        extension(attacks, "extensions truncated", mapTo("credProtect"));
        extension(attacks, "extension with a huge length", Cbor.join(mapTo("x"), hugeLength(0x5B)));
        extension(
                attacks,
                "extensions with a duplicate key",
                Cbor.join(Cbor.repeat(0xA2, 1), Cbor.text("x"), Cbor.number(1), Cbor.text("x"), Cbor.number(1)));
        for (int length : new int[] {0, 31, 32, 33, 36}) {
            attacks.add(draft(
                    "authenticator data of " + length + " bytes",
                    draft -> draft.authenticatorData = bytes -> Arrays.copyOf(bytes, length)));
        }
        return attacks;
    }

    private static void clientData(List<Attack> attacks) {
        clientData(attacks, "origin of another site", "origin", "https://login.example.org");
        clientData(attacks, "origin of a sibling", "origin", "https://evil.example.com");
        clientData(attacks, "origin with http", "origin", "http://login.example.com");
        clientData(attacks, "origin with a port", "origin", "https://login.example.com:8443");
        clientData(attacks, "origin with the default port", "origin", "https://login.example.com:443");
        clientData(attacks, "origin with a path", "origin", "https://login.example.com/");
        clientData(attacks, "origin in upper case", "origin", "HTTPS://LOGIN.EXAMPLE.COM");
        clientData(attacks, "origin with a user", "origin", "https://a@login.example.com");
        clientData(attacks, "origin of another app", "origin", "android:apk-key-hash:" + "x".repeat(43));
        clientData(attacks, "origin null", "origin", "null");
        clientData(attacks, "origin is not a URI", "origin", "https://[");
        clientData(attacks, "type of payments", "type", "payment.get");
        clientData(attacks, "empty challenge", "challenge", "");
        clientData(attacks, "another challenge", "challenge", "d".repeat(42) + "A");
        attacks.add(draft(
                "challenge with padding",
                draft -> draft.clientData.put(
                        "challenge", draft.clientData.path("challenge").asText() + "=")));
        attacks.add(draft(
                "challenge is the same in another encoding",
                draft -> draft.clientData.put(
                        "challenge", draft.clientData.path("challenge").asText().replaceAll(".$", "B"))));
        attacks.add(draft("cross-origin", draft -> draft.clientData.put("crossOrigin", true)));
        attacks.add(draft("cross-origin as text", draft -> draft.clientData.put("crossOrigin", "false")));
        attacks.add(draft("cross-origin null", draft -> draft.clientData.putNull("crossOrigin")));
        attacks.add(draft("top origin", draft -> draft.clientData.put("topOrigin", "https://login.example.com")));
        for (String name : List.of("type", "challenge", "origin")) {
            attacks.add(draft("client data without " + name, draft -> draft.clientData.remove(name)));
            attacks.add(draft("client data with a number as " + name, draft -> draft.clientData.put(name, 1)));
            attacks.add(draft(
                    "client data with a list as " + name,
                    draft -> draft.clientData.putArray(name).add("webauthn.get")));
        }
        json(attacks, "client data with a duplicate member", text -> text.replace("{", "{\"origin\":\"https://x\","));
        json(attacks, "client data with text after it", text -> text + "{}");
        json(attacks, "client data with a byte order mark", text -> "\uFEFF" + text);
        json(attacks, "client data truncated", text -> text.substring(0, text.length() - 1));
        json(attacks, "client data empty", text -> "");
        json(attacks, "client data is a list", text -> "[" + text + "]");
        json(attacks, "client data nested deeply", text -> "{\"x\":" + "[".repeat(DEPTH));
        json(
                attacks,
                "client data with a huge number",
                text -> text.replace("{", "{\"x\":1" + "0".repeat(DEPTH) + ","));
        attacks.add(draft(
                "client data in UTF-16",
                draft -> draft.clientDataJson = bytes -> new String(bytes, UTF_8).getBytes(UTF_16BE)));
        attacks.add(draft(
                "client data is not UTF-8",
                draft -> draft.clientDataJson =
                        bytes -> Cbor.join(Arrays.copyOf(bytes, 2), Cbor.repeat(0xFF, 1), bytes)));
    }

    private static void envelope(List<Attack> attacks) {
        for (String name : List.of("id", "rawId", "type", "response")) {
            credential(attacks, "without " + name, credential -> credential.remove(name));
            credential(attacks, "with a number as " + name, credential -> credential.put(name, 1));
        }
        credential(attacks, "type in upper case", credential -> credential.put("type", "PUBLIC-KEY"));
        credential(attacks, "id differs from rawId", credential -> credential.put("id", "a".repeat(43)));
        credential(attacks, "ids with padding", PasskeyAttacks::padIds);
        credential(attacks, "ids are not base64url", credential -> ids(credential, "+/".repeat(16)));
        credential(attacks, "ids of 15 bytes", credential -> ids(credential, "A".repeat(20)));
        credential(attacks, "ids of 1024 bytes", credential -> ids(credential, "A".repeat(1366)));
        credential(
                attacks,
                "response is a list",
                credential -> credential.putArray("response").add(1));
        credential(
                attacks,
                "client data with padding",
                credential -> response(credential)
                        .put(CLIENT_DATA, response(credential).path(CLIENT_DATA).asText() + "===="));
        credential(
                attacks,
                "client data too long",
                credential -> response(credential).put(CLIENT_DATA, "A".repeat(100_000)));
    }

    /** Returns attacks on {@code POST /passkey}. */
    static Stream<Attack> registrations() {
        List<Attack> attacks = common();
        clientData(attacks, "type of a login", "type", "webauthn.get");
        for (String name : List.of(CLIENT_DATA, ATTESTATION)) {
            member(attacks, name);
        }
        credential(
                attacks,
                "transports are text",
                credential -> response(credential).put("transports", "usb"));
        credential(
                attacks,
                "transports are numbers",
                credential -> response(credential).putArray("transports").add(1));
        credential(attacks, "id of another credential", credential -> ids(credential, "a".repeat(42) + "A"));
        attacks.add(draft("credential id of 15 bytes", draft -> draft.credentialId = new byte[15]));
        attacks.add(draft("credential id of 1024 bytes", draft -> draft.credentialId = new byte[1024]));
        attacks.add(draft("without attested data", draft -> {
            draft.flags &= ~ATTESTED;
            draft.authenticatorData = bytes -> Arrays.copyOf(bytes, HEADER);
        }));
        attacks.add(draft(
                "flag of attested data only",
                draft -> draft.authenticatorData = bytes -> Arrays.copyOf(bytes, HEADER)));
        attestation(attacks);
        keys(attacks);
        return attacks.stream();
    }

    private static void attestation(List<Attack> attacks) {
        for (int length : new int[] {HEADER + 15, HEADER + 17, HEADER + 18, HEADER + 49, HEADER + 60}) {
            attacks.add(draft(
                    "attested data truncated at " + length,
                    draft -> draft.authenticatorData = bytes -> Arrays.copyOf(bytes, length)));
        }
        attacks.add(draft(
                "length of the credential id too large",
                draft -> draft.authenticatorData = bytes -> {
                    bytes[HEADER + 16] = (byte) 0xFF;
                    return bytes;
                }));
        object(attacks, "attestation empty", bytes -> new byte[0]);
        object(attacks, "attestation truncated", bytes -> Arrays.copyOf(bytes, bytes.length - 1));
        object(attacks, "attestation truncated in its middle", bytes -> Arrays.copyOf(bytes, bytes.length / 2));
        object(attacks, "attestation with a trailing byte", append(0));
        object(attacks, "attestation nested deeply", bytes -> Cbor.nested(DEPTH));
        object(attacks, "attestation of maps nested deeply", bytes -> nestedMaps());
        object(attacks, "attestation of tags nested deeply", bytes -> Cbor.repeat(0xC1, DEPTH));
        object(attacks, "attestation of endless lists", bytes -> Cbor.repeat(0x9F, DEPTH));
        object(attacks, "attestation of endless text", bytes -> Cbor.repeat(0x7F, DEPTH));
        for (int type : new int[] {0x5B, 0x7B, 0x9B, 0xBB}) {
            object(attacks, "attestation with a huge length of type " + type, bytes -> hugeLength(type));
        }
        object(attacks, "attestation is null", bytes -> Cbor.repeat(0xF6, 1));
        object(attacks, "attestation is text", bytes -> Cbor.text("none"));
        object(attacks, "attestation without members", bytes -> Cbor.map());
        object(
                attacks,
                "attestation with text as data",
                bytes -> object(Cbor.text("none"), Cbor.map(), Cbor.text("x")));
        object(
                attacks,
                "attestation with a list as statement",
                bytes -> object(Cbor.text("none"), Cbor.repeat(0x80, 1), Cbor.bytes(new byte[HEADER])));
        object(
                attacks,
                "attestation with a number as format",
                bytes -> object(Cbor.number(1), Cbor.map(), Cbor.bytes(new byte[HEADER])));
        object(
                attacks,
                "attestation with two sets of data",
                bytes -> Cbor.join(
                        Cbor.repeat(0xA4, 1),
                        Arrays.copyOfRange(bytes, 1, bytes.length),
                        Cbor.text("authData"),
                        Cbor.bytes(new byte[HEADER])));
        attacks.add(
                draft("statement nested deeply", draft -> draft.statement = Cbor.join(mapTo("x"), Cbor.nested(DEPTH))));
        attacks.add(draft(
                "statement too long",
                draft -> draft.statement = Cbor.map(Cbor.text("x5c"), Cbor.bytes(new byte[70_000]))));
    }

    private static void keys(List<Attack> attacks) {
        TestAuthenticator other = new TestAuthenticator("https://login.example.com");
        byte[] offCurve = other.point();
        offCurve[5] ^= 1;
        BigInteger modulus = BigInteger.ONE.shiftLeft(2047).setBit(0);
        BigInteger exponent = BigInteger.valueOf(65_537);
        key(attacks, "ES256K", other.ec(-47, 8));
        key(attacks, "ES384", other.ec(-35, 2));
        key(attacks, "ES256 on P-384", other.ec(-7, 2));
        key(attacks, "ES256 on Ed25519", other.ec(-7, 6));
        key(attacks, "ES256 on an unknown curve", other.ec(-7, 99));
        key(attacks, "EC key with RS256", other.ec(-257, 1));
        key(attacks, "EC key with EdDSA", other.ec(-8, 1));
        key(attacks, "unknown algorithm", other.ec(-1234, 1));
        key(
                attacks,
                "algorithm beyond 64 bits",
                Cbor.join(Cbor.repeat(0xA2, 1), Cbor.number(1), Cbor.number(2), Cbor.number(3), hugeLength(0x3B)));
        key(attacks, "point that is not on the curve", TestAuthenticator.ec(-7, 1, offCurve));
        key(attacks, "point at zero", TestAuthenticator.ec(-7, 1, new byte[64]));
        key(attacks, "coordinate that is too long", TestAuthenticator.ec(-7, 1, new byte[65]));
        key(attacks, "coordinates beyond the field", TestAuthenticator.ec(-7, 1, Cbor.repeat(0xFF, 64)));
        key(
                attacks,
                "RS256 with 1024 bits",
                TestAuthenticator.rsa(-257, modulus.shiftRight(1024).setBit(0), exponent));
        key(attacks, "RS256 with 8192 bits", TestAuthenticator.rsa(-257, modulus.pow(4), exponent));
        key(attacks, "RS256 with the exponent 1", TestAuthenticator.rsa(-257, modulus, BigInteger.ONE));
        key(attacks, "RS256 with an even exponent", TestAuthenticator.rsa(-257, modulus, BigInteger.valueOf(65_536)));
        key(attacks, "RS256 with a long exponent", TestAuthenticator.rsa(-257, modulus, modulus));
        key(attacks, "RS1", TestAuthenticator.rsa(-65_535, modulus, exponent));
        key(attacks, "PS256", TestAuthenticator.rsa(-37, modulus, exponent));
        key(attacks, "key that is a list", Cbor.repeat(0x80, 1));
        key(attacks, "key without members", Cbor.map());
        key(attacks, "key nested deeply", Cbor.join(Cbor.repeat(0xA1, 1), Cbor.number(1), Cbor.nested(DEPTH)));
        key(
                attacks,
                "key of an unknown type",
                Cbor.map(Cbor.number(1), Cbor.number(4), Cbor.number(3), Cbor.number(-7)));
        byte[] valid = other.publicKey();
        member(attacks, "key with a key id", valid, Cbor.number(2), Cbor.bytes(new byte[8]));
        member(attacks, "key with operations", valid, Cbor.number(4), Cbor.join(Cbor.repeat(0x81, 1), Cbor.number(2)));
        member(attacks, "key with a base IV", valid, Cbor.number(5), Cbor.bytes(new byte[8]));
        member(attacks, "key with an unknown member", valid, Cbor.number(-70_000), Cbor.number(0));
        member(attacks, "key with a long unknown member", valid, Cbor.text("x"), Cbor.bytes(new byte[20_000]));
        key(
                attacks,
                "RS256 with a padded modulus",
                Cbor.map(
                        Cbor.number(1), Cbor.number(3),
                        Cbor.number(3), Cbor.number(-257),
                        Cbor.number(-1), Cbor.bytes(Cbor.join(new byte[1024], modulus.toByteArray())),
                        Cbor.number(-2), Cbor.bytes(exponent.toByteArray())));
        key(
                attacks,
                "key with a duplicate member",
                Cbor.join(
                        Cbor.repeat(0xA6, 1),
                        Arrays.copyOfRange(valid, 1, valid.length),
                        Cbor.number(3),
                        Cbor.number(-7)));
        key(
                attacks,
                "key with its private part",
                Cbor.join(
                        Cbor.repeat(0xA6, 1),
                        Arrays.copyOfRange(valid, 1, valid.length),
                        Cbor.number(-4),
                        Cbor.bytes(new byte[32])));
    }

    private static void member(List<Attack> attacks, String name, byte[] valid, byte[] label, byte[] value) {
        byte[] members = Arrays.copyOfRange(valid, 1, valid.length);
        key(attacks, name, Cbor.join(Cbor.repeat(0xA6, 1), members, label, value));
    }

    /** Returns attacks on {@code POST /login/passkey} and {@code POST /login/factor}. */
    static Stream<Attack> assertions() {
        List<Attack> attacks = common();
        clientData(attacks, "type of a registration", "type", "webauthn.create");
        for (String name : List.of(CLIENT_DATA, AUTHENTICATOR_DATA, SIGNATURE)) {
            member(attacks, name);
        }
        for (String other : List.of(CLIENT_DATA, SIGNATURE)) {
            credential(attacks, "authenticator data and " + other + " swapped", credential -> {
                String text = response(credential).path(AUTHENTICATOR_DATA).asText();
                response(credential)
                        .set(AUTHENTICATOR_DATA, response(credential).get(other));
                response(credential).put(other, text);
            });
        }
        signatures(attacks);
        credential(attacks, "id of another credential", credential -> ids(credential, "a".repeat(42) + "A"));
        credential(
                attacks,
                "user handle of another user",
                credential -> response(credential).put(USER_HANDLE, "ASNFZ4mrze8BI0Vm"));
        credential(
                attacks,
                "user handle of 13 bytes",
                credential -> response(credential).put(USER_HANDLE, "ASNFZ4mrze8BI0VnAA"));
        credential(
                attacks, "user handle empty", credential -> response(credential).put(USER_HANDLE, ""));
        credential(
                attacks,
                "user handle with padding",
                credential -> response(credential).put(USER_HANDLE, "ASNFZ4mrze8BI0Vn===="));
        credential(
                attacks,
                "user handle is a number",
                credential -> response(credential).put(USER_HANDLE, 1));
        attacks.add(draft("not eligible for backup any more", draft -> draft.flags &= ~(BACKUP_ELIGIBLE | BACKED_UP)));
        attacks.add(draft("with attested data", draft -> {
            draft.flags |= ATTESTED;
            draft.extensions = Cbor.join(new byte[16], new byte[] {0, 32}, draft.credentialId, draft.publicKey);
        }));
        return attacks.stream();
    }

    private static void signatures(List<Attack> attacks) {
        credential(attacks, "signature of zeros", credential -> change(credential, SIGNATURE, bytes -> new byte[72]));
        credential(
                attacks,
                "signature with r and s of zero",
                credential -> change(credential, SIGNATURE, bytes -> new byte[] {0x30, 6, 2, 1, 0, 2, 1, 0}));
        credential(attacks, "signature with a changed bit", credential -> change(credential, SIGNATURE, flip()));
        credential(attacks, "signature with a trailing byte", credential -> change(credential, SIGNATURE, append(0)));
        credential(
                attacks,
                "client data changed after the signature",
                credential -> change(credential, CLIENT_DATA, append(' ')));
        credential(
                attacks,
                "counter changed after the signature",
                credential -> change(credential, AUTHENTICATOR_DATA, flip()));
        TestAuthenticator other = new TestAuthenticator("https://login.example.com");
        attacks.add(draft(
                "signature by another key",
                draft -> draft.credential = credential -> {
                    ObjectNode options = Json.MAPPER.createObjectNode().put("rpId", draft.rpId);
                    options.set("challenge", draft.clientData.get("challenge"));
                    ObjectNode foreign = response(other.get(options, same -> same.counter = draft.counter));
                    response(credential).set(SIGNATURE, foreign.get(SIGNATURE));
                }));
    }

    private static void member(List<Attack> attacks, String name) {
        credential(
                attacks, "without " + name, credential -> response(credential).remove(name));
        credential(
                attacks,
                "with null as " + name,
                credential -> response(credential).putNull(name));
        credential(
                attacks,
                "with a number as " + name,
                credential -> response(credential).set(name, IntNode.valueOf(1)));
        credential(
                attacks,
                "with an empty " + name,
                credential -> response(credential).put(name, ""));
        credential(
                attacks,
                name + " is not base64url",
                credential -> response(credential).put(name, "+/=="));
        credential(
                attacks,
                name + " is cut",
                credential -> change(credential, name, bytes -> Arrays.copyOf(bytes, bytes.length / 2)));
        credential(
                attacks,
                name + " has bits after its end",
                credential -> response(credential).put(name, "AB"));
    }

    private static Attack draft(String name, Consumer<Draft> change) {
        return new Attack(name, change);
    }

    private static void credential(List<Attack> attacks, String name, Consumer<ObjectNode> change) {
        attacks.add(new Attack(name, draft -> draft.credential = change));
    }

    private static void clientData(List<Attack> attacks, String name, String member, String value) {
        attacks.add(new Attack(name, draft -> draft.clientData.put(member, value)));
    }

    private static void json(List<Attack> attacks, String name, UnaryOperator<String> change) {
        attacks.add(new Attack(
                name,
                draft -> draft.clientDataJson =
                        bytes -> change.apply(new String(bytes, UTF_8)).getBytes(UTF_8)));
    }

    private static void object(List<Attack> attacks, String name, UnaryOperator<byte[]> change) {
        attacks.add(new Attack(name, draft -> draft.attestationObject = change));
    }

    private static void key(List<Attack> attacks, String name, byte[] key) {
        attacks.add(new Attack("key: " + name, draft -> draft.publicKey = key));
    }

    private static void extension(List<Attack> attacks, String name, byte[] extensions) {
        attacks.add(new Attack(name, draft -> {
            draft.flags |= EXTENSIONS;
            draft.extensions = extensions;
        }));
    }

    private static byte[] object(byte[] format, byte[] statement, byte[] data) {
        return Cbor.map(Cbor.text("fmt"), format, Cbor.text("attStmt"), statement, Cbor.text("authData"), data);
    }

    private static byte[] mapTo(String key) {
        return Cbor.join(Cbor.repeat(0xA1, 1), Cbor.text(key));
    }

    private static byte[] nestedMaps() {
        byte[] level = mapTo("x");
        byte[] nested = new byte[DEPTH * level.length];
        for (int i = 0; i < nested.length; i++) {
            nested[i] = level[i % level.length];
        }
        return nested;
    }

    private static byte[] hugeLength(int type) {
        return Cbor.join(Cbor.repeat(type, 1), Cbor.repeat(0x7F, 1), Cbor.repeat(0xFF, 7));
    }

    private static UnaryOperator<byte[]> append(int value) {
        return bytes -> Cbor.join(bytes, Cbor.repeat(value, 1));
    }

    private static UnaryOperator<byte[]> flip() {
        return bytes -> {
            bytes[bytes.length - 1] ^= 1;
            return bytes;
        };
    }

    private static void change(ObjectNode credential, String member, UnaryOperator<byte[]> change) {
        byte[] bytes = TestAuthenticator.decode(response(credential).path(member));
        response(credential).put(member, TestAuthenticator.encode(change.apply(bytes)));
    }

    private static void ids(ObjectNode credential, String id) {
        credential.put("id", id).put("rawId", id);
    }

    private static void padIds(ObjectNode credential) {
        ids(credential, credential.path("id").asText() + "=");
    }
}
