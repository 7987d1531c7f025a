package org.gatehouse.bench;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Checks whether the body of a response is correct. The check is cheap enough for every response of a benchmark. */
interface BodyCheck {
    boolean accepts(byte[] buffer, int from, int to);

    static BodyCheck equalTo(String body) {
        byte[] expected = bytes(body);
        return (buffer, from, to) -> Arrays.equals(buffer, from, to, expected, 0, expected.length);
    }

    /**
     * Accepts every body with this start and this end. Use this check if the middle of the body is not known in
     * advance.
     */
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
