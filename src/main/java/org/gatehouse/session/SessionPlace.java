package org.gatehouse.session;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.gatehouse.http.Cursor;
import org.gatehouse.http.IsoTime;
import org.gatehouse.identity.SessionId;

/** Where a page of a list of sessions ended; equal times are told apart by id. */
record SessionPlace(Instant createdAt, SessionId id) {
    static SessionPlace of(Session session) {
        return new SessionPlace(session.createdAt(), session.id());
    }

    String cursor() {
        return Cursor.of(IsoTime.format(createdAt), id.text());
    }

    static Optional<SessionPlace> parse(String cursor) {
        return Cursor.parse(cursor, 2).flatMap(SessionPlace::read);
    }

    private static Optional<SessionPlace> read(List<String> parts) {
        try {
            Instant time = Instant.parse(parts.get(0));
            var unused = time.toEpochMilli();
            return SessionId.parse(parts.get(1)).map(id -> new SessionPlace(time, id));
        } catch (DateTimeException | ArithmeticException foreign) {
            return Optional.empty();
        }
    }
}
