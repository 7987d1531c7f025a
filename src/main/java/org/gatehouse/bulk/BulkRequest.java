package org.gatehouse.bulk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Cursor;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.JsonBody;
import org.gatehouse.json.JsonFields;
import org.gatehouse.user.User;
import org.gatehouse.user.UserFilter;
import org.gatehouse.user.UserStatus;
import org.jspecify.annotations.Nullable;

/**
 * A bulk request as a caller sends it.
 *
 * @param role the role that is added or removed; empty for other actions
 * @param selection the users that the request names, or the page of a filter
 * @param dryRun whether the response only says what the request would do
 */
record BulkRequest(BulkAction action, String role, Selection selection, boolean dryRun) {
    /** The number of users of a request. Changes of so many users take a few seconds. */
    static final int MAX_USERS = 200;

    private static final int DEFAULT_LIMIT = 100;

    private static final String ACTION = "action";
    private static final String ROLE = "role";
    private static final String USERS = "users";
    private static final String FILTER = "filter";
    private static final String DRY_RUN = "dryRun";
    private static final String LIMIT = "limit";
    private static final String AFTER = "after";
    private static final List<String> FIELDS = List.of(ACTION, ROLE, USERS, FILTER, DRY_RUN, LIMIT, AFTER);

    private static final String SEARCH = "search";
    private static final String Q = "q";
    private static final String STATUS = "status";

    /** The users of a request. */
    sealed interface Selection permits Named, Filtered {}

    /** Users that the caller names by their ids. */
    record Named(List<UserId> ids) implements Selection {}

    /**
     * One page of the users that match a filter, in the order of their ids. Ids never change, so a change that makes
     * users leave the filter does not shift the next page.
     *
     * @param after the last id of the previous page; null for the first page
     */
    record Filtered(UserFilter filter, @Nullable UserId after, int limit) implements Selection {
        /** Returns the position after this user as an opaque text that callers send back. */
        String cursor(UserId last) {
            return Cursor.of(filter.text(), last.hex());
        }
    }

    /**
     * Parses a body. Reports all violations together.
     *
     * @throws GatehouseException {@code BODY_MALFORMED}, {@code VALIDATION_FAILED}
     */
    static BulkRequest parse(JsonBody body) {
        ObjectNode object = body.object();
        FieldErrors errors = new FieldErrors();
        body.rejectUnknown(FIELDS, errors);
        String name = body.requiredText(ACTION, errors);
        BulkAction action = BulkAction.parse(name).orElse(null);
        if (action == null && !errors.hasErrorFor(ACTION)) {
            errors.add(ACTION, "must be one of " + BulkAction.names());
        }
        String role = JsonFields.text(object, ROLE, errors);
        checkRole(action, role, errors);
        boolean dryRun = flag(object, errors);
        boolean named = object.hasNonNull(USERS);
        if (named == object.hasNonNull(FILTER)) {
            errors.add(USERS, "or filter must be present, and not both");
        }
        Selection selection = named ? named(object, errors) : filtered(object, errors);
        errors.throwIfAny();
        return new BulkRequest(
                action == null ? BulkAction.DISABLE : action, role == null ? "" : role, selection, dryRun);
    }

    private static void checkRole(@Nullable BulkAction action, @Nullable String role, FieldErrors errors) {
        if (action == null || errors.hasErrorFor(ROLE)) {
            return;
        }
        if (!action.hasRole() && role != null) {
            errors.add(ROLE, "is only for add-role and remove-role");
        } else if (action.hasRole()
                && (role == null || !Roles.NAME.matcher(role).matches())) {
            errors.add(ROLE, "must be the name of a role: a letter, then a-z, 0-9, - and _, at most 32 long");
        }
    }

    private static boolean flag(ObjectNode body, FieldErrors errors) {
        JsonNode value = body.path(DRY_RUN);
        if (!value.isBoolean() && !value.isMissingNode() && !value.isNull()) {
            errors.add(DRY_RUN, "must be true or false");
        }
        return value.asBoolean();
    }

