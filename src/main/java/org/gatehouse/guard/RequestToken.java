package org.gatehouse.guard;

import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the access token of a request, in {@code Authorization: Bearer} (RFC 6750, section 2.1) or in Gatehouse's own
 * header {@code auth}. Tokens in the query or in a form are ignored, because URLs are logged.
 */
final class RequestToken {
    private static final String SCHEME = "bearer";

    private RequestToken() {}

    /**
     * Returns the token, or null if the request has none.
     *
     * @throws Rejection 400 if the request has several tokens, or a scheme without a token
     */
    static @Nullable String of(HttpServletRequest request) throws Rejection {
        List<String> tokens = new ArrayList<>(2);
        int credentials = 0;
        Enumeration<String> authorization = request.getHeaders("Authorization");
        while (authorization.hasMoreElements()) {
            String header = authorization.nextElement();
            credentials++;
            if (isBearer(header)) {
                tokens.add(header);
            }
        }
        if (!tokens.isEmpty() && credentials > 1) {
            throw Rejection.invalidRequest("The request has several Authorization headers.");
        }
        Enumeration<String> auth = request.getHeaders("auth");
        while (auth.hasMoreElements()) {
            String header = auth.nextElement();
            if (!header.isBlank()) {
                tokens.add(header);
            }
        }
        if (tokens.size() > 1) {
            throw Rejection.invalidRequest("The request has several access tokens.");
        }
        return tokens.isEmpty() ? null : single(tokens.get(0).strip());
    }

    private static String single(String header) throws Rejection {
        String token = isBearer(header) ? header.substring(SCHEME.length()).strip() : header;
        if (token.isEmpty() || token.indexOf(',') >= 0 || token.indexOf(' ') >= 0 || token.indexOf('\t') >= 0) {
            throw Rejection.invalidRequest("The request must have exactly one access token.");
        }
        return token;
    }

    private static boolean isBearer(String header) {
        String text = header.strip();
        return text.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                && (text.length() == SCHEME.length() || Character.isWhitespace(text.charAt(SCHEME.length())));
    }
}
