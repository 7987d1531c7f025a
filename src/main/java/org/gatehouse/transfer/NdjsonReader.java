package org.gatehouse.transfer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gatehouse.json.JsonBody;

/** Reads the lines of a body, one at a time. The content of a line above {@link #MAX_BYTES} is skipped. */
final class NdjsonReader {
    /** The maximum length of a line without its line break; equal to the limit of a JSON body. */
    static final int MAX_BYTES = JsonBody.MAX_BYTES;

    private static final Pattern BLANK = Pattern.compile("[ \\t\\r]*");

    private final InputStream body;
    private final byte[] buffer = new byte[8 * 1024];
    private int position;
    private int end;
    private long number;

    /**
     * A line of the body.
     *
     * @param number the line number, starting at 1
     * @param content the line without its line break; empty if the line is too long
     */
    record Line(long number, Optional<byte[]> content) {
        boolean isBlank() {
            return content.map(line -> new String(line, StandardCharsets.ISO_8859_1))
                    .filter(line -> BLANK.matcher(line).matches())
                    .isPresent();
        }
    }

    NdjsonReader(InputStream body) {
        this.body = body;
    }

    /** Reads the next line; returns empty at the end of the body. The last line need not end with a line break. */
    Optional<Line> next() throws IOException {
        if (isAtEnd()) {
            return Optional.empty();
        }
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        boolean fits = true;
        do {
            int start = position;
            while (position < end && buffer[position] != '\n') {
                position++;
            }
            fits = fits && line.size() + position - start <= MAX_BYTES;
            if (fits) {
                line.write(buffer, start, position - start);
            }
        } while (position == end && !isAtEnd());
        position++; // skips the line break
        number++;
        return Optional.of(new Line(number, fits ? Optional.of(line.toByteArray()) : Optional.empty()));
    }

    /** Fills the empty buffer, because reading single bytes takes ten times as long. Returns false if bytes are left. */
    private boolean isAtEnd() throws IOException {
        if (position >= end) {
            position = 0;
            end = Math.max(0, body.read(buffer));
        }
        return end == 0;
    }
}
