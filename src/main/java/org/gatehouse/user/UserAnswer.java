package org.gatehouse.user;

import org.gatehouse.json.Json;
import org.jspecify.annotations.Nullable;

/** Holds the JSON of one user as responses contain it. It is written at the first use. */
final class UserAnswer {
    private volatile byte @Nullable [] json;

    /** Returns the JSON of this user, which must be the user that this object belongs to; not to be modified. */
    byte[] json(User user) {
        byte[] known = json;
        if (known == null) {
            known = Json.write(UserJson.write(user));
            json = known;
        }
        return known;
    }

    /** All are equal, because users with the same values are equal, whether or not their JSON has been written. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof UserAnswer;
    }

    @Override
    public int hashCode() {
        return 0;
    }
}
