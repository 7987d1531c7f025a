package org.gatehouse.http;

import java.util.Optional;

/** The token in a header {@code Authorization: Bearer} (RFC 6750, section 2.1). */
public final class BearerToken {
    private static final String SCHEME = "bearer ";

    private BearerToken() {}

    /** Returns the token; empty if the header has another scheme. */
    public static Optional<String> of(String header) {
        return header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                ? Optional.of(header.substring(SCHEME.length()).strip())
                : Optional.empty();
    }
}
