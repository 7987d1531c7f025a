package org.gatehouse.http;

import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import java.util.function.Function;
import org.gatehouse.json.Json;

/**
 * One page of a list, and whether another page follows.
 *
 * @param entries the entries of the page, in the order of the list
 */
public record Page<T>(List<T> entries, boolean hasNext) {
    public Page {
        entries = List.copyOf(entries);
    }

    /**
     * Returns the page of a query result.
     *
     * @param found the entries after the requested position: up to {@code limit}, and one more if there is another page
     */
    public static <T> Page<T> of(List<T> found, int limit) {
        return new Page<>(found.subList(0, Math.min(found.size(), limit)), found.size() > limit);
    }

    /**
     * Returns 200 with a JSON array. {@code Link} (RFC 8288) names the first page, and the next page if there is one.
     * Both links are {@link RelativeReference}s. They repeat the query, but replace or omit {@code after}.
     *
     * @param cursor returns the position of an entry in the format of {@code after}
     */
    public Response response(UriInfo uri, Function<? super T, ?> json, Function<? super T, String> cursor) {
        return Response.ok(Json.write(entries.stream().map(json).toList()))
                .header(HttpHeaders.LINK, links(uri, cursor))
                .build();
    }

    /** Returns all links in one header, because some clients read only one header of each name. */
    private String links(UriInfo uri, Function<? super T, String> cursor) {
        String first = link(uri, "first");
        if (!hasNext) {
            return first;
        }
        return link(uri, "next", cursor.apply(entries.get(entries.size() - 1))) + ", " + first;
    }

    private static String link(UriInfo uri, String relation, Object... after) {
        return "<" + RelativeReference.withQueryParam(uri, "after", after) + ">; rel=\"" + relation + "\"";
    }
}
