package org.gatehouse.factor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.gatehouse.json.Json;

/**
 * What the client collected for the authenticator to sign (Web Authentication, Level 3, section 5.8.1).
 *
 * @param type {@link #CREATE} or {@link #GET}, or a text of the client
 * @param challenge the challenge in base64url without padding
 */
record ClientData(String type, String challenge, String origin) {
    static final String CREATE = "webauthn.create";
    static final String GET = "webauthn.get";

    /**
     * Parses client data; empty if it is malformed, or if the page was in a frame of another origin. Duplicate members
     * are rejected, because parsers differ in which one they use.
     */
    static Optional<ClientData> parse(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return read(Json.MAPPER.readTree(text));
        } catch (CharacterCodingException | JsonProcessingException malformed) {
            return Optional.empty();
        }
    }

    private static Optional<ClientData> read(JsonNode data) {
        String type = data.path("type").textValue();
        String challenge = data.path("challenge").textValue();
        String origin = data.path("origin").textValue();
        JsonNode crossOrigin = data.path("crossOrigin");
        boolean sameOrigin = crossOrigin.isMissingNode() || (crossOrigin.isBoolean() && !crossOrigin.booleanValue());
        return type == null || challenge == null || origin == null || !sameOrigin || data.has("topOrigin")
                ? Optional.empty()
                : Optional.of(new ClientData(type, challenge, origin));
    }
}
