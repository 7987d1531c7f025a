package org.gatehouse.user;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.password.StoredPassword;
import org.jspecify.annotations.Nullable;

/**
 * A user with the stored password. Credentials are never in the cache.
 *
 * @param user the user; without custom fields if read for a password check
 * @param password the stored password; null for a user who cannot log in with a password
 * @param sources the time of the last login from each source, by {@link UserDocument#sourceKey}
 * @param devices the time of the last login from each device, by {@link UserDocument#deviceKey}
 */
public record Credential(
        User user, @Nullable StoredPassword password, Map<String, Instant> sources, Map<String, Instant> devices) {
    /** How long a source is known after a login from it. */
    static final Duration SOURCE_LIFETIME = Duration.ofDays(30);

    /** How long a device is known after a login from it. */
    static final Duration DEVICE_LIFETIME = Duration.ofDays(90);

    public Credential {
        sources = Map.copyOf(sources);
        devices = Map.copyOf(devices);
    }

    /** Whether the user has logged in from this source within {@link #SOURCE_LIFETIME}. */
    public boolean knows(String source, Instant now) {
        return isRecent(sources.get(UserDocument.sourceKey(source)), now.minus(SOURCE_LIFETIME));
    }

    /**
     * Whether the user has logged in from this source within {@link #SOURCE_LIFETIME}, and not earlier than a time.
     *
     * @param earliest for example when the user added the first factor, because earlier logins did not need a factor
     */
    public boolean knowsSince(String source, Instant earliest, Instant now) {
        Instant last = sources.get(UserDocument.sourceKey(source));
        return last != null && !last.isBefore(earliest) && isRecent(last, now.minus(SOURCE_LIFETIME));
    }

    /**
     * Whether the user has logged in before, but not from this address range with this browser family within
     * {@link #DEVICE_LIFETIME}. The first login of a user is not from a new device. The same applies to the first login
     * after an upgrade from a version that did not store devices.
     */
    public boolean isNewDevice(ClientInfo client, Instant now) {
        return !devices.isEmpty() && !isRecent(devices.get(UserDocument.deviceKey(client)), now.minus(DEVICE_LIFETIME));
    }

    private static boolean isRecent(@Nullable Instant last, Instant limit) {
        return last != null && last.isAfter(limit);
    }

    @Override
    public String toString() {
        return "Credential[" + user.id() + "]";
    }
}
