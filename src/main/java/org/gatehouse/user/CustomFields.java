package org.gatehouse.user;

import static java.util.stream.Collectors.toUnmodifiableMap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.json.Json;
import org.gatehouse.store.BsonJson;

/**
 * The bounds of what a caller may add to a user: names of letters, digits and underscores on every level, so that none
 * can be an operator or a path of the store; {@link #MAX_BYTES} and {@link #MAX_LEVELS} in all; no credentials.
 *
 * <p>A name of Gatehouse's own is refused in any case of its letters, because many JSON readers ignore case and would take
 * {@code Roles} for {@code roles}.
 */
public final class CustomFields {
    static final int MAX_BYTES = 16 * 1024;
    static final int MAX_LEVELS = 8;

    private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]{0,63}");

    /** The reserved names by their form in small letters. */
    private static final Map<String, String> RESERVED = Stream.of(UserJson.RESERVED_FIELDS, UserJson.SETTABLE)
            .flatMap(Set::stream)
            .collect(toUnmodifiableMap(name -> name.toLowerCase(Locale.ROOT), name -> name));

    /** The longest name that a message repeats. */
    private static final Pattern SHOWN_NAME = Pattern.compile("[\\w.@/:$ -]{1,64}");

    /** The call that the fields come with. */
    enum Call {
        CREATION("a password belongs in password, and later in PUT /user/{id}/password"),
        PATCH("a password is changed with PUT /user/{id}/password"),
        IMPORT("a password belongs in password, and its hash in passwordHash");

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

    /** Says what is wrong with the fields themselves: names, nesting, text. */
    static void check(ObjectNode fields, Call call, FieldErrors errors) {
        new CustomFields(call, errors).check(fields);
    }

    /** The reserved name that this one is, apart from the case of its letters; empty when there is none. */
    public static Optional<String> reserved(String name) {
        return Optional.ofNullable(RESERVED.get(name.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT)));
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
                requireName(name, name); // removing is possible whatever else a field is called
                return;
            }
            Optional<String> reserved = reserved(name);
            if (reserved.isPresent() && !CredentialFields.isCredential(name)) {
                errors.add(name, "differs from " + reserved.get() + " only in case, and that name is reserved");
                return;
            }
            if (isNamed(name, name, field.getValue())) {
                checkValue(name, field.getValue(), 1, call == Call.PATCH);
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
    private boolean isNamed(String path, String name, JsonNode value) {
        if (CredentialFields.isCredential(name, value)) {
            errors.add(
                    isPlainText(path) ? path : "?",
                    "is the name of a credential, which is not kept in a field of this kind; " + call.instead);
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

    /** @param merged whether null removes a member of this value, which it does not in an array */
    private void checkValue(String path, JsonNode value, int level, boolean merged) {
        if (level > MAX_LEVELS) {
            errors.add(path, "is nested deeper than " + MAX_LEVELS + " levels");
            return;
        }
        if (value.isTextual() && !isPlainText(value.textValue())) {
            errors.add(path, "holds U+0000 or half of a surrogate pair");
        }
        if (value.isTextual() && CredentialFields.isHash(value.textValue())) {
            errors.add(path, "is a password hash, which is not kept in a field of this kind; " + call.instead);
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
