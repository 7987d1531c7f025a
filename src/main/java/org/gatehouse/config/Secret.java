package org.gatehouse.config;

import java.nio.charset.StandardCharsets;

/**
 * A value that must not be seen: a key, a password, a connection string with credentials.
 *
 * <p>Prints as {@code [REDACTED]} wherever it is written by accident; only {@link #reveal} gives the value.
 */
public record Secret(String reveal) {

    /** The value as UTF-8 bytes. */
    public byte[] bytes() {
        return reveal.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "[REDACTED]";
    }
}
