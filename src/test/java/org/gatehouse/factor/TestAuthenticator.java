package org.gatehouse.factor;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.gatehouse.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * An authenticator and a browser in software, with one passkey. A test may change each part of a credential, before and
 * after the signature.
 */
public final class TestAuthenticator {
    static final int USER_PRESENT = 0x01;
    static final int USER_VERIFIED = 0x04;
    static final int BACKUP_ELIGIBLE = 0x08;
    static final int BACKED_UP = 0x10;
    static final int ATTESTED = 0x40;
    static final int EXTENSIONS = 0x80;

    private static final int CREDENTIAL_ID_BYTES = 32;
    private static final int COORDINATE_BYTES = 32;

    private final Algorithm algorithm;
    private final String origin;
    private final KeyPair keys;
    private final byte[] credentialId = new byte[CREDENTIAL_ID_BYTES];
    private final UUID aaguid;
    private @Nullable String userHandle;
    private long counter;

    /** The algorithms that Gatehouse offers. */
    public enum Algorithm {
        ES256("SHA256withECDSA"),
        EDDSA("Ed25519"),
        RS256("SHA256withRSA");

        private final String jcaName;

        Algorithm(String jcaName) {
            this.jcaName = jcaName;
        }

        KeyPair generate() throws GeneralSecurityException {
            KeyPairGenerator generator =
                    KeyPairGenerator.getInstance(this == ES256 ? "EC" : this == EDDSA ? "Ed25519" : "RSA");
            if (this == ES256) {
                generator.initialize(new ECGenParameterSpec("secp256r1"));
            } else if (this == RS256) {
                generator.initialize(2048);
            }
            return generator.generateKeyPair();
        }
    }

