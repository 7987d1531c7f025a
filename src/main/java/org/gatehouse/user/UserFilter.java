package org.gatehouse.user;

import java.util.Optional;
import org.gatehouse.error.FieldErrors;
import org.jspecify.annotations.Nullable;

/**
 * Which users a list has: all that meet each condition there is.
 *
 * @param role one that they have
 * @param status theirs
 * @param names what their names begin with; whoever shares a name with others ({@link ReservedUsername}) has none
 */
public record UserFilter(Optional<String> role, Optional<UserStatus> status, Optional<NamePrefix> names) {
    /** All users. */
    public static final UserFilter ALL = new UserFilter(Optional.empty(), Optional.empty(), Optional.empty());

    /** The filter that a URL's parameters ask for, null where one is absent; complains of those that are none. */
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

    /** Tells filters apart; empty for all users. */
    String text() {
        return isAll()
                ? ""
                : String.join(
                        "\n", // which none of them holds
                        role.orElse(""),
                        status.map(UserStatus::text).orElse(""),
                        names.map(NamePrefix::first).orElse(""));
    }
}
