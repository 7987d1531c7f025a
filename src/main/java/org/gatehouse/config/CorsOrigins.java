package org.gatehouse.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Parses the origins (RFC 6454) whose pages may read responses in a browser.
 *
 * <p>Origins are compared with the {@code Origin} header character by character. Therefore the parser rejects an origin
 * in a form that browsers never send.
 */
final class CorsOrigins {
    private static final String ANY = "*";

    /** Browsers omit these ports (RFC 6454, section 6.2). */
    private static final Map<String, Integer> DEFAULT_PORTS = Map.of("http", 80, "https", 443);

    private CorsOrigins() {}

    /**
     * Parses a comma-separated list, or {@code *}.
     *
     * @throws IllegalArgumentException if an origin is invalid; the message is the reason
     */
    static Set<String> parse(String text) {
        if (text.strip().equals(ANY)) {
            return Set.of(ANY);
        }
        return Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .map(CorsOrigins::origin)
                .collect(Collectors.toUnmodifiableSet());
    }

    private static String origin(String text) {
        if (text.equals(ANY)) {
            throw invalid(text, "which must be the only entry");
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
                        text,
                        "which is not an origin; an origin is scheme://host or scheme://host:port, with nothing"
                                + " after it");
            }
            if (!text.equals(text.toLowerCase(Locale.ROOT))) {
                throw invalid(text, "which no browser sends, because origins are in lower case");
            }
            if (uri.getPort() >= 0 && DEFAULT_PORTS.getOrDefault(uri.getScheme(), -1) == uri.getPort()) {
                throw invalid(text, "which no browser sends; omit the default port of the scheme");
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
