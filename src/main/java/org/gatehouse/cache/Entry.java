package org.gatehouse.cache;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.gatehouse.store.RedisScript;

/**
 * The value of a key in Redis, in the format that {@link Script} describes.
 *
 * @param content the document of a V; empty if the document does not exist
 */
@SuppressWarnings("ArrayRecordComponent") // records of this type are never compared
record Entry(char kind, String generation, byte[] content) {
    private static final char DOCUMENT = 'V';
    private static final char LOADING = 'L';
    private static final char WRITING = 'T';

    /** Parses a value. A value of another application becomes an entry that is never valid. */
    static Entry parse(byte[] value) {
        int generationEnd = indexOfSpace(value, 1);
        int versionEnd = indexOfSpace(value, generationEnd + 1);
        char kind = value.length == 0 ? ' ' : (char) value[0];
        String generation = generationEnd > 1 ? new String(value, 1, generationEnd - 1, StandardCharsets.US_ASCII) : "";
        return new Entry(
                kind, generation, Arrays.copyOfRange(value, Math.min(versionEnd + 1, value.length), value.length));
    }

    static byte[] loading(long generation, String token) {
        return RedisScript.bytes(LOADING + Long.toString(generation) + " " + token);
    }

    /** @param content empty if the document does not exist */
    static byte[] document(long generation, long version, byte[] content) {
        ByteArrayOutputStream value = new ByteArrayOutputStream();
        value.writeBytes(RedisScript.bytes(DOCUMENT + Long.toString(generation) + " " + version + " "));
        value.writeBytes(content);
        return value.toByteArray();
    }

    /** Returns whether the entry is valid in this generation; a T is valid in every generation. */
    boolean isValidIn(long number) {
        return isWriting() || ((isDocument() || isLoading()) && generation.equals(Long.toString(number)));
    }

    boolean isWriting() {
        return kind == WRITING;
    }

    /** Returns false for an unknown kind, so that readers do not wait. A newer version may have stored such a value. */
    boolean isLoading() {
        return kind == LOADING;
    }

    boolean isDocument() {
        return kind == DOCUMENT;
    }

    private static int indexOfSpace(byte[] value, int from) {
        int i = Math.min(from, value.length);
        while (i < value.length && value[i] != ' ') {
            i++;
        }
        return i;
    }
}
