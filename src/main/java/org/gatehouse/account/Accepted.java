package org.gatehouse.account;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.gatehouse.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * The body of a 202 response: a mail is queued.
 *
 * @param id the id of an invitation; null in other responses
 */
record Accepted(
        String status,
        String message,

        @JsonProperty("_id") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
        String id) {
    private static final String QUEUED = "A mail is on its way.";

    /** The response to clients without a token must not show whether an account exists. */
    private static final String PERHAPS = "If the account exists, a mail is on its way.";

    static Response perhaps() {
        return response(PERHAPS, null);
    }

    static Response queued() {
        return response(QUEUED, null);
    }

    static Response queued(String id) {
        return response(QUEUED, id);
    }

    private static Response response(String message, @Nullable String id) {
        return Response.accepted(Json.write(new Accepted("success", message, id)))
                .type(MediaType.APPLICATION_JSON_TYPE)
                .build();
    }
}
