package org.gatehouse.bulk;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;
import org.jspecify.annotations.Nullable;

/** Counts what a bulk request did, and lists the users that it could not change. */
final class BulkResult {
    private final boolean dryRun;
    private final ArrayNode failed = Json.MAPPER.createArrayNode();
    private int changed;
    private int unchanged;

    BulkResult(boolean dryRun) {
        this.dryRun = dryRun;
    }

    void count(boolean isChanged) {
        if (isChanged) {
            changed++;
        } else {
            unchanged++;
        }
    }

    /** @param username null if the user does not exist */
    void fail(UserId id, @Nullable String username, ErrorCode code, String message) {
        ObjectNode failure = failed.addObject().put("_id", id.hex());
        if (username != null) {
            failure.put("username", username);
        }
        failure.put("code", code.name()).put("message", message);
    }

    /** @param after the position of the next page; null if there is none */
    ObjectNode json(@Nullable String after) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("dryRun", dryRun);
        json.put("processed", changed + unchanged + failed.size());
        json.put("changed", changed);
        json.put("unchanged", unchanged);
        json.set("failed", failed);
        json.put("after", after);
        return json;
    }
}
