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
 * The one JSON reader and writer.
 *
 * <p>Strict where lenient parsers disagree with each other, because that is where attacks hide: a key given twice,
 * something after the end, and deep nesting are refused (RFC 8259, section 4 and 9). Numbers keep their value exactly.
 *
 * <p>Field names do not enter Jackson's table of names, because all threads share it. Names whose hashes collide fill that
 * table, and then every parse fails, also that of other callers' bodies.
 */
public final class Json {
    /** Far above what a user may hold (8 levels), far below what could exhaust a stack. */
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
            // Of a record, a component that is null is not written.
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.USE_DEFAULTS))
            .addModule(new SimpleModule().addSerializer(Instant.class, new TimeSerializer()))
            .build();

    private static final ObjectWriter LINES = MAPPER.writer().with(new LineEscapes());

    private Json() {}

    /** Writes a tree, or a record whose components become the fields of an object, in their order. */
    public static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /**
     * Writes one line of NDJSON. Text in it cannot break the line in any reader: U+0085, U+2028 and U+2029, which end a line
     * for Unicode (UAX 14) and in several languages' {@code splitlines}, are escaped.
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
