package org.gatehouse.http;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.MessageBodyReader;
import java.io.IOException;
import java.io.InputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/** Parses a body whole, before anything is done with it. The parser's own words stay inside: they quote the body. */
public final class JsonBodyReader implements MessageBodyReader<JsonBody> {
    private static final String BYTE_ORDER_MARK = "\ufeff";

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
        return parse(received(body), "body");
    }

    /**
     * Parses what was sent as JSON.
     *
     * @param subject what it is called in a complaint, such as "body"
     * @throws GatehouseException {@code BODY_MALFORMED}
     */
    public static JsonBody parse(byte[] json, String subject) {
        String text = decoded(json, subject);
        try {
            return new JsonBody(Json.MAPPER.readTree(text));
        } catch (StreamConstraintsException excessive) {
            throw new GatehouseException(
                    ErrorCode.BODY_MALFORMED, "The " + subject + " is nested too deep, or a number too long.");
        } catch (JsonParseException malformed) {
            throw new GatehouseException(ErrorCode.BODY_MALFORMED, where(malformed, subject));
        } catch (IOException | ArithmeticException | NumberFormatException malformed) {
            // The last two come from exponents that are numbers to JSON but not to Java.
            throw new GatehouseException(ErrorCode.BODY_MALFORMED, "The " + subject + " is not valid JSON.");
        }
    }

    /** JSON between systems is UTF-8 (RFC 8259, section 8.1); other encodings would read differently to a firewall. */
    private static String decoded(byte[] bytes, String subject) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
        } catch (CharacterCodingException other) {
            throw new GatehouseException(ErrorCode.BODY_MALFORMED, "The " + subject + " is not UTF-8.");
        }
    }

    private static byte[] received(InputStream body) {
        try {
            return body.readAllBytes();
        } catch (IOException brokenOff) {
            throw new GatehouseException(ErrorCode.BODY_MALFORMED, "The body ended before its announced length.");
        }
    }

    private static String where(JsonParseException malformed, String subject) {
        if (malformed.getLocation() == null) {
            return "The " + subject + " is not valid JSON.";
        }
        String reason = malformed.getOriginalMessage().startsWith("Duplicate field")
                ? "The " + subject + " has the same key twice"
                : "The " + subject + " is not valid JSON";
        return reason + " (line " + malformed.getLocation().getLineNr() + ", column "
                + malformed.getLocation().getColumnNr() + ").";
    }
}
