package org.gatehouse.transfer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.gatehouse.json.JsonBody;

/**
 * Reads the lines of a body, one at a time. A line of more than {@link #MAX_BYTES} is read to its end but not
 * kept, so memory use is bounded.
 */
final class NdjsonReader {
    /** The maximum length of a line without its line break; the same as for a body of one document. */
    public static final int MAX_BYTES = JsonBody.MAX_BYTES;

    private static final int BUFFER = 16 * 1024;

    private final InputStream body;
    private final byte[] buffer = new byte[BUFFER];
    private int filled;
    private int taken;
    private long number;

    /**
     * A line of the body.
     *
     * @param number the line number, starting at 1
     * @param content the line without its line break; empty if the line is too long
     */
    public record Line(long number, Optional<byte[]> content) {
        public boolean isBlank() {
            return content.filter(NdjsonReader::isBlank).isPresent();
        }
    }

    public NdjsonReader(InputStream body) {
        this.body = body;
    }

    /** Reads the next line; returns empty at the end of the body. The last line need not end with a line break. */
    public Optional<Line> next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        long length = 0;
        boolean ended = false;
        while (!ended) {
            if (taken == filled && !fill()) {
                if (length == 0) {
                    return Optional.empty();
                }
                break;
            }
            int end = taken;
            while (end < filled && buffer[end] != '\n') {
                end++;
            }
            length += end - taken;
            if (length <= MAX_BYTES) {
                line.write(buffer, taken, end - taken);
            }
            ended = end < filled;
            taken = ended ? end + 1 : end;
        }
        number++;
        return Optional.of(new Line(number, length <= MAX_BYTES ? Optional.of(line.toByteArray()) : Optional.empty()));
    }

    /** Returns the number of lines read so far. */
    public long count() {
        return number;
    }

    private boolean fill() throws IOException {
        filled = body.read(buffer, 0, BUFFER);
        taken = 0;
        filled = Math.max(filled, 0);
        return filled > 0;
    }

    private static boolean isBlank(byte[] line) {
        for (byte next : line) {
            if (next != ' ' && next != '\t' && next != '\r') {
                return false;
            }
        }
        return true;
    }
}
