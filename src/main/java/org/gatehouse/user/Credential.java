package org.gatehouse.user;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.gatehouse.password.StoredPassword;
import org.jspecify.annotations.Nullable;

/**
 * A user with the stored password. Credentials are never in the cache.
 *
 * @param user the user; without custom fields if read for a password check
 * @param password the stored password; null for a user who cannot log in with a password
 * @param sources the time of the last login from each source, by {@link UserDocument#sourceKey}
 */
public record Credential(User user, @Nullable StoredPassword password, Map<String, Instant> sources) {
    /** How long a source is known after a login from it. */
    static final Duration SOURCE_LIFETIME = Duration.ofDays(30);

    public Credential {
        sources = Map.copyOf(sources);
    }

    /** Whether the user has logged in from this source within {@link #SOURCE_LIFETIME}. */
    public boolean knows(String source, Instant now) {
        Instant last = sources.get(UserDocument.sourceKey(source));
        return last != null && last.isAfter(now.minus(SOURCE_LIFETIME));
    }

    @Override
    public String toString() {
        return "Credential[" + user.id() + "]";
    }
}
