package org.gatehouse.user;

import java.util.Optional;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.identity.Roles;
import org.jspecify.annotations.Nullable;

/**
 * The filter of a list of users: a user matches if every condition that is not null is met.
 *
 * @param role a role of the user
 * @param status the status of the user
 * @param names the beginning of the username; a user with a reserved name ({@link ReservedUsernames}) does not match
 * @param search a text that one of the user's fields equals or begins with; see {@link MongoUserSearch}
 */
public record UserFilter(
        @Nullable String role,
        @Nullable UserStatus status,
        @Nullable PrefixRange names,
        @Nullable SearchText search) {
    /** Matches all users. */
    public static final UserFilter ALL = new UserFilter(null, null, null, null);

    /** Parses query parameters, which are null if absent; adds each violation to the errors. */
    public static UserFilter parse(
            @Nullable String q,
            @Nullable String search,
            @Nullable String role,
            @Nullable String status,
            FieldErrors errors) {
        PrefixRange names = q == null ? null : PrefixRange.ofUsernames(q).orElse(null);
        if (q != null && names == null) {
            errors.add("q", "must be the beginning of a username");
        }
        SearchText text = search == null ? null : SearchText.parse(search).orElse(null);
        if (search != null && text == null) {
            errors.add("search", "must have 1 to " + SearchText.MAX_LENGTH + " characters, and no control characters");
        }
        if (role != null && !Roles.NAME.matcher(role).matches()) {
            errors.add("role", "must be the name of a role: a letter, then a-z, 0-9, - and _, at most 32 long");
        }
        UserStatus wanted = status == null ? null : parseStatus(status).orElse(null);
        if (status != null && wanted == null) {
            errors.add("status", "must be active, disabled or leaving");
        }
        return new UserFilter(role, wanted, names, text);
    }

    private static Optional<UserStatus> parseStatus(String text) {
        return text.equals(UserStatus.LEAVING.text()) ? Optional.of(UserStatus.LEAVING) : UserStatus.parse(text);
    }

    boolean isAll() {
        return equals(ALL);
    }

    /** Returns a text that identifies the filter; empty if the filter matches all users. */
    public String text() {
        if (isAll()) {
            return "";
        }
        String text = String.join(
                "\n", // the values do not contain this character
                role == null ? "" : role,
                status == null ? "" : status.text(),
                names == null ? "" : names.first());
        return search == null ? text : text + "\n" + search.text();
    }
}
