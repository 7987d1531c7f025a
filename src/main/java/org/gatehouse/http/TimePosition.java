package org.gatehouse.http;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.gatehouse.json.IsoTime;

/** The position of an entry in a list that is sorted by time, and by id where times are equal. */
public record TimePosition(Instant time, String id) {
    public String cursor() {
        return Cursor.of(IsoTime.format(time), id);
    }

    /**
     * Returns the position in a cursor; empty if the cursor is invalid.
     *
     * @param isId returns whether a text has the format of the ids in the list
     */
    public static Optional<TimePosition> parse(String cursor, Predicate<String> isId) {
        return Cursor.parse(cursor, 2).flatMap(TimePosition::read).filter(position -> isId.test(position.id));
    }

    private static Optional<TimePosition> read(List<String> parts) {
        try {
            Instant time = Instant.parse(parts.get(0));
            var unused = time.toEpochMilli(); // throws if the store cannot represent the time
            return Optional.of(new TimePosition(time, parts.get(1)));
        } catch (DateTimeException | ArithmeticException foreign) {
            return Optional.empty();
        }
    }
}
