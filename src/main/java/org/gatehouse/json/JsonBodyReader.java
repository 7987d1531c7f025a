package org.gatehouse.json;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.MissingNode;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.MessageBodyReader;
import java.io.IOException;
import java.io.InputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.jspecify.annotations.Nullable;

/** Parses the whole body of a request. Clients do not receive the parser's messages, which quote the body. */
public final class JsonBodyReader implements MessageBodyReader<JsonBody> {
    /** The subject of error messages about a line of NDJSON. The number of the line is reported separately. */
    public static final String LINE = "line";

    private static final String BODY = "body";
    private static final char BYTE_ORDER_MARK = '\ufeff';

    /** Reads one value. {@code requireEnd} rejects text after the value, and reports the position of this text. */
    private static final ObjectReader FIRST_VALUE =
            Json.MAPPER.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    @Override
    public boolean isReadable(Class<?> type, Type genericType, Annotation[] annotations, MediaType mediaType) {
        return type == JsonBody.class;
    }

    @Override
    public JsonBody readFrom(
            Class<JsonBody> type,
            Type genericType,
            Annotation[] annotations,
            MediaType mediaType,
            MultivaluedMap<String, String> headers,
            InputStream body) {
        return parse(received(body), BODY);
    }

    /**
     * Parses JSON from the client. Parser exceptions are client errors, because only the client's text can cause them.
     *
     * @param subject the name of the text in messages, such as {@link #LINE}
     * @throws GatehouseException {@code BODY_MALFORMED}
     */
    public static JsonBody parse(byte[] json, String subject) {
        String text = decoded(json, subject);
        try (JsonParser parser = Json.MAPPER.createParser(text)) {
            JsonNode value = firstValue(parser, subject);
            requireEnd(text, parser.currentLocation(), subject);
            return new JsonBody(value, subject);
        } catch (JsonEOFException cutOff) {
            throw malformed(subject, "ends before its JSON is complete", cutOff.getLocation());
        } catch (JsonProcessingException malformed) {
            boolean isDuplicate = String.valueOf(malformed.getOriginalMessage()).startsWith("Duplicate field");
            throw malformed(
                    subject, isDuplicate ? "has the same key twice" : "is not valid JSON", malformed.getLocation());
        } catch (GatehouseException rejected) {
            throw rejected;
        } catch (IOException | RuntimeException | StackOverflowError failed) {
            // The parser throws a RuntimeException, for example, if an exponent is valid in JSON but not in Java.
            throw malformed(subject, "is not valid JSON", null);
        }
    }

    private static JsonNode firstValue(JsonParser parser, String subject) throws IOException {
        try {
            JsonNode value = FIRST_VALUE.readTree(parser);
            return value == null ? MissingNode.getInstance() : value;
        } catch (StreamConstraintsException excessive) {
            throw malformed(
                    subject,
                    "is nested too deeply, or has a number or name that is too long",
                    parser.currentLocation());
        }
    }

    /** Decodes UTF-8 and rejects other encodings (RFC 8259, section 8.1). A firewall could decode them differently. */
    private static String decoded(byte[] bytes, String subject) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer input = ByteBuffer.wrap(bytes);
        CharBuffer text = CharBuffer.allocate(bytes.length); // one byte becomes at most one char
        CoderResult result = decoder.decode(input, text, true);
        if (result.isError()) {
            throw new GatehouseException(
                    ErrorCode.BODY_MALFORMED,
                    "The " + subject + " is not UTF-8 (byte " + (input.position() + 1) + ").");
        }
        decoder.flush(text);
        text.flip();
        if (text.hasRemaining() && text.get(0) == BYTE_ORDER_MARK) {
            text.position(1);
        }
        return text.toString();
    }

    private static byte[] received(InputStream body) {
        try {
            return body.readAllBytes();
        } catch (IOException incomplete) {
            throw new GatehouseException(ErrorCode.BODY_MALFORMED, "The request body ended early.");
        }
    }

    private static void requireEnd(String text, JsonLocation end, String subject) {
        int line = end.getLineNr();
        int column = end.getColumnNr();
        for (int i = (int) end.getCharOffset(); i < text.length(); i++) {
            char next = text.charAt(i);
            if (next == '\n') {
                line++;
                column = 1;
            } else if (next == ' ' || next == '\t' || next == '\r') {
                column++;
            } else {
                throw malformed(
                        subject,
                        "has more text after the end of its JSON",
                        new JsonLocation(end.contentReference(), i, line, column));
            }
        }
    }

    private static GatehouseException malformed(String subject, String reason, @Nullable JsonLocation location) {
        String position = location == null ? "" : " (" + position(location, subject) + ")";
        return new GatehouseException(ErrorCode.BODY_MALFORMED, "The " + subject + " " + reason + position + ".");
    }

    private static String position(JsonLocation location, String subject) {
        return subject.equals(LINE)
                ? "column " + (location.getCharOffset() + 1)
                : "line " + location.getLineNr() + ", column " + location.getColumnNr();
    }
}
