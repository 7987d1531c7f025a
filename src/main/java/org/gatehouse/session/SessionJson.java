package org.gatehouse.session;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import org.gatehouse.http.IsoTime;
import org.gatehouse.http.Json;
import org.gatehouse.http.Page;
import org.gatehouse.user.Caller;

/** Sessions as callers see them. */
final class SessionJson {
    private SessionJson() {}

    static Response answer(Page<Session> page, Caller caller, UriInfo uri) {
        return page.answer(
                uri,
                session -> write(session, caller),
                session -> SessionPlace.of(session).cursor());
    }

    private static ObjectNode write(Session session, Caller caller) {
        return Json.MAPPER
                .createObjectNode()
                .put("_id", session.id().text())
                .put("createdAt", IsoTime.format(session.createdAt()))
                .put("lastSeenAt", IsoTime.format(session.lastSeenAt()))
                .put("expiresAt", IsoTime.format(session.expiresAt()))
                .put("ip", session.ip())
                .put("userAgent", session.userAgent())
                .put("current", session.id().equals(caller.sessionId()));
    }
}
