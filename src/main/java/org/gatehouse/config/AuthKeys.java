package org.gatehouse.config;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The secrets from which Gatehouse derives its other keys.
 *
 * @param current {@code AUTH_KEY}
 * @param previous {@code AUTH_KEY_PREVIOUS}, which is still accepted while the key is replaced; null if not set
 */
public record AuthKeys(Secret current, @Nullable Secret previous) {
    /** Returns the current secret, then the previous one if it is set. */
    public List<Secret> all() {
        return Stream.concat(Stream.of(current), Stream.ofNullable(previous)).toList();
    }
}
