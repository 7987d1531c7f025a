package org.gatehouse.user;

import java.util.Optional;
import org.gatehouse.error.FieldErrors;
import org.jspecify.annotations.Nullable;

/**
 * The filter of a list of users: a user matches if all present conditions are met.
 *
 * @param role a role of the user
 * @param status the status of the user
 * @param names the beginning of the username; a user with a reserved name ({@link ReservedUsernames}) does not match
 */
record UserFilter(Optional<String> role, Optional<UserStatus> status, Optional<NamePrefix> names) {
    /** Matches all users. */
    static final UserFilter ALL = new UserFilter(Optional.empty(), Optional.empty(), Optional.empty());

    /** Parses the parameters of a URL, null if absent; adds each invalid one to the errors. */
    static UserFilter parse(@Nullable String q, @Nullable String role, @Nullable String status, FieldErrors errors) {
        Optional<NamePrefix> names = Optional.ofNullable(q).flatMap(NamePrefix::parse);
        if (q != null && names.isEmpty()) {
            errors.add("q", "must be the beginning of a username");
        }
        Optional<String> known = Optional.ofNullable(role)
                .filter(name -> UserInput.ROLE.matcher(name).matches());
        if (role != null && known.isEmpty()) {
            errors.add("role", "must be the name of a role: a letter, then a-z, 0-9, - and _, at most 32 long");
        }
        Optional<UserStatus> wanted = Optional.ofNullable(status).flatMap(UserStatus::parse);
        if (status != null && wanted.isEmpty()) {
            errors.add("status", "must be active or disabled");
        }
        return new UserFilter(known, wanted, names);
    }

    boolean isAll() {
        return equals(ALL);
    }

    /** Returns a text that identifies the filter; empty for all users. */
    String text() {
        return isAll()
                ? ""
                : String.join(
                        "\n", // not part of any of the values
                        role.orElse(""),
                        status.map(UserStatus::text).orElse(""),
                        names.map(NamePrefix::first).orElse(""));
    }
}
