package org.gatehouse.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * The credentials in a header {@code Authorization: Basic} (RFC 7617). The client may have form-encoded the id and the
 * secret before (RFC 6749, section 2.3.1).
 *
 * @param id the text before the first colon; empty if the header is malformed
 * @param secret the text after the first colon; empty if the header is malformed
 */
public record BasicCredentials(String id, String secret) {
    private static final String SCHEME = "basic ";

    /** Returns the credentials; empty if the header has another scheme. */
    public static Optional<BasicCredentials> of(String header) {
        return header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                ? Optional.of(parse(header.substring(SCHEME.length()).strip()))
                : Optional.empty();
    }

    private static BasicCredentials parse(String base64) {
        try {
            String text = new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
            int colon = text.indexOf(':');
            return colon < 0
                    ? new BasicCredentials("", "")
                    : new BasicCredentials(decoded(text.substring(0, colon)), decoded(text.substring(colon + 1)));
        } catch (IllegalArgumentException malformed) {
            return new BasicCredentials("", "");
        }
    }

    private static String decoded(String part) {
        return URLDecoder.decode(part, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "BasicCredentials[" + id + "]";
    }
}
