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
 * A place in a list as callers pass it on: some texts as a JSON array in base64url (RFC 4648, section 5).
 *
 * <p>Callers are told nothing of what is inside, but may write one themselves; so whoever reads the texts checks them
 * like any other input.
 */
public final class Cursor {
    private Cursor() {}

    /** The cursor that {@link #parse} turns into these texts again. */
    public static String of(String... parts) {
        ArrayNode array = Json.MAPPER.createArrayNode();
        for (String part : parts) {
            array.add(part);
        }
        return Base64.getUrlEncoder().withoutPadding().encodeToString(Json.write(array));
    }

    /** The texts of a cursor; empty when it is not one of exactly so many. */
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
            // The parser's own failures too, such as of exponents that are numbers to JSON but not to Java.
            return Optional.empty();
        }
    }
}
