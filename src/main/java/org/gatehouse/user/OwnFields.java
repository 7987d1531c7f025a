package org.gatehouse.user;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.regex.Pattern;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.http.Json;
import org.gatehouse.store.BsonJson;

/**
 * The bounds of what a caller may add to a user: names of letters, digits and underscores on every level, so that none
 * can be an operator or a path of the store; {@link #MAX_BYTES} and {@link #MAX_LEVELS} in all.
 */
final class OwnFields {
    static final int MAX_BYTES = 16 * 1024;
    static final int MAX_LEVELS = 8;

    private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]{0,63}");

    private OwnFields() {}

    /** Says what is wrong with the fields themselves: names, nesting, text. */
    static void check(ObjectNode fields, FieldErrors errors) {
        fields.properties().forEach(field -> {
            String name = field.getKey();
            if (name.equals(UserJson.PASSWORD)) {
                errors.add(name, "cannot be set here");
                return;
            }
            if (UserJson.SERVERS_OWN.contains(name)) {
                errors.add(name, "is set by the server only");
                return;
            }
            if (isNamed(name, name, errors)) {
                checkValue(name, field.getValue(), 1, errors);
            }
        });
    }

    /** Says so when the fields are too large together. */
    static void checkSize(ObjectNode fields, FieldErrors errors) {
        if (Json.write(fields).length > MAX_BYTES) {
            errors.add("", "own fields take more than " + MAX_BYTES / 1024 + " KiB as JSON");
        }
    }

    /** Text that every store can hold: no NUL, no half of a surrogate pair. */
    static boolean isPlainText(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\0' || Character.isLowSurrogate(c)) {
                return false;
            }
            if (Character.isHighSurrogate(c)) {
                i++;
                if (i == text.length() || !Character.isLowSurrogate(text.charAt(i))) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Says so when the name is not acceptable; what is below such a name is not looked at. */
    private static boolean isNamed(String path, String name, FieldErrors errors) {
        if (NAME.matcher(name).matches()) {
            return true;
        }
        errors.add(
                isPlainText(path) ? path : "?",
                "must be named with a letter first, then letters, digits or _, at most 64 in all");
        return false;
    }

    private static void checkValue(String path, JsonNode value, int level, FieldErrors errors) {
        if (level > MAX_LEVELS) {
            errors.add(path, "is nested deeper than " + MAX_LEVELS + " levels");
            return;
        }
        if (value.isTextual() && !isPlainText(value.textValue())) {
            errors.add(path, "holds U+0000 or half of a surrogate pair");
        }
        if (value.isNumber() && !BsonJson.isExact(value)) {
            errors.add(path, "is a number of more than 34 digits, or out of range");
        }
        value.properties().forEach(member -> {
            String memberPath = path + "." + member.getKey();
            if (isNamed(memberPath, member.getKey(), errors)) {
                checkValue(memberPath, member.getValue(), level + 1, errors);
            }
        });
        if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                checkValue(path + "." + i, value.get(i), level + 1, errors);
            }
        }
    }
}
