package org.gatehouse.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The origins (RFC 6454) whose pages may read the responses in a browser.
 *
 * <p>They are compared with the {@code Origin} header character by character. Therefore an origin in a form that
 * browsers do not send is rejected.
 *
 * @param any whether all origins are allowed
 * @param listed the allowed origins; empty if all are
 */
public record CorsOrigins(boolean any, Set<String> listed) {
    public static final CorsOrigins NONE = new CorsOrigins(false, Set.of());

    private static final String ANY = "*";

    /** Browsers omit these ports (RFC 6454, section 6.2). */
    private static final Map<String, Integer> DEFAULT_PORTS = Map.of("http", 80, "https", 443);

    public CorsOrigins {
        listed = Set.copyOf(listed);
    }

    /**
     * Parses a comma-separated list, or {@code *}.
     *
     * @throws IllegalArgumentException with the reason
     */
    static CorsOrigins parse(String text) {
        if (text.strip().equals(ANY)) {
            return new CorsOrigins(true, Set.of());
        }
        return new CorsOrigins(
                false,
                Arrays.stream(text.split(",", -1))
                        .map(String::strip)
                        .map(CorsOrigins::origin)
                        .collect(Collectors.toSet()));
    }

    public boolean none() {
        return !any && listed.isEmpty();
    }

    public boolean contains(String origin) {
        return any || listed.contains(origin);
    }

    private static String origin(String text) {
        if (text.equals(ANY)) {
            throw invalid(text, "which can only stand alone");
        }
        try {
            URI uri = new URI(text);
            if (uri.getScheme() == null
                    || uri.getHost() == null
                    || uri.getRawUserInfo() != null
                    || uri.getRawQuery() != null
                    || uri.getRawFragment() != null
                    || !uri.getRawPath().isEmpty()) {
                throw invalid(
                        text, "which is not an origin: scheme://host or scheme://host:port, and nothing after it");
            }
            if (!text.equals(text.toLowerCase(Locale.ROOT))) {
                throw invalid(text, "which no browser sends: origins are in lower case");
            }
            if (uri.getPort() >= 0 && DEFAULT_PORTS.getOrDefault(uri.getScheme(), -1) == uri.getPort()) {
                throw invalid(text, "which no browser sends: leave the port out, it is the scheme's own");
            }
            return text;
        } catch (URISyntaxException malformed) {
            throw invalid(text, "which is not an origin such as https://app.example.com");
        }
    }

    private static IllegalArgumentException invalid(String text, String reason) {
        return new IllegalArgumentException("has \"" + text + "\", " + reason);
    }
}
