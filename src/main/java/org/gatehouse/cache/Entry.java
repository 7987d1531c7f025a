package org.gatehouse.cache;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.gatehouse.store.RedisScript;

/** What a key holds in Redis; the texts are those that {@link Script} describes. */
final class Entry {
    private static final char DOCUMENT = 'V';
    private static final char LOADING = 'L';
    private static final char WRITING = 'T';

    private final char kind;
    private final String generation;
    private final byte[] content;

    private Entry(char kind, String generation, byte[] content) {
        this.kind = kind;
        this.generation = generation;
        this.content = content;
    }

    /** A value that nobody of this application wrote becomes an entry that never counts. */
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

    /** @param content empty to say that there is no such document */
    static byte[] document(long generation, long version, Optional<byte[]> content) {
        ByteArrayOutputStream value = new ByteArrayOutputStream();
        value.writeBytes(RedisScript.bytes(DOCUMENT + Long.toString(generation) + " " + version + " "));
        content.ifPresent(value::writeBytes);
        return value.toByteArray();
    }

    /** Whether it says anything to a node that knows this generation; a T counts for everybody. */
    boolean counts(long number) {
        return isWriting() || ((isDocument() || isLoading()) && generation.equals(Long.toString(number)));
    }

    boolean isWriting() {
        return kind == WRITING;
    }

    /** A value of any other kind, such as a later version may leave, is nothing to wait for. */
    boolean isLoading() {
        return kind == LOADING;
    }

    boolean isDocument() {
        return kind == DOCUMENT;
    }

    /** The document of a V; empty when there is none. */
    byte[] content() {
        return content;
    }

    private static int indexOfSpace(byte[] value, int from) {
        int i = Math.min(from, value.length);
        while (i < value.length && value[i] != ' ') {
            i++;
        }
        return i;
    }
}
