package org.gatehouse.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.gatehouse.json.Json;

/**
 * A position in a list, encoded as a text that clients send: a JSON array of texts in base64url (RFC 4648, section 5).
 *
 * <p>Clients can create their own cursors. Code that reads the texts must validate them like other input.
 */
public final class Cursor {
    private Cursor() {}

    /** Returns a cursor that holds these texts. */
    public static String of(String... parts) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(Json.write(parts));
    }

    /** Returns the texts of a cursor; empty unless the cursor holds exactly this number of texts. */
    public static Optional<List<String>> parse(String cursor, int parts) {
        try {
            JsonNode array = Json.MAPPER.readTree(Base64.getUrlDecoder().decode(cursor));
            List<String> texts = array.valueStream()
                    .filter(JsonNode::isTextual)
                    .map(JsonNode::textValue)
                    .toList();
            boolean isValid = array.isArray() && array.size() == parts && texts.size() == parts;
            return isValid ? Optional.of(texts) : Optional.empty();
        } catch (IOException | RuntimeException foreign) {
            // The parser throws a RuntimeException, for example, if an exponent is valid in JSON but not in Java.
            return Optional.empty();
        }
    }
}
