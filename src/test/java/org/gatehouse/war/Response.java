package org.gatehouse.war;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.regex.Pattern;
import org.gatehouse.json.Json;

/**
 * A response of the service, as a client receives it.
 *
 * @param request the address of the request
 * @param took the time from the first sent byte to the last received byte
 */
public record Response(URI request, int status, HttpHeaders headers, String body, Duration took) {
    /** Returns the body as JSON. */
    public JsonNode json() {
        return json(body);
    }

    /** Parses a text, such as a line of NDJSON, as JSON. */
    public static JsonNode json(String text) {
        try {
            return Json.MAPPER.readTree(text);
        } catch (IOException notJson) {
            throw new AssertionError("not JSON: " + text, notJson);
        }
    }

    /** Returns a field of the JSON body as text, or the empty string if the field is missing. */
    public String text(String field) {
        return json().path(field).asText();
    }

    /** Returns the value of the header, or the empty string if the header is missing. */
    public String header(String name) {
        return headers.firstValue(name).orElse("");
    }

    /** Returns the header {@code Location}, resolved as clients do, or the empty string if the header is missing. */
    public String location() {
        return resolved(header("Location"));
    }

    /**
     * Returns the address of the next page from the header {@code Link} (RFC 8288), or the empty string if the header
     * has no such link.
     */
    public String next() {
        return link("next");
    }

    /**
     * Returns the target of the first link with this relation, resolved as clients do. Returns the empty string if
     * there is none.
     */
    public String link(String relation) {
        return Pattern.compile("<([^>]*)>; rel=\"" + relation + "\"")
                .matcher(header("Link"))
                .results()
                .map(link -> link.group(1))
                .findFirst()
                .map(this::resolved)
                .orElse("");
    }

    private String resolved(String reference) {
        return reference.isEmpty() ? "" : request.resolve(reference).toString();
    }
}
