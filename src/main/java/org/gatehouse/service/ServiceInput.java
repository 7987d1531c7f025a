package org.gatehouse.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.identity.Roles;
import org.gatehouse.json.JsonBody;
import org.gatehouse.json.JsonFields;
import org.gatehouse.user.UserStatus;
import org.jspecify.annotations.Nullable;

/** The fields of a service as a caller sends them. An absent field is null. */
record ServiceInput(
        @Nullable String name,
        @Nullable Set<String> roles,
        @Nullable UserStatus status) {
    static final String NAME = "name";
    static final String ROLES = "roles";
    static final String STATUS = "status";
    static final String PREVIOUS_EXPIRES_IN = "previousExpiresIn";

    private static final int MAX_NAME = 100;

    /** A service needs a moment to receive its new secret; operators often deploy once a day. */
    private static final Duration DEFAULT_PREVIOUS_LIFE = Duration.ofHours(24);

    private static final Duration MAX_PREVIOUS_LIFE = Duration.ofDays(30);

    /** Reads the body of {@code POST /service}. */
    static ServiceInput ofNew(JsonBody body) {
        FieldErrors errors = new FieldErrors();
        if (!body.object().hasNonNull(NAME)) {
            errors.add(NAME, "is required");
        }
        ServiceInput input = read(body.object(), errors);
        body.rejectUnknown(List.of(NAME, ROLES), errors);
        errors.throwIfAny();
        return input;
    }

    /** Reads the body of {@code PATCH /service/{id}}. */
    static ServiceInput ofPatch(JsonBody body) {
        FieldErrors errors = new FieldErrors();
        List<String> fields = List.of(NAME, ROLES, STATUS);
        for (String field : fields) {
            if (body.object().path(field).isNull()) {
                errors.add(field, "cannot be removed");
            }
        }
        ServiceInput input = read(body.object(), errors);
        body.rejectUnknown(fields, errors);
        errors.throwIfAny();
        return input;
    }

    /** Reads the body of {@code POST /service/{id}/secret}: how long the previous secret stays valid. */
    static Duration previousLife(JsonBody body) {
        if (body.node().isMissingNode() || body.node().isNull()) {
            return DEFAULT_PREVIOUS_LIFE;
        }
        FieldErrors errors = new FieldErrors();
        JsonNode seconds = body.object().path(PREVIOUS_EXPIRES_IN);
        boolean absent = seconds.isMissingNode() || seconds.isNull();
        boolean valid = seconds.isIntegralNumber()
                && seconds.canConvertToLong()
                && seconds.longValue() >= 0
                && seconds.longValue() <= MAX_PREVIOUS_LIFE.toSeconds();
        if (!absent && !valid) {
            errors.add(
                    PREVIOUS_EXPIRES_IN,
                    "must be a whole number of seconds from 0 to " + MAX_PREVIOUS_LIFE.toSeconds());
        }
        body.rejectUnknown(List.of(PREVIOUS_EXPIRES_IN), errors);
        errors.throwIfAny();
        return absent ? DEFAULT_PREVIOUS_LIFE : Duration.ofSeconds(seconds.longValue());
    }

    private static ServiceInput read(ObjectNode body, FieldErrors errors) {
        String name = JsonFields.text(body, NAME, errors);
        if (name != null && !isName(name)) {
            errors.add(NAME, "must have 1 to " + MAX_NAME + " characters, none of them a control character");
        }
        List<String> roles = JsonFields.texts(body, ROLES, errors);
        if (roles != null && !errors.hasErrorFor(ROLES)) {
            Roles.violation(roles).ifPresent(violation -> errors.add(ROLES, violation));
        }
        String statusText = JsonFields.text(body, STATUS, errors);
        UserStatus status =
                statusText == null ? null : UserStatus.parse(statusText).orElse(null);
        if (statusText != null && status == null) {
            errors.add(STATUS, "must be active or disabled");
        }
        return new ServiceInput(name, roles == null ? null : Set.copyOf(roles), status);
    }

    private static boolean isName(String name) {
        return !name.isBlank()
                && name.codePointCount(0, name.length()) <= MAX_NAME
                && name.codePoints()
                        .noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
    }
}
