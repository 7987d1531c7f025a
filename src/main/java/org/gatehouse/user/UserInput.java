package org.gatehouse.user;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;
import org.gatehouse.json.JsonBody;
import org.gatehouse.json.JsonFields;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a user as a caller sends them. A field that is absent or invalid is null.
 *
 * @param fields all other fields of the body, including those that are null
 */
public record UserInput(
        @Nullable Username username,
        @Nullable Secret password,
        @Nullable Set<String> roles,
        @Nullable UserStatus status,
        ObjectNode fields) {
    /** Reads the fields of {@code POST /user}; adds each violation to the errors. */
    static UserInput ofNew(ObjectNode body, FieldErrors errors) {
        String password = JsonFields.text(body, UserJson.PASSWORD, errors);
        UserInput input = read(body, password, customFields(body).without(UserJson.PASSWORD), errors);
        for (String required : List.of(UserJson.USERNAME, UserJson.PASSWORD)) {
            if (!body.hasNonNull(required)) {
                errors.add(required, "is required");
            }
        }
        CustomFields.check(input.fields, CustomFields.Call.CREATION, errors);
        CustomFields.checkSize(input.fields, errors);
        return input;
    }

    /**
     * Reads a line of {@code POST /user/import}. Adds each violation to the errors, except a missing password.
     *
     * @param otherNames fields that the import reads itself; they are not custom fields
     */
    public static UserInput ofImported(ObjectNode line, Set<String> otherNames, FieldErrors errors) {
        String password = JsonFields.text(line, UserJson.PASSWORD, errors);
        ObjectNode fields = customFields(line).without(otherNames);
        UserInput input = read(withoutLeaving(line), password, fields, errors);
        if (!line.hasNonNull(UserJson.USERNAME)) {
            errors.add(UserJson.USERNAME, "is required");
        }
        CustomFields.check(input.fields, CustomFields.Call.IMPORT, errors);
        CustomFields.checkSize(input.fields, errors);
        return input;
    }

    /** Returns the line of a leaving user as the line of a disabled user, because an import does not plan deletions. */
    private static ObjectNode withoutLeaving(ObjectNode line) {
        return UserStatus.LEAVING.text().equals(line.path(UserJson.STATUS).textValue())
                ? line.deepCopy().put(UserJson.STATUS, UserStatus.DISABLED.text())
                : line;
    }

    /** Reads the fields of {@code PATCH /user/{id}}; adds each violation to the errors. */
    static UserInput ofPatch(ObjectNode body, FieldErrors errors) {
        for (String name : UserJson.SETTABLE) {
            if (body.path(name).isNull()) {
                errors.add(name, "cannot be removed");
            }
        }
        ObjectNode fields = customFields(body);
        if (body.hasNonNull(StepUp.CURRENT_PASSWORD)) {
            fields.remove(StepUp.CURRENT_PASSWORD);
        }
        UserInput input = read(body, null, fields, errors);
        CustomFields.check(input.fields, CustomFields.Call.PATCH, errors);
        return input;
    }

    /** Returns the current password, which a body may contain beside a merge patch; null if it is absent. */
    static @Nullable String currentPassword(ObjectNode body, FieldErrors errors) {
        return JsonFields.text(body, StepUp.CURRENT_PASSWORD, errors);
    }

    /**
     * Returns the new user that this input describes. The input must not have violations.
     *
     * @param hash null for a user who cannot log in until a password is set
     */
    public NewUser newUser(UserId id, @Nullable String hash, NewUser.Imported imported) {
        return new NewUser(
                id,
                Objects.requireNonNull(username),
                hash,
                Objects.requireNonNullElse(roles, Set.of(Roles.USER)),
                Objects.requireNonNullElse(status, UserStatus.ACTIVE),
                fields,
                imported,
                List.of());
    }

    private static ObjectNode customFields(ObjectNode body) {
        return body.deepCopy().without(UserJson.SETTABLE);
    }

    private static UserInput read(ObjectNode body, @Nullable String password, ObjectNode fields, FieldErrors errors) {
        String typedName = JsonFields.text(body, UserJson.USERNAME, errors);
        List<String> roles = JsonFields.texts(body, UserJson.ROLES, errors);
        String statusText = JsonFields.text(body, UserJson.STATUS, errors);
        if (roles != null && !errors.hasErrorFor(UserJson.ROLES)) {
            Roles.violation(roles).ifPresent(violation -> errors.add(UserJson.ROLES, violation));
        }
        checkEmail(fields.get(UserJson.EMAIL), errors);
        checkLocale(fields.get(UserJson.LOCALE), errors);
        UserStatus status =
                statusText == null ? null : UserStatus.parse(statusText).orElse(null);
        if (statusText != null && status == null) {
            errors.add(UserJson.STATUS, "must be active or disabled");
        }
        Username username = typedName == null
                ? null
                : Username.parse(Username.strip(typedName)).orElse(null);
        if (typedName != null && username == null) {
            errors.add(
                    UserJson.USERNAME,
                    "must have " + Username.MIN_LENGTH + " to " + Username.MAX_LENGTH
                            + " characters, all of them letters, digits or visible ASCII");
        }
        return new UserInput(
                username,
                password == null ? null : new Secret(password),
                roles == null ? null : Set.copyOf(roles),
                status,
                fields);
    }

    /** Null removes the address, or says at the creation that there is none. */
    private static void checkEmail(@Nullable JsonNode email, FieldErrors errors) {
        if (email == null || email.isNull()) {
            return;
        }
        Optional<String> violation =
                email.isTextual() ? EmailAddress.violation(email.textValue()) : Optional.of("must be a string or null");
        violation.ifPresent(rule -> errors.add(UserJson.EMAIL, rule));
    }

    private static void checkLocale(@Nullable JsonNode locale, FieldErrors errors) {
        if (locale != null && !locale.isNull() && !(locale.isTextual() && UserLocale.isTag(locale.textValue()))) {
            errors.add(UserJson.LOCALE, "must be a language tag such as de or pt-BR, or null");
        }
    }

    /** Returns whether the input contains an address other than that of the user. Null removes the address. */
    boolean changesEmail(User user) {
        JsonNode email = fields.path(UserJson.EMAIL);
        JsonNode present = user.fields().path(UserJson.EMAIL);
        boolean removes = email.isNull() && !present.isMissingNode();
        return removes || (email.isTextual() && !email.equals(present));
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
