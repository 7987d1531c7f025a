package org.gatehouse.http;

import jakarta.ws.rs.core.UriInfo;
import java.net.URI;

/**
 * Creates references for {@code Location} and {@code Link} that are relative to the request path (RFC 3986, section
 * 4.2).
 *
 * <p>The references stay correct behind a proxy that changes scheme, host, port or path prefix. Clients resolve them
 * against the requested URL (RFC 9110, section 10.2.2; RFC 8288, section 3.1). If {@code PUBLIC_URL} is known,
 * {@link PublicLinks} makes them absolute.
 */
public final class RelativeReference {
    private RelativeReference() {}

    /** Returns a reference to a direct child of the requested resource. */
    public static String child(UriInfo uri, String name) {
        String segment = lastSegment(uri.getRequestUri());
        return segment.isEmpty() ? name : segment + "/" + name;
    }

    /** Returns a reference to another resource of the application, whose path begins at the context path. */
    public static String ofPath(UriInfo uri, String path) {
        String own = uri.getPath();
        long levels = own.chars()
                .skip(own.startsWith("/") ? 1 : 0)
                .filter(c -> c == '/')
                .count();
        return "../".repeat((int) levels) + path;
    }

    /** Returns a reference to the resource. Replaces one query parameter, or removes it if the value is empty. */
    static String withQueryParam(UriInfo uri, String name, Object... value) {
        URI changed = uri.getRequestUriBuilder().replaceQueryParam(name, value).build();
        String segment = lastSegment(changed);
        String path = segment.isEmpty() ? "./" : segment;
        return changed.getRawQuery() == null ? path : path + "?" + changed.getRawQuery();
    }

    /** Returns the segment without path parameters, which Jersey ignores. */
    private static String lastSegment(URI uri) {
        String path = uri.getRawPath();
        String segment = path.substring(path.lastIndexOf('/') + 1);
        int parameters = segment.indexOf(';');
        return parameters < 0 ? segment : segment.substring(0, parameters);
    }
}
