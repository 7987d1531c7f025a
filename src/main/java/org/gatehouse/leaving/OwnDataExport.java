package org.gatehouse.leaving;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.IsoTime;
import org.gatehouse.json.Json;
import org.gatehouse.mail.MailRows;
import org.gatehouse.session.SessionService;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserJson;
import org.jspecify.annotations.Nullable;

/**
 * Exports everything that is stored about a user, without secrets and hashes.
 *
 * <p>Each page is read when it is needed, so the memory does not depend on the amount of data.
 */
final class OwnDataExport {
    /** The number of entries in a page. A page of audit entries takes about 2 MB if all values have their maximum size. */
    private static final int PAGE = 500;

    private final UserDao users;
    private final Function<UserId, Optional<ObjectNode>> factors;
    private final SessionService sessions;
    private final MailRows mails;
    private final AuditLog audit;
    private final Clock clock;

    /** @param factors returns the factors of a user and the number of the unused recovery codes */
    OwnDataExport(
            UserDao users,
            Function<UserId, Optional<ObjectNode>> factors,
            SessionService sessions,
            MailRows mails,
            AuditLog audit,
            Clock clock) {
        this.users = users;
        this.factors = factors;
        this.sessions = sessions;
        this.mails = mails;
        this.audit = audit;
        this.clock = clock;
    }

    /** A list of which each page begins after an entry; the first page after null. */
    @FunctionalInterface
    private interface Pages {
        List<ObjectNode> after(@Nullable ObjectNode last);
    }

    /**
     * Starts an export, and records it.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE}, {@code SESSION_ENDED}
     */
    StreamingOutput start(UserCaller caller) {
        UserId id = caller.id();
        Instant now = clock.instant();
        User user = users.findLinearizable(id).orElseThrow(OwnDataExport::ended);
        ObjectNode ofFactors = factors.apply(id).orElseThrow(OwnDataExport::ended);
        audit.recordOrFail(caller.auditEvent(AuditType.OWN_DATA_EXPORTED).on(id, user.username()));
        Map<String, Pages> lists = new LinkedHashMap<>();
        lists.put("sessions", last -> sessions.exported(id, last, PAGE));
        lists.put("mails", last -> mails.exported(id, last, PAGE));
        lists.put("audit", last -> audit.exported(id, last, PAGE));
        return output -> write(now, user, ofFactors, lists, output);
    }

    private static void write(
            Instant now, User user, ObjectNode ofFactors, Map<String, Pages> lists, OutputStream output)
            throws IOException {
        JsonGenerator json = Json.MAPPER.createGenerator(output).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
        json.writeStartObject();
        json.writeStringField("exportedAt", IsoTime.format(now));
        json.writePOJOField("user", UserJson.write(user));
        json.writePOJOField("factors", ofFactors.path("factors"));
        json.writePOJOField("recoveryCodesLeft", ofFactors.path("recoveryCodesLeft"));
        for (Map.Entry<String, Pages> list : lists.entrySet()) {
            json.writeArrayFieldStart(list.getKey());
            writeAll(list.getValue(), json);
            json.writeEndArray();
        }
        json.writeEndObject();
        json.flush();
    }

    private static void writeAll(Pages pages, JsonGenerator json) throws IOException {
        ObjectNode last = null;
        List<ObjectNode> page;
        do {
            page = pages.after(last);
            for (ObjectNode entry : page) {
                json.writeTree(entry);
                last = entry;
            }
        } while (page.size() == PAGE);
    }

    private static GatehouseException ended() {
        return new GatehouseException(ErrorCode.SESSION_ENDED);
    }
}
