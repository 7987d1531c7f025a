package org.gatehouse.config;

import java.nio.charset.StandardCharsets;

/**
 * A value that must not be disclosed: a key, a password, or a connection string with credentials.
 *
 * <p>{@code toString} returns {@code [REDACTED]}. Only {@link #reveal} and {@link #bytes} return the value.
 */
public record Secret(String reveal) {

    /** Returns the value as UTF-8 bytes. */
    public byte[] bytes() {
        return reveal.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "[REDACTED]";
    }
}
