package org.gatehouse.http;

import jakarta.ws.rs.core.UriInfo;
import java.net.URI;

/**
 * References for {@code Location} and {@code Link} that are relative to the path of the request (RFC 3986, section 4.2).
 *
 * <p>The client resolves them against the address that it called, so they are right behind a proxy that changes scheme,
 * host, port or the beginning of the path (RFC 9110, section 10.2.2; RFC 8288, section 3.1).
 */
public final class RelativeReference {
    private RelativeReference() {}

    /** A resource directly below the one requested. */
    public static String child(UriInfo uri, String name) {
        String segment = lastSegment(uri.getRequestUri());
        return segment.isEmpty() ? name : segment + "/" + name;
    }

    /** The resource requested, with another value of a query parameter, or without the parameter if no value is given. */
    static String withQueryParam(UriInfo uri, String name, Object... value) {
        URI changed = uri.getRequestUriBuilder().replaceQueryParam(name, value).build();
        String segment = lastSegment(changed);
        String path = segment.isEmpty() ? "./" : segment;
        return changed.getRawQuery() == null ? path : path + "?" + changed.getRawQuery();
    }

    private static String lastSegment(URI uri) {
        String path = uri.getRawPath();
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
