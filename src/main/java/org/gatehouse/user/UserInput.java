package org.gatehouse.user;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Username;
import org.gatehouse.json.JsonBody;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a user as a caller sends them. A field that is absent or has the wrong type is null.
 *
 * @param fields all other fields of the body, including those that are null
 */
public record UserInput(
        @Nullable String username,
        @Nullable Secret password,
        @Nullable List<String> roles,
        @Nullable String status,
        ObjectNode fields) {
    static final Pattern ROLE = Pattern.compile("[a-z][a-z0-9_-]{0,31}");

    private static final int MAX_ROLES = 16;

    /** Reads the fields of {@code POST /user}; adds each violation to the errors. */
    static UserInput ofNew(ObjectNode body, FieldErrors errors) {
        String password = text(body, UserJson.PASSWORD, errors);
        UserInput form = read(
                body,
                password == null ? null : new Secret(password),
                customFields(body).without(UserJson.PASSWORD),
                errors);
        form.check(errors);
        for (String required : List.of(UserJson.USERNAME, UserJson.PASSWORD)) {
            if (!body.hasNonNull(required)) {
                errors.add(required, "is required");
            }
        }
        CustomFields.check(form.fields, CustomFields.Call.CREATION, errors);
        return form;
    }

    /**
     * Reads a line of {@code POST /user/import}. Adds each violation to the errors, except a missing password.
     *
     * @param otherNames fields that the import reads itself; they are not custom fields
     */
    public static UserInput ofImported(ObjectNode line, Set<String> otherNames, FieldErrors errors) {
        String password = text(line, UserJson.PASSWORD, errors);
        UserInput form = read(
                line,
                password == null ? null : new Secret(password),
                customFields(line).without(otherNames),
                errors);
        form.check(errors);
        if (!line.hasNonNull(UserJson.USERNAME)) {
            errors.add(UserJson.USERNAME, "is required");
        }
        CustomFields.check(form.fields, CustomFields.Call.IMPORT, errors);
        CustomFields.checkSize(form.fields, errors);
        return form;
    }

    /** Reads the fields of {@code PATCH /user/{id}}; adds each violation to the errors. */
    static UserInput ofPatch(ObjectNode body, FieldErrors errors) {
        for (String name : UserJson.SETTABLE) {
            if (body.path(name).isNull()) {
                errors.add(name, "cannot be removed");
            }
        }
        ObjectNode fields = customFields(body);
        if (body.hasNonNull(Reauthentication.CURRENT_PASSWORD)) {
            fields.remove(Reauthentication.CURRENT_PASSWORD);
        }
        UserInput form = read(body, null, fields, errors);
        form.check(errors);
        CustomFields.check(form.fields, CustomFields.Call.PATCH, errors);
        return form;
    }

    /** Returns the current password, which a body may contain beside a merge patch. */
    static Optional<String> currentPassword(ObjectNode body, FieldErrors errors) {
        return Optional.ofNullable(text(body, Reauthentication.CURRENT_PASSWORD, errors));
    }

    public Set<String> rolesOr(Set<String> others) {
        return roles == null ? others : new LinkedHashSet<>(roles);
    }

    public UserStatus statusOr(UserStatus other) {
        return status == null ? other : UserStatus.parse(status).orElse(other);
    }

    private void check(FieldErrors errors) {
        require(
                roles == null
                        || roles.stream().allMatch(role -> ROLE.matcher(role).matches()),
                UserJson.ROLES,
                "must be names of a-z, 0-9, - and _, that begin with a letter, at most 32 long",
                errors);
        require(
                roles == null || roles.size() <= MAX_ROLES,
                UserJson.ROLES,
                "must have at most " + MAX_ROLES + " roles",
                errors);
        require(
                status == null || UserStatus.parse(status).isPresent(),
                UserJson.STATUS,
                "must be active or disabled",
                errors);
        require(
                username == null || Username.parse(username).isPresent(),
                UserJson.USERNAME,
                "must have " + Username.MIN_LENGTH + " to " + Username.MAX_LENGTH
                        + " characters, all of them letters, digits or visible ASCII",
                errors);
    }

    /** Adds only the first violation of each field. */
    private static void require(boolean valid, String field, String rule, FieldErrors errors) {
        if (!valid && !errors.hasErrorFor(field)) {
            errors.add(field, rule);
        }
    }

    private static ObjectNode customFields(ObjectNode body) {
        return body.deepCopy().without(UserJson.SETTABLE);
    }

    private static UserInput read(ObjectNode body, @Nullable Secret password, ObjectNode fields, FieldErrors errors) {
        String username = text(body, UserJson.USERNAME, errors);
        return new UserInput(
                username == null ? null : Username.strip(username),
                password,
                texts(body, UserJson.ROLES, errors),
                text(body, UserJson.STATUS, errors),
                fields);
    }

    private static @Nullable String text(ObjectNode body, String name, FieldErrors errors) {
        JsonNode value = body.path(name);
        if (!value.isTextual() && !value.isMissingNode() && !value.isNull()) {
            errors.add(name, "must be a string");
        }
        return value.textValue();
    }

    private static @Nullable List<String> texts(ObjectNode body, String name, FieldErrors errors) {
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

    /**
     * Rejects fields that only an administrator may set.
     *
     * @throws GatehouseException {@code FORBIDDEN}
     */
    static void requireNothingForAdministrators(JsonBody body) {
        if (body.node().has(UserJson.ROLES) || body.node().has(UserJson.STATUS)) {
            throw new GatehouseException(ErrorCode.FORBIDDEN, "Only an administrator sets roles and status.");
        }
    }
}
