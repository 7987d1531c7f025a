package org.gatehouse.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;

/**
 * The body of a request, parsed but not yet believed; a missing body is the JSON node "missing".
 *
 * <p>Resources take this instead of a bean, because a bean loses what matters here: whether a field was absent or null,
 * and what type it had.
 *
 * @param subject what it is called in a message to the caller: a body, or a line of one
 */
public record JsonBody(JsonNode node, String subject) {

    /**
     * The body as an object.
     *
     * @throws GatehouseException {@code BODY_MALFORMED} when it is none
     */
    public ObjectNode object() {
        if (node instanceof ObjectNode object) {
            return object;
        }
        String rule = "The " + subject + " must be a JSON object.";
        boolean arrayOfLines = node.isArray() && subject.equals(JsonBodyReader.LINE);
        throw new GatehouseException(
                ErrorCode.BODY_MALFORMED,
                arrayOfLines ? rule + " It is an array: jq -c '.[]' makes a line of each element." : rule);
    }

    /** Adds an error for each field that is not one of these, which are all that a body of this call may have. */
    public void rejectUnknown(List<String> known, FieldErrors errors) {
        node.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                KnownNames.addUnknown(name, "field", known, errors);
            }
        });
    }

    /**
     * Requires that the body has no fields: it is absent, {@code null} or {@code {}}.
     *
     * @throws GatehouseException {@code BODY_MALFORMED}, {@code VALIDATION_FAILED}
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

    /** The text of a required field; adds an error if it is absent or not a string. */
    public String requiredText(String field, FieldErrors errors) {
        String text = node.path(field).textValue();
        if (text == null) {
            errors.add(field, "is required, as a string");
            return "";
        }
        return text;
    }
}
