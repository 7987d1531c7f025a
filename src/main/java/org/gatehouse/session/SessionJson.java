package org.gatehouse.session;

import com.fasterxml.jackson.annotation.JsonProperty;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.time.Instant;
import org.gatehouse.http.Page;
import org.gatehouse.http.TimePosition;
import org.gatehouse.user.Caller;
import org.gatehouse.user.UserCaller;

/**
 * A session as clients see it.
 *
 * @param current whether the caller's token belongs to the session
 */
record SessionJson(
        @JsonProperty("_id") String id,
        Instant createdAt,
        Instant lastSeenAt,
        Instant expiresAt,
        String ip,
        String userAgent,
        boolean current) {
    static Response response(Page<Session> page, Caller caller, UriInfo uri) {
        return page.response(
                uri,
                session -> of(session, caller),
                session -> new TimePosition(session.createdAt(), session.id().text()).cursor());
    }

    static SessionJson of(Session session, Caller caller) {
        return new SessionJson(
                session.id().text(),
                session.createdAt(),
                session.lastSeenAt(),
                session.expiresAt(),
                session.ip(),
                session.userAgent(),
                caller instanceof UserCaller user && session.id().equals(user.sessionId()));
    }
}
