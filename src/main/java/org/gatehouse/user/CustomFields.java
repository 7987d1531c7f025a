package org.gatehouse.user;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.json.Json;
import org.gatehouse.store.BsonJson;

/**
 * Checks a user's custom fields. At every level, a name contains only letters, digits and underscores, so the store
 * cannot read it as an operator or a path. {@link #MAX_BYTES} limits the size of all fields together, and
 * {@link #MAX_LEVELS} limits the depth of nesting. Credentials are rejected.
 *
 * <p>The check for reserved names ignores case, because many JSON readers ignore case and read {@code Roles} as
 * {@code roles}.
 */
final class CustomFields {
    static final int MAX_BYTES = 16 * 1024;
    static final int MAX_LEVELS = 8;

    private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]{0,63}");

    /** Names that a message may quote. */
    private static final Pattern SHOWN_NAME = Pattern.compile("[\\w.@/:$ -]{1,64}");

    /** The kind of request that contains the fields. */
    enum Call {
        CREATION("send a password in the field password, and change it with PUT /user/{id}/password"),
        PATCH("a password is changed with PUT /user/{id}/password"),
        IMPORT("write a password in the field password, or its hash in passwordHash");

        private final String instead;

        Call(String instead) {
            this.instead = instead;
        }
    }

    private final Call call;
    private final FieldErrors errors;

    private CustomFields(Call call, FieldErrors errors) {
        this.call = call;
        this.errors = errors;
    }

    /** Adds each violation of the rules for names, nesting, text and numbers to the errors. */
    static void check(ObjectNode fields, Call call, FieldErrors errors) {
        new CustomFields(call, errors).check(fields);
    }

    private void check(ObjectNode fields) {
        fields.properties().forEach(field -> {
            String name = field.getKey();
            if (name.equals(UserJson.PASSWORD)) {
                errors.add(name, "cannot be set here; " + call.instead);
                return;
            }
            if (UserJson.RESERVED_FIELDS.contains(name)) {
                errors.add(name, "is set by the server only");
                return;
            }
            if (call == Call.PATCH && field.getValue().isNull()) {
                requireName(name, name); // a removal needs only a well-formed name
                return;
            }
            Optional<String> reserved = UserJson.reservedName(name);
            if (reserved.isPresent() && !CredentialFields.isCredential(name)) {
                errors.add(name, "differs from " + reserved.get() + " only in case, and that name is reserved");
                return;
            }
            if (isNamed(name, name, field.getValue())) {
                checkValue(name, field.getValue(), 1, call == Call.PATCH);
            }
        });
    }

    /** Adds an error if all fields together are too large. */
    static void checkSize(ObjectNode fields, FieldErrors errors) {
        if (Json.write(fields).length > MAX_BYTES) {
            errors.add("", "custom fields take more than " + MAX_BYTES / 1024 + " KiB as JSON");
        }
    }

    /** Whether the text contains neither NUL nor unpaired surrogates. Some stores reject these characters. */
    static boolean isPlainText(String text) {
        return text.indexOf('\0') < 0 && StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    /** Adds an error and returns false if the name is invalid. The value is then not checked. */
    private boolean isNamed(String path, String name, JsonNode value) {
        if (CredentialFields.isCredential(name, value)) {
            errors.add(
                    isPlainText(path) ? path : "?",
                    "is the name of a credential, and custom fields must not hold credentials; " + call.instead);
            return false;
        }
        return requireName(path, name);
    }

    private boolean requireName(String path, String name) {
        if (NAME.matcher(name).matches()) {
            return true;
        }
        String rule = "must be named with a letter first, then letters, digits or _, at most 64 in all";
        boolean droppable = call == Call.IMPORT && SHOWN_NAME.matcher(name).matches();
        errors.add(
                isPlainText(path) ? path : "?",
                droppable
                        ? rule + "; rename it, or drop it from the file: jq -c 'del(.. | .\"" + name + "\"?)'"
                        : rule);
        return false;
    }

    /** @param merged true if the value is in a merge patch, but not in an array; a null then removes a member */
    private void checkValue(String path, JsonNode value, int level, boolean merged) {
        if (level > MAX_LEVELS) {
            errors.add(path, "is nested deeper than " + MAX_LEVELS + " levels");
            return;
        }
        if (value.isTextual() && !isPlainText(value.textValue())) {
            errors.add(path, "holds U+0000 or half of a surrogate pair");
        }
        if (value.isTextual() && CredentialFields.isHash(value.textValue())) {
            errors.add(path, "is a password hash, and custom fields must not hold credentials; " + call.instead);
        }
        if (value.isNumber() && !BsonJson.isExact(value)) {
            errors.add(path, "is a number of more than 34 digits, or out of range");
        }
        value.properties().forEach(member -> {
            String memberPath = path + "." + member.getKey();
            if (merged && member.getValue().isNull()) {
                requireName(memberPath, member.getKey());
            } else if (isNamed(memberPath, member.getKey(), member.getValue())) {
                checkValue(memberPath, member.getValue(), level + 1, merged);
            }
        });
        if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                checkValue(path + "." + i, value.get(i), level + 1, false);
            }
        }
    }
}
