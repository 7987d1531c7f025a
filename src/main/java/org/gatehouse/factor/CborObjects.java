package org.gatehouse.factor;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.webauthn4j.converter.util.ObjectConverter;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.json.Json;

/**
 * Reads CBOR of authenticators. Deep nesting, duplicate keys and long values are rejected before they can exhaust the
 * stack or the memory.
 */
final class CborObjects {
    /** An attestation object has 4 levels (CTAP 2.1, section 8). */
    private static final int MAX_DEPTH = 16;

    private static final int MAX_NUMBER_LENGTH = 32;

    private static final String FORMAT = "fmt";
    private static final String STATEMENT = "attStmt";
    private static final String AUTHENTICATOR_DATA = "authData";

    private static final Set<String> NO_MAP = Set.of("");

    private static final ObjectMapper MAPPER =
            new ObjectMapper(factory()).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private CborObjects() {}

    /** Returns the converter with which the library reads CBOR and JSON, with the same limits. */
    static ObjectConverter converter() {
        return new ObjectConverter(Json.MAPPER.copy(), new ObjectMapper(factory()));
    }

    /**
     * Returns the authenticator data in an attestation object; empty if the object is malformed. The attestation
     * statement may have any format. It is not read, because no attestation is requested and none is trusted.
     */
    static Optional<byte[]> authenticatorData(byte[] attestationObject) {
        try {
            JsonNode object = MAPPER.readTree(attestationObject);
            boolean complete = object.path(FORMAT).isTextual()
                    && object.path(STATEMENT).isObject()
                    && object.path(AUTHENTICATOR_DATA).isBinary();
            return complete ? Optional.of(object.path(AUTHENTICATOR_DATA).binaryValue()) : Optional.empty();
        } catch (IOException malformed) {
            return Optional.empty();
        }
    }

    /** Returns the keys of a map without bytes after it; a set with an empty text for everything else. */
    static Set<String> keys(byte[] map) {
        try {
            JsonNode object = MAPPER.readTree(map);
            Set<String> keys = new HashSet<>();
            object.fieldNames().forEachRemaining(keys::add);
            return object.isObject() ? keys : NO_MAP;
        } catch (IOException malformed) {
            return NO_MAP;
        }
    }

    /** Returns an attestation object with this authenticator data and the format {@code none}. */
    static byte[] withoutAttestation(byte[] authenticatorData) throws IOException {
        ObjectNode object = MAPPER.createObjectNode().put(FORMAT, "none");
        object.putObject(STATEMENT);
        object.put(AUTHENTICATOR_DATA, authenticatorData);
        return MAPPER.writeValueAsBytes(object);
    }

    private static CBORFactory factory() {
        return CBORFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(MAX_DEPTH)
                        .maxNumberLength(MAX_NUMBER_LENGTH)
                        .maxStringLength(CredentialJson.MAX_BYTES)
                        .maxDocumentLength(CredentialJson.MAX_BYTES)
                        .build())
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .build();
    }
}
