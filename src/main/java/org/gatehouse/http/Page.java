package org.gatehouse.http;

import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import java.util.function.Function;
import org.gatehouse.json.Json;

/**
 * A part of a list, and whether the list goes on after it.
 *
 * @param entries in the order of the list
 */
public record Page<T>(List<T> entries, boolean hasNext) {
    public Page {
        entries = List.copyOf(entries);
    }

    /**
     * The page of what a query found.
     *
     * @param found what follows the place that was asked for, up to {@code limit} entries and one more, which tells
     *     whether there is another page
     */
    public static <T> Page<T> of(List<T> found, int limit) {
        return new Page<>(found.subList(0, Math.min(found.size(), limit)), found.size() > limit);
    }

    /**
     * 200 with a JSON array, and in {@code Link} (RFC 8288) the next page if there is one, and the first: the same
     * request with another {@code after}, and without; both relative to the path of the request.
     *
     * @param cursor the place of an entry, as {@code after} takes it
     */
    public Response answer(UriInfo uri, Function<? super T, ?> json, Function<? super T, String> cursor) {
        return Response.ok(Json.write(entries.stream().map(json).toList()))
                .header(HttpHeaders.LINK, links(uri, cursor))
                .build();
    }

    /** In one header, since not every client puts several of one name together. */
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
