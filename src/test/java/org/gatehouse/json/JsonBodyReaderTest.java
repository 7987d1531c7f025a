package org.gatehouse.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonBodyReaderTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"a\":1} {\"b\":2} | has more text after the end of its JSON (column 9).",
                "{\"a\":1}{\"b\":2}   | has more text after the end of its JSON (column 8).",
                "{\"a\":1},          | has more text after the end of its JSON (column 8).",
                "{\"a\":1} garbage   | has more text after the end of its JSON (column 9).",
                "1 2                 | has more text after the end of its JSON (column 3).",
                "null x              | has more text after the end of its JSON (column 6).",
                "{\"a\":             | ends before its JSON is complete (column 6).",
                "{                   | ends before its JSON is complete (column 2).",
                "{\"a\":1,\"b\"x     | is not valid JSON (column 11).",
                "}                   | is not valid JSON (column 1).",
                "{\"a\":1,\"a\":2}   | has the same key twice (column 11).",
                "{\"a\":1e99999999999} | is not valid JSON.",
            })
    void reportsTheProblemAndTheColumnOfALine(String line, String message) {
        assertThat(rejection(line, JsonBodyReader.LINE)).isEqualTo("The line " + message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"a\":1}%n {\"b\":2} | has more text after the end of its JSON (line 2, column 2).",
                "{%n\"a\":             | ends before its JSON is complete (line 2, column 5).",
                "{%n\"a\":1 2          | is not valid JSON (line 2, column 7).",
            })
    void reportsTheProblemAndThePositionInABody(String body, String message) {
        assertThat(rejection(body.replace("%n", "\n"), "body")).isEqualTo("The body " + message);
    }

    @Test
    void rejectsDeepNestingLongNumbersAndLongNames() {
        assertThat(rejection("[".repeat(100), "body"))
                .isEqualTo(
                        "The body is nested too deeply, or has a number or name that is too long (line 1, column 66).");
        assertThat(rejection("1".repeat(1_000), JsonBodyReader.LINE)).startsWith("The line is nested too deep");
        assertThat(rejection("{\"" + "n".repeat(60_000) + "\":1}", "body")).startsWith("The body is nested too deep");
    }

    @Test
    void reportsTheByteThatIsNotUtf8() {
        byte[] line = "{\"n\":\"x\"}".getBytes(StandardCharsets.UTF_8);
        line[6] = (byte) 0xe4;

        assertThat(rejection(line, JsonBodyReader.LINE)).isEqualTo("The line is not UTF-8 (byte 7).");
    }

    @Test
    void treatsAnEmptyOrBlankBodyAsMissing() {
        assertThat(parsed("")).isEqualTo(MissingNode.getInstance());
        assertThat(parsed(" \r\n\t")).isEqualTo(MissingNode.getInstance());
        assertThat(parsed("\ufeff{}\n \t\r").isObject()).isTrue();
    }

    @Test
    void parsesObjectsWhoseNamesCollide() throws IOException {
        for (int i = 0; i < 20; i++) {
            String name = i % 2 == 0 ? "ab" : "bA";
            String body = CollidingNames.body(name + i, 30_000);
            assertThat(parsed(body).size()).isGreaterThan(900);
        }
        assertThat(parsed("{\"username\":1,\"other\":2}").size()).isEqualTo(2);
        assertThat(Json.MAPPER.getFactory().isEnabled(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES))
                .isFalse();
        assertThat(rejection("{\"" + "ab".repeat(9) + "\":1,\"" + "ab".repeat(9) + "\":2}", "body"))
                .startsWith("The body has the same key twice");
    }

    @Test
    void writeLineEscapesUnicodeLineBreaks() throws IOException {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        Json.writeLine(Json.MAPPER.createObjectNode().put("a\u2028b", "c\u2029d\u0085e\nf\"\\g\u00e4"), output);

        String line = output.toString(StandardCharsets.UTF_8);

        assertThat(line).isEqualTo("{\"a\\u2028b\":\"c\\u2029d\\u0085e\\nf\\\"\\\\g\u00e4\"}\n");
        assertThat(Json.MAPPER.readTree(line).get("a\u2028b").textValue()).isEqualTo("c\u2029d\u0085e\nf\"\\g\u00e4");
    }

    private static JsonNode parsed(String text) {
        return JsonBodyReader.parse(text.getBytes(StandardCharsets.UTF_8), "body")
                .node();
    }

    private static String rejection(String text, String subject) {
        return rejection(text.getBytes(StandardCharsets.UTF_8), subject);
    }

    private static String rejection(byte[] text, String subject) {
        GatehouseException rejection =
                catchThrowableOfType(GatehouseException.class, () -> JsonBodyReader.parse(text, subject));
        assertThat(rejection.code()).isEqualTo(ErrorCode.BODY_MALFORMED);
        return rejection.getMessage();
    }
}
