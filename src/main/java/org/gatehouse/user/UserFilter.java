package org.gatehouse.user;

import org.gatehouse.error.FieldErrors;
import org.gatehouse.identity.Roles;
import org.jspecify.annotations.Nullable;

/**
 * The filter of a list of users: a user matches if every condition that is not null is met.
 *
 * @param role a role of the user
 * @param status the status of the user
 * @param names the beginning of the username; a user with a reserved name ({@link ReservedUsernames}) does not match
 */
record UserFilter(
        @Nullable String role,
        @Nullable UserStatus status,
        @Nullable NamePrefix names) {
    /** Matches all users. */
    static final UserFilter ALL = new UserFilter(null, null, null);

    /** Parses query parameters, which are null if absent; adds each violation to the errors. */
    static UserFilter parse(@Nullable String q, @Nullable String role, @Nullable String status, FieldErrors errors) {
        NamePrefix names = q == null ? null : NamePrefix.parse(q).orElse(null);
        if (q != null && names == null) {
            errors.add("q", "must be the beginning of a username");
        }
        if (role != null && !Roles.NAME.matcher(role).matches()) {
            errors.add("role", "must be the name of a role: a letter, then a-z, 0-9, - and _, at most 32 long");
        }
        UserStatus wanted = status == null ? null : UserStatus.parse(status).orElse(null);
        if (status != null && wanted == null) {
            errors.add("status", "must be active or disabled");
        }
        return new UserFilter(role, wanted, names);
    }

    boolean isAll() {
        return equals(ALL);
    }

    /** Returns a text that identifies the filter; empty if the filter matches all users. */
    String text() {
        return isAll()
                ? ""
                : String.join(
                        "\n", // the values do not contain this character
                        role == null ? "" : role,
                        status == null ? "" : status.text(),
                        names == null ? "" : names.first());
    }
}
