package org.gatehouse.bench;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Whether the body of an answer is the right one; so cheap that every answer can be looked at. */
interface BodyCheck {
    boolean accepts(byte[] buffer, int from, int to);

    static BodyCheck equalTo(String body) {
        byte[] expected = bytes(body);
        return (buffer, from, to) -> Arrays.equals(buffer, from, to, expected, 0, expected.length);
    }

    /** For bodies of which the middle is not known in advance. */
    static BodyCheck framedBy(String start, String end) {
        byte[] first = bytes(start);
        byte[] last = bytes(end);
        return (buffer, from, to) -> to - from >= first.length + last.length
                && Arrays.equals(buffer, from, from + first.length, first, 0, first.length)
                && Arrays.equals(buffer, to - last.length, to, last, 0, last.length);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
