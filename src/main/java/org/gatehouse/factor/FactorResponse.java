package org.gatehouse.factor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.json.JsonFields;
import org.jspecify.annotations.Nullable;

/**
 * A client's response to a challenge. Nothing of it is verified yet.
 *
 * @param id the factor; null for any factor of the type, which is an error for TOTP if the account has several devices
 * @param code null for a passkey
 * @param credential the {@code AuthenticationResponseJSON}; null for a code
 */
public record FactorResponse(
        String challenge,
        FactorType type,
        @Nullable String id,
        @Nullable String code,
        @Nullable JsonNode credential) {
    private static final String CHALLENGE = "challenge";
    private static final String TYPE = "type";
    private static final String ID = "id";
    private static final String CODE = "code";
    static final String CREDENTIAL = "credential";

    /** The fields of a request that contain the response. */
    public static final List<String> FIELDS = List.of(CHALLENGE, TYPE, ID, CODE, CREDENTIAL);

    /**
     * Reads the response in the body of a request.
     *
     * @param errors receives an error for each field that is missing or has the wrong type
     * @return the response, which is complete if there are no errors; null without a valid type
     */
    public static @Nullable FactorResponse read(ObjectNode body, FieldErrors errors) {
        String challenge = required(body, CHALLENGE, errors);
        FactorType type = FactorType.parse(required(body, TYPE, errors)).orElse(null);
        if (type == null && !errors.hasErrorFor(TYPE)) {
            errors.add(TYPE, "must be totp, recovery or passkey");
        }
        String id = JsonFields.text(body, ID, errors);
        String code = JsonFields.text(body, CODE, errors);
        JsonNode credential = body.get(CREDENTIAL);
        if (type == FactorType.PASSKEY) {
            requireCredential(credential, errors);
            if (code != null) {
                errors.add(CODE, "must be absent for a passkey");
            }
        } else if (type != null) {
            if (code == null && !errors.hasErrorFor(CODE)) {
                errors.add(CODE, "is required and must be a string");
            }
            if (credential != null && !credential.isNull()) {
                errors.add(CREDENTIAL, "is for a passkey only");
            }
        }
        return type == null ? null : new FactorResponse(challenge, type, id, code, credential);
    }

    /** Adds an error unless this is an object. */
    static void requireCredential(@Nullable JsonNode credential, FieldErrors errors) {
        if (credential == null || !credential.isObject()) {
            errors.add(CREDENTIAL, "is required and must be an object");
        }
    }

    /** Returns whether the body has a field of a response. */
    public static boolean isIn(ObjectNode body) {
        return FIELDS.stream().anyMatch(body::hasNonNull);
    }

    private static String required(ObjectNode body, String field, FieldErrors errors) {
        String text = JsonFields.text(body, field, errors);
        if (text == null && !errors.hasErrorFor(field)) {
            errors.add(field, "is required and must be a string");
        }
        return text == null ? "" : text;
    }

    @Override
    public String toString() {
        return "FactorResponse[" + type + "]";
    }
}
