package org.gatehouse.war;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.regex.Pattern;
import org.gatehouse.json.Json;

/**
 * An answer of the service, as a client sees it.
 *
 * @param request the address that was called
 * @param took from the first byte sent to the last received
 */
public record Answer(URI request, int status, HttpHeaders headers, String body, Duration took) {
    /** The body as JSON. */
    public JsonNode json() {
        return json(body);
    }

    /** The same of a text, such as a line of NDJSON. */
    public static JsonNode json(String text) {
        try {
            return Json.MAPPER.readTree(text);
        } catch (IOException notJson) {
            throw new AssertionError("not JSON: " + text, notJson);
        }
    }

    /** The text of a field of the JSON body; empty text when there is none. */
    public String text(String field) {
        return json().path(field).asText();
    }

    /** The header's value; empty text when there is none. */
    public String header(String name) {
        return headers.firstValue(name).orElse("");
    }

    /** The address that {@code Location} names, resolved as clients do; empty text when there is none. */
    public String location() {
        return resolved(header("Location"));
    }

    /** The page that {@code Link} (RFC 8288) names as the next one; empty text when there is none. */
    public String next() {
        return link("next");
    }

    /** The target of the first link with this relation, resolved as clients do; empty text when there is none. */
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
