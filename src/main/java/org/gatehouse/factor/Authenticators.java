package org.gatehouse.factor;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;

/**
 * Names well-known authenticators by their AAGUID. The AAGUID is not verified, because no attestation is requested, so
 * the name is only a help for the user.
 */
final class Authenticators {
    private static final Properties NAMES = read();

    private Authenticators() {}

    /** Returns the name of an authenticator; empty if it is not a well-known one. */
    static Optional<String> name(UUID aaguid) {
        return Optional.ofNullable(NAMES.getProperty(aaguid.toString()));
    }

    private static Properties read() {
        Properties names = new Properties();
        try (InputStream file =
                Objects.requireNonNull(Authenticators.class.getResourceAsStream("authenticators.properties"))) {
            names.load(file);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return names;
    }
}