    private static Selection named(ObjectNode body, FieldErrors errors) {
        for (String field : List.of(LIMIT, AFTER)) {
            if (body.hasNonNull(field)) {
                errors.add(field, "is only for a filter");
            }
        }
        List<String> texts = JsonFields.texts(body, USERS, errors);
        Set<UserId> ids = new LinkedHashSet<>();
        if (texts != null && !errors.hasErrorFor(USERS)) {
            texts.forEach(text -> UserId.parse(text).ifPresent(ids::add));
            if (texts.isEmpty() || texts.size() > MAX_USERS || !texts.stream().allMatch(BulkRequest::isId)) {
                errors.add(USERS, "must be 1 to " + MAX_USERS + " ids with 24 hexadecimal digits each");
            }
        }
        return new Named(List.copyOf(ids));
    }

    private static boolean isId(String text) {
        return UserId.parse(text).isPresent();
    }

    private static Selection filtered(ObjectNode body, FieldErrors errors) {
        UserFilter filter = filter(body.path(FILTER), errors);
        String after = JsonFields.text(body, AFTER, errors);
        Optional<UserId> position = after == null || filter == null
                ? Optional.empty()
                : Cursor.parse(after, 2)
                        .filter(parts -> parts.get(0).equals(filter.text()))
                        .flatMap(parts -> UserId.parse(parts.get(1)));
        if (after != null && filter != null && position.isEmpty()) {
            errors.add(AFTER, "is not a cursor of this filter; take it from the previous response");
        }
        return new Filtered(
                filter == null ? UserFilter.ALL : filter, position.orElse(null), limit(body.path(LIMIT), errors));
    }

    /** Returns the filter; null if it is invalid. Names in errors begin with {@code filter.}. */
    private static @Nullable UserFilter filter(JsonNode node, FieldErrors errors) {
        if (!(node instanceof ObjectNode object)) {
            if (!node.isMissingNode() && !node.isNull()) {
                errors.add(FILTER, "must be an object");
            }
            return null;
        }
        FieldErrors inner = new FieldErrors();
        new JsonBody(object, FILTER).rejectUnknown(List.of(SEARCH, Q, ROLE, STATUS), inner);
        String search = JsonFields.text(object, SEARCH, inner);
        String q = JsonFields.text(object, Q, inner);
        String role = JsonFields.text(object, ROLE, inner);
        String status = JsonFields.text(object, STATUS, inner);
        UserFilter filter = UserFilter.parse(q, search, role, status, inner);
        try {
            inner.throwIfAny();
            return filter;
        } catch (GatehouseException invalid) {
            invalid.errors().forEach(error -> errors.add(FILTER + "." + error.field(), error.message()));
            return null;
        }
    }

    private static int limit(JsonNode node, FieldErrors errors) {
        if (node.isMissingNode() || node.isNull()) {
            return DEFAULT_LIMIT;
        }
        if (node.isIntegralNumber() && node.canConvertToInt() && node.intValue() >= 1 && node.intValue() <= MAX_USERS) {
            return node.intValue();
        }
        errors.add(LIMIT, "must be a whole number from 1 to " + MAX_USERS);
        return DEFAULT_LIMIT;
    }

    /**
     * Returns a user after the action, without the end of sessions. A leaving user is neither disabled nor enabled,
     * because that would cancel the deletion which the user requested.
     *
     * @throws GatehouseException {@code VALIDATION_FAILED} if the user is leaving, or would have too many roles
     */
    User edit(User user) {
        return switch (action) {
            case DISABLE -> withStatus(user, UserStatus.DISABLED);
            case ENABLE -> withStatus(user, UserStatus.ACTIVE);
            case END_SESSIONS -> user;
            case ADD_ROLE, REMOVE_ROLE -> user.with(user.username(), roles(user), user.status(), user.fields());
        };
    }

    private static User withStatus(User user, UserStatus status) {
        if (user.status() == UserStatus.LEAVING) {
            throw GatehouseException.invalid(STATUS, "is leaving; PATCH /user/{id} disables or enables the user");
        }
        return user.with(user.username(), user.roles(), status, user.fields());
    }

    private Set<String> roles(User user) {
        if (user.roles().contains(role) == (action == BulkAction.ADD_ROLE)) {
            return user.roles(); // a legacy user may have more roles than allowed, and keeps them
        }
        Set<String> roles = new TreeSet<>(user.roles());
        if (action == BulkAction.REMOVE_ROLE) {
            roles.remove(role);
            return roles;
        }
        roles.add(role);
        Roles.violation(List.copyOf(roles)).ifPresent(violation -> {
            throw GatehouseException.invalid("roles", violation);
        });
        return roles;
    }
}
