package org.gatehouse.http;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The trace of a request, from the caller's {@code traceparent} (W3C Trace Context, section 3.2).
 *
 * @param traceId 32 hexadecimal digits, the same in every service that takes part in the trace
 * @param parentId 16 hexadecimal digits that identify the caller's span
 */
record TraceContext(String traceId, String parentId) {
    static final String HEADER = "traceparent";

    private static final Pattern FORMAT = Pattern.compile(
            "(?!ff)(?<version>[0-9a-f]{2})-(?!0{32})(?<trace>[0-9a-f]{32})-(?!0{16})(?<parent>[0-9a-f]{16})-[0-9a-f]{2}(?<more>-.*)?");

    private static final String FIRST_VERSION = "00";

    /**
     * Returns the trace in these header lines; empty unless there is exactly one line with a valid trace. In later
     * versions of the header, only the fields of version 00 are read (section 3.2.4).
     */
    static Optional<TraceContext> of(List<String> lines) {
        if (lines.size() != 1) {
            return Optional.empty();
        }
        Matcher matcher = FORMAT.matcher(lines.get(0));
        if (!matcher.matches() || (matcher.group("version").equals(FIRST_VERSION) && matcher.group("more") != null)) {
            return Optional.empty();
        }
        return Optional.of(new TraceContext(matcher.group("trace"), matcher.group("parent")));
    }
}
