package org.gatehouse.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.gatehouse.json.Json;

/**
 * A position in a list as clients send it: several texts as a JSON array in base64url (RFC 4648, section 5).
 *
 * <p>The content is not documented, but clients can create cursors. Code that reads the texts must validate them like
 * any other input.
 */
public final class Cursor {
    private Cursor() {}

    /** Returns the cursor from which {@link #parse} reads these texts. */
    public static String of(String... parts) {
        ArrayNode array = Json.MAPPER.createArrayNode();
        for (String part : parts) {
            array.add(part);
        }
        return Base64.getUrlEncoder().withoutPadding().encodeToString(Json.write(array));
    }

    /** Returns the texts of a cursor; empty if it does not hold exactly this number of texts. */
    public static Optional<List<String>> parse(String cursor, int parts) {
        try {
            JsonNode array = Json.MAPPER.readTree(Base64.getUrlDecoder().decode(cursor));
            if (!array.isArray() || array.size() != parts) {
                return Optional.empty();
            }
            List<String> texts = new ArrayList<>();
            for (JsonNode part : array) {
                if (!part.isTextual()) {
                    return Optional.empty();
                }
                texts.add(part.textValue());
            }
            return Optional.of(List.copyOf(texts));
        } catch (IOException | RuntimeException foreign) {
            // Includes failures inside the parser, such as for exponents that are valid in JSON but not in Java.
            return Optional.empty();
        }
    }
}
