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
        String text = decoded(received(body));
        try {
            return new JsonBody(Json.MAPPER.readTree(text));
        } catch (StreamConstraintsException excessive) {
            throw new GatehouseException(
                    ErrorCode.BODY_MALFORMED, "The body is nested too deep, or a number too long.");
        } catch (JsonParseException malformed) {
            throw new GatehouseException(ErrorCode.BODY_MALFORMED, where(malformed));
        } catch (IOException | ArithmeticException | NumberFormatException malformed) {
            // The last two come from exponents that are numbers to JSON but not to Java.
            throw new GatehouseException(ErrorCode.BODY_MALFORMED);
        }
    }

    /** JSON between systems is UTF-8 (RFC 8259, section 8.1); other encodings would read differently to a firewall. */
    private static String decoded(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
        } catch (CharacterCodingException other) {
            throw new GatehouseException(ErrorCode.BODY_MALFORMED, "The body is not UTF-8.");
        }
    }

    private static byte[] received(InputStream body) {
        try {
            return body.readAllBytes();
        } catch (IOException brokenOff) {
            throw new GatehouseException(ErrorCode.BODY_MALFORMED, "The body ended before its announced length.");
        }
    }

    private static String where(JsonParseException malformed) {
        if (malformed.getLocation() == null) {
            return ErrorCode.BODY_MALFORMED.message();
        }
        String reason = malformed.getOriginalMessage().startsWith("Duplicate field")
                ? "The body has the same key twice"
                : "The body is not valid JSON";
        return reason + " (line " + malformed.getLocation().getLineNr() + ", column "
                + malformed.getLocation().getColumnNr() + ").";
    }
}