    public TestAuthenticator(Algorithm algorithm, String origin, UUID aaguid) {
        this.algorithm = algorithm;
        this.origin = origin;
        this.aaguid = aaguid;
        new SecureRandom().nextBytes(credentialId);
        try {
            keys = algorithm.generate();
        } catch (GeneralSecurityException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Creates an authenticator with ES256. */
    public TestAuthenticator(String origin) {
        this(Algorithm.ES256, origin, new UUID(0, 0));
    }

    /** The parts of a credential before the signature. A test may change all of them. */
    public static final class Draft {
        /** The client data before it is written as JSON. */
        public final ObjectNode clientData = Json.MAPPER.createObjectNode();

        public String rpId;
        public int flags = USER_PRESENT | USER_VERIFIED;
        public long counter;
        public byte[] credentialId;
        public byte[] publicKey;
        public byte[] extensions = new byte[0];
        public String format = "none";
        public byte[] statement = Cbor.map();
        public UnaryOperator<byte[]> clientDataJson = UnaryOperator.identity();
        public UnaryOperator<byte[]> authenticatorData = UnaryOperator.identity();
        public UnaryOperator<byte[]> attestationObject = UnaryOperator.identity();

        /** What is changed after the signature. */
        public Consumer<ObjectNode> credential = unchanged -> {};

        private Draft(String rpId, byte[] credentialId, byte[] publicKey) {
            this.rpId = rpId;
            this.credentialId = credentialId;
            this.publicKey = publicKey;
        }
    }

    public String credentialId() {
        return encode(credentialId);
    }

    /** Sets the counter of the latest signature; the next one is higher by 1. Without this call, it is always 0. */
    public void count(long latest) {
        counter = latest;
    }

    /** Creates the passkey as a browser does, from {@code PublicKeyCredentialCreationOptionsJSON}. */
    public ObjectNode create(JsonNode options) {
        return create(options, unchanged -> {});
    }

    /** Creates the passkey with changes. */
    public ObjectNode create(JsonNode options, Consumer<Draft> change) {
        Draft draft = new Draft(options.path("rp").path("id").asText(), credentialId, publicKey());
        draft.flags |= ATTESTED | BACKUP_ELIGIBLE | BACKED_UP;
        draft.counter = counter;
        userHandle = options.path("user").path("id").asText();
        describe(draft, "webauthn.create", options);
        change.accept(draft);
        byte[] clientData = draft.clientDataJson.apply(Json.write(draft.clientData));
        byte[] data = draft.authenticatorData.apply(Cbor.join(header(draft), attested(draft), draft.extensions));
        byte[] attestation = draft.attestationObject.apply(Cbor.map(
                Cbor.text("fmt"), Cbor.text(draft.format),
                Cbor.text("attStmt"), draft.statement,
                Cbor.text("authData"), Cbor.bytes(data)));
        ObjectNode credential = credential(draft, clientData);
        response(credential)
                .put("attestationObject", encode(attestation))
                .putArray("transports")
                .add("internal");
        credential.putObject("clientExtensionResults").putObject("credProps").put("rk", true);
        draft.credential.accept(credential);
        return credential;
    }

    /** Signs as a browser does, from {@code PublicKeyCredentialRequestOptionsJSON}. */
    public ObjectNode get(JsonNode options) {
        return get(options, unchanged -> {});
    }

    /** Signs with changes. */
    public ObjectNode get(JsonNode options, Consumer<Draft> change) {
        Draft draft = new Draft(options.path("rpId").asText(), credentialId, publicKey());
        draft.flags |= BACKUP_ELIGIBLE | BACKED_UP;
        counter = counter == 0 ? 0 : counter + 1;
        draft.counter = counter;
        describe(draft, "webauthn.get", options);
        change.accept(draft);
        byte[] clientData = draft.clientDataJson.apply(Json.write(draft.clientData));
        byte[] data = draft.authenticatorData.apply(Cbor.join(header(draft), draft.extensions));
        ObjectNode credential = credential(draft, clientData);
        response(credential)
                .put("authenticatorData", encode(data))
                .put("signature", encode(sign(Cbor.join(data, sha256(clientData)))))
                .put("userHandle", userHandle);
        credential.putObject("clientExtensionResults");
        draft.credential.accept(credential);
        return credential;
    }

    static ObjectNode response(ObjectNode credential) {
        return (ObjectNode) credential.path("response");
    }

    static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static byte[] decode(JsonNode text) {
        return Base64.getUrlDecoder().decode(text.textValue());
    }

    /** Returns the COSE key (RFC 9052, section 7). */
    byte[] publicKey() {
        return switch (algorithm) {
            case ES256 -> ec(-7, 1, point());
            case EDDSA ->
                Cbor.map(
                        Cbor.number(1), Cbor.number(1),
                        Cbor.number(3), Cbor.number(-8),
                        Cbor.number(-1), Cbor.number(6),
                        Cbor.number(-2), Cbor.bytes(lastBytes(keys.getPublic().getEncoded())));
            case RS256 -> {
                RSAPublicKey rsa = (RSAPublicKey) keys.getPublic();
                yield rsa(-257, rsa.getModulus(), rsa.getPublicExponent());
            }
        };
    }

    /** Returns a COSE key with the coordinates of this authenticator's key, which must be an ES256 key. */
    byte[] ec(int algorithmId, int curve) {
        return ec(algorithmId, curve, point());
    }

    static byte[] ec(int algorithmId, int curve, byte[] point) {
        return Cbor.map(
                Cbor.number(1), Cbor.number(2),
                Cbor.number(3), Cbor.number(algorithmId),
                Cbor.number(-1), Cbor.number(curve),
                Cbor.number(-2), Cbor.bytes(Arrays.copyOf(point, COORDINATE_BYTES)),
                Cbor.number(-3), Cbor.bytes(Arrays.copyOfRange(point, COORDINATE_BYTES, point.length)));
    }

    static byte[] rsa(int algorithmId, BigInteger modulus, BigInteger exponent) {
        return Cbor.map(
                Cbor.number(1), Cbor.number(3),
                Cbor.number(3), Cbor.number(algorithmId),
                Cbor.number(-1), Cbor.bytes(unsigned(modulus)),
                Cbor.number(-2), Cbor.bytes(unsigned(exponent)));
    }

    /** Returns the point of an ES256 key: both coordinates with 32 bytes each. */
    byte[] point() {
        ECPublicKey key = (ECPublicKey) keys.getPublic();
        return Cbor.join(
                coordinate(key.getW().getAffineX()), coordinate(key.getW().getAffineY()));
    }

    private static byte[] coordinate(BigInteger number) {
        byte[] unsigned = unsigned(number);
        return Cbor.join(new byte[COORDINATE_BYTES - unsigned.length], unsigned);
    }

    private static byte[] unsigned(BigInteger number) {
        byte[] signed = number.toByteArray();
        return signed[0] == 0 ? Arrays.copyOfRange(signed, 1, signed.length) : signed;
    }

    private static byte[] lastBytes(byte[] encoded) {
        return Arrays.copyOfRange(encoded, encoded.length - COORDINATE_BYTES, encoded.length);
    }

    private void describe(Draft draft, String type, JsonNode options) {
        draft.clientData
                .put("type", type)
                .put("challenge", options.path("challenge").asText())
                .put("origin", origin)
                .put("crossOrigin", false);
    }

    private static ObjectNode credential(Draft draft, byte[] clientData) {
        ObjectNode credential = Json.MAPPER.createObjectNode();
        credential.put("id", encode(draft.credentialId)).put("rawId", encode(draft.credentialId));
        credential.put("type", "public-key").put("authenticatorAttachment", "platform");
        credential.putObject("response").put("clientDataJSON", encode(clientData));
        return credential;
    }

    private static byte[] header(Draft draft) {
        return Cbor.join(
                sha256(draft.rpId.getBytes(UTF_8)),
                ByteBuffer.allocate(5)
                        .put((byte) draft.flags)
                        .putInt((int) draft.counter)
                        .array());
    }

    private byte[] attested(Draft draft) {
        ByteBuffer header = ByteBuffer.allocate(18)
                .putLong(aaguid.getMostSignificantBits())
                .putLong(aaguid.getLeastSignificantBits())
                .putShort((short) draft.credentialId.length);
        return Cbor.join(header.array(), draft.credentialId, draft.publicKey);
    }

    private byte[] sign(byte[] data) {
        try {
            Signature signature = Signature.getInstance(algorithm.jcaName);
            signature.initSign(keys.getPrivate());
            signature.update(data);
            return signature.sign();
        } catch (GeneralSecurityException impossible) {
            throw new AssertionError(impossible);
        }
    }

    static byte[] sha256(byte[] data) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(data);
        } catch (GeneralSecurityException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
