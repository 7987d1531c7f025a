package org.gatehouse.json;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Formats times for the API: ISO-8601 in UTC, always with three digits of milliseconds. */
public final class IsoTime {
    private static final DateTimeFormatter MILLISECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private IsoTime() {}

    public static String format(Instant instant) {
        return MILLISECONDS.format(instant);
    }
}
