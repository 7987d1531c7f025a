package org.gatehouse.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;

/**
 * The body of a request, parsed but not yet validated. The node of an absent body is Jackson's {@code MissingNode}.
 *
 * <p>Resources use this type instead of a bean. A bean would hide which fields are absent, and which JSON type each
 * field has.
 *
 * @param subject the name of the text in error messages: "body" or "line"
 */
public record JsonBody(JsonNode node, String subject) {
    /** Four times the 16 KiB that custom fields may have, because escapes, white space and other fields also count. */
    public static final int MAX_BYTES = 64 * 1024;

    /**
     * Returns the body as an object.
     *
     * @throws GatehouseException {@code BODY_MALFORMED} if the body is not an object
     */
    public ObjectNode object() {
        if (node instanceof ObjectNode object) {
            return object;
        }
        String rule = "The " + subject + " must be a JSON object.";
        boolean arrayOfLines = node.isArray() && subject.equals(JsonBodyReader.LINE);
        throw new GatehouseException(
                ErrorCode.BODY_MALFORMED,
                arrayOfLines ? rule + " It is an array; jq -c '.[]' writes each element as a line." : rule);
    }

    /** Adds an error for each field of the body that is not in the list of known fields. */
    public void rejectUnknown(List<String> known, FieldErrors errors) {
        node.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                KnownNames.addUnknown(name, "field", known, errors);
            }
        });
    }

    /**
     * Requires that the body is absent, {@code null} or {@code {}}.
     *
     * @throws GatehouseException {@code BODY_MALFORMED} if the body is not an object, {@code VALIDATION_FAILED} if the
     *     object is not empty
     */
    public void requireEmpty() {
        if (node.isMissingNode() || node.isNull()) {
            return;
        }
        object();
        FieldErrors errors = new FieldErrors();
        rejectUnknown(List.of(), errors);
        errors.throwIfAny();
    }

    /** Returns the text of a required field. Adds an error if the field is absent or not a string. */
    public String requiredText(String field, FieldErrors errors) {
        String text = node.path(field).textValue();
        if (text == null) {
            errors.add(field, "is required and must be a string");
            return "";
        }
        return text;
    }
}
