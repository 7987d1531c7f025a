package org.gatehouse.factor;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes CBOR (RFC 8949) for tests, valid or not. */
final class Cbor {
    private static final int NEGATIVE = 1;
    private static final int BYTES = 2;
    private static final int TEXT = 3;
    private static final int MAP = 5;

    private Cbor() {}

    static byte[] number(long value) {
        return value >= 0 ? head(0, value) : head(NEGATIVE, -1 - value);
    }

    static byte[] bytes(byte[] value) {
        return join(head(BYTES, value.length), value);
    }

    static byte[] text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        return join(head(TEXT, utf8.length), utf8);
    }

    /** Writes a map; the parts are keys and values in turn. */
    static byte[] map(byte[]... keysAndValues) {
        return join(head(MAP, keysAndValues.length / 2), join(keysAndValues));
    }

    /** Writes an array of one element, in an array of one element, and so on. */
    static byte[] nested(int depth) {
        byte[] nested = repeat(0x81, depth + 1);
        nested[depth] = 0;
        return nested;
    }

    static byte[] repeat(int value, int count) {
        byte[] repeated = new byte[count];
        Arrays.fill(repeated, (byte) value);
        return repeated;
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }

    private static byte[] head(int type, long value) {
        int high = type << 5;
        if (value < 24) {
            return new byte[] {(byte) (high | value)};
        }
        if (value < 1 << 8) {
            return new byte[] {(byte) (high | 24), (byte) value};
        }
        if (value < 1 << 16) {
            return ByteBuffer.allocate(3)
                    .put((byte) (high | 25))
                    .putShort((short) value)
                    .array();
        }
        return ByteBuffer.allocate(5)
                .put((byte) (high | 26))
                .putInt((int) value)
                .array();
    }
}
