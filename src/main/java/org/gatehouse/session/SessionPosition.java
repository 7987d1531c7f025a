package org.gatehouse.session;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.gatehouse.http.Cursor;
import org.gatehouse.identity.SessionId;
import org.gatehouse.json.IsoTime;

/** The position after which the next page of sessions starts. Sessions with equal times are ordered by id. */
record SessionPosition(Instant createdAt, SessionId id) {
    static SessionPosition of(Session session) {
        return new SessionPosition(session.createdAt(), session.id());
    }

    String cursor() {
        return Cursor.of(IsoTime.format(createdAt), id.text());
    }

    static Optional<SessionPosition> parse(String cursor) {
        return Cursor.parse(cursor, 2).flatMap(SessionPosition::read);
    }

    private static Optional<SessionPosition> read(List<String> parts) {
        try {
            Instant time = Instant.parse(parts.get(0));
            var unused = time.toEpochMilli();
            return SessionId.parse(parts.get(1)).map(id -> new SessionPosition(time, id));
        } catch (DateTimeException | ArithmeticException foreign) {
            return Optional.empty();
        }
    }
}
