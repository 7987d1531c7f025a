package org.gatehouse.user;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.gatehouse.password.StoredPassword;

/**
 * A user together with what proves a password; exists only between the store and the check, never in the cache.
 *
 * @param user without custom fields, if it was read for a check of the password
 * @param password what is stored of it; empty for a user who cannot log in with a password
 * @param sources when the user last logged in from where, by {@link UserDocument#sourceKey}
 */
public record Credential(User user, Optional<StoredPassword> password, Map<String, Instant> sources) {
    /** How long a source counts as the user's own after a login from it. */
    static final Duration SOURCE_LIFE = Duration.ofDays(30);

    public Credential {
        sources = Map.copyOf(sources);
    }

    /** Whether the user logged in from this source of late. */
    public boolean knows(String source, Instant now) {
        Instant last = sources.get(UserDocument.sourceKey(source));
        return last != null && last.isAfter(now.minus(SOURCE_LIFE));
    }

    @Override
    public String toString() {
        return "Credential[" + user.id() + "]";
    }
}
