package org.gatehouse.transfer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Username;
import org.gatehouse.json.Json;
import org.gatehouse.user.User;
import org.gatehouse.user.UserJson;
import org.jspecify.annotations.Nullable;

/**
 * Writes the result of each import line as a line of NDJSON, in the order of the import. A last line contains the
 * counts. Results stay in memory until {@link #sendBefore} writes them.
 */
final class ImportReport {
    private static final String LINE = "line";

    private final OutputStream output;
    private final boolean dryRun;
    private final Predicate<String> isWeakHash;
    private final SortedMap<Long, ObjectNode> results = new TreeMap<>();
    private long created;
    private long unchanged;
    private long failed;
    private long weak;

    /** @param isWeakHash whether a password hash is counted as weak */
    ImportReport(OutputStream output, boolean dryRun, Predicate<String> isWeakHash) {
        this.output = output;
        this.dryRun = dryRun;
        this.isWeakHash = isWeakHash;
    }

    void created(long line, ImportedUser user) {
        ObjectNode result = result(line, "created");
        if (!dryRun || user.user().imported().sameId()) {
            result.put(UserJson.ID, user.id().hex());
        }
        result.put(UserJson.USERNAME, user.user().username().typed());
        created++;
        String hash = user.user().passwordHash();
        if (hash != null && isWeakHash.test(hash)) {
            weak++;
        }
    }

    void unchanged(long line, User present) {
        result(line, "unchanged").put(UserJson.ID, present.id().hex()).put(UserJson.USERNAME, present.username());
        unchanged++;
    }

    void failed(long line, @Nullable Username username, GatehouseException reason) {
        ObjectNode result = result(line, "error");
        if (username != null) {
            result.put(UserJson.USERNAME, username.typed());
        }
        describe(result, reason);
        failed++;
    }

    boolean has(long line) {
        return results.containsKey(line);
    }

    /** Returns the number of results that are not sent yet. */
    int size() {
        return results.size();
    }

    /** Sends the results of all lines before this line. Discards the results of this and later lines. */
    void sendBefore(long line) throws IOException {
        for (ObjectNode result : results.headMap(line).values()) {
            write(result);
        }
        results.clear();
        output.flush();
    }

    /** Writes the last line of the report after the import has reached the end of the request body. */
    void done(long lines) throws IOException {
        ObjectNode result = Json.MAPPER.createObjectNode().put("status", "done").put("lines", lines);
        writeLast(result);
    }

    /** Writes the last line of the report after the import has stopped. The given line was not imported. */
    void stopped(long line, GatehouseException reason) throws IOException {
        ObjectNode result =
                Json.MAPPER.createObjectNode().put("status", "stopped").put(LINE, line);
        describe(result, reason);
        writeLast(result);
    }

    /** Returns the counts as text for the audit log. */
    String counts() {
        return (dryRun ? "dry run: " : "") + created + " created, " + unchanged + " unchanged, " + failed + " failed";
    }

    private void writeLast(ObjectNode result) throws IOException {
        result.put("created", created)
                .put("unchanged", unchanged)
                .put("failed", failed)
                .put("weak", weak)
                .put("dryRun", dryRun);
        write(result);
        output.flush();
    }

    private ObjectNode result(long line, String status) {
        ObjectNode result = Json.MAPPER.createObjectNode().put(LINE, line).put("status", status);
        results.put(line, result);
        return result;
    }

    private static void describe(ObjectNode result, GatehouseException reason) {
        result.put("code", reason.code().name()).put("message", reason.getMessage());
        if (!reason.errors().isEmpty()) {
            result.putPOJO("errors", reason.errors());
        }
    }

    private void write(ObjectNode line) throws IOException {
        Json.writeLine(line, output);
    }
}
