package org.gatehouse.http;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The trace that a request belongs to, as its caller says in {@code traceparent} (W3C Trace Context, section 3.2).
 *
 * @param traceId 32 hexadecimal digits, the same in each service that has part in the trace
 * @param parentId 16 hexadecimal digits, which name the caller's call
 */
record TraceContext(String traceId, String parentId) {
    static final String HEADER = "traceparent";

    private static final Pattern FORM = Pattern.compile(
            "(?!ff)(?<version>[0-9a-f]{2})-(?!0{32})(?<trace>[0-9a-f]{32})-(?!0{16})(?<parent>[0-9a-f]{16})-[0-9a-f]{2}(?<more>-.*)?");

    private static final String FIRST_VERSION = "00";

    /**
     * The trace that these lines of the header name; empty when it is none, or more than one. Of a later version what
     * version 00 has is read, and what follows is not (section 3.2.4).
     */
    static Optional<TraceContext> of(List<String> lines) {
        if (lines.size() != 1) {
            return Optional.empty();
        }
        Matcher matcher = FORM.matcher(lines.get(0));
        if (!matcher.matches() || (matcher.group("version").equals(FIRST_VERSION) && matcher.group("more") != null)) {
            return Optional.empty();
        }
        return Optional.of(new TraceContext(matcher.group("trace"), matcher.group("parent")));
    }
}
