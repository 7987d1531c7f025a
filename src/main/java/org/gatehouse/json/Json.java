package org.gatehouse.json;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializerBase;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes all JSON of the service.
 *
 * <p>Duplicate keys, text after the value and deep nesting are rejected (RFC 8259, sections 4 and 9). Parsers differ in
 * how they treat such input, and attacks exploit the differences. Numbers keep their exact value.
 *
 * <p>Field names are not stored in Jackson's symbol table, which all threads share. A client could fill the table with
 * names whose hashes collide. Then every parse would fail, even for other clients.
 */
public final class Json {
    /** Far above the 8 levels that a user's fields may have, and far below the depth that exhausts a stack. */
    private static final int MAX_DEPTH = 64;

    private static final int MAX_NUMBER_LENGTH = 400;

    public static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxNumberLength(MAX_NUMBER_LENGTH)
                            .build())
                    .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            // Components of records are omitted if they are null.
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.USE_DEFAULTS))
            .addModule(new SimpleModule().addSerializer(Instant.class, new TimeSerializer()))
            .build();

    private static final ObjectWriter LINES = MAPPER.writer().with(new LineEscapes());

    private Json() {}

    /** Writes a tree or a record as JSON. The components of a record become fields in the same order. */
    public static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /**
     * Writes one line of NDJSON. The characters U+0085, U+2028 and U+2029 are escaped, because they end a line in
     * Unicode (UAX 14) and in {@code splitlines} of several languages.
     */
    public static void writeLine(JsonNode node, OutputStream output) throws IOException {
        output.write(LINES.writeValueAsBytes(node));
        output.write('\n');
    }

    private static final class TimeSerializer extends ToStringSerializerBase {
        private static final long serialVersionUID = 1L;

        TimeSerializer() {
            super(Instant.class);
        }

        @Override
        public String valueToString(Object time) {
            return IsoTime.format((Instant) time);
        }
    }

    private static final class LineEscapes extends CharacterEscapes {
        private static final long serialVersionUID = 1L;

        @Override
        public int[] getEscapeCodesForAscii() {
            return standardAsciiEscapesForJSON();
        }

        @Override
        public @Nullable SerializableString getEscapeSequence(int character) {
            return switch (character) {
                case 0x85, 0x2028, 0x2029 -> new SerializedString("\\u%04x".formatted(character));
                default -> null;
            };
        }
    }
}
