package org.gatehouse.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.gatehouse.error.FieldErrors;
import org.jspecify.annotations.Nullable;

/** Reads optional fields of an object that a client sent. A field with null counts as absent. */
public final class JsonFields {
    private JsonFields() {}

    /** Returns a string; null if the field is absent, or if it has another type, which is added to the errors. */
    public static @Nullable String text(ObjectNode body, String name, FieldErrors errors) {
        JsonNode value = body.path(name);
        if (!value.isTextual() && !value.isMissingNode() && !value.isNull()) {
            errors.add(name, "must be a string");
        }
        return value.textValue();
    }

    /** Returns an array of strings; null if the field is absent. Another type is added to the errors. */
    public static @Nullable List<String> texts(ObjectNode body, String name, FieldErrors errors) {
        JsonNode value = body.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return null;
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode element : value) {
            if (element.isTextual()) {
                texts.add(element.textValue());
            }
        }
        if (!value.isArray() || texts.size() < value.size()) {
            errors.add(name, "must be an array of strings");
        }
        return texts;
    }
}
