package org.gatehouse.json;

/**
 * Creates JSON objects whose names have equal hashes in Jackson's table of names. The hashes are equal because
 * {@code 33 * 'a' + 'b'} equals {@code 33 * 'b' + 'A'}.
 */
public final class CollidingNames {
    private static final int PAIRS = 11;

    private CollidingNames() {}

    /** Returns an object of about this many characters. Each name starts with the prefix. */
    public static String body(String prefix, int length) {
        StringBuilder body = new StringBuilder("{");
        for (int number = 0; body.length() < length && number < 1 << PAIRS; number++) {
            body.append(number == 0 ? "\"" : ",\"").append(prefix);
            for (int pair = 0; pair < PAIRS; pair++) {
                body.append((number >> pair & 1) == 0 ? "ab" : "bA");
            }
            body.append("\":1");
        }
        return body.append('}').toString();
    }
}
