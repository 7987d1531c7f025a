package org.gatehouse.log;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.Appender;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.gatehouse.json.IsoTime;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * Writes each log event as one line of JSON. The fields are {@code time}, {@code level}, {@code logger},
 * {@code thread}, {@code message}, the MDC properties, the key-value pairs, and {@code error} with the stack trace.
 *
 * <p>Non-ASCII characters are escaped, because some readers treat some of them as line breaks. Logback's own JSON
 * encoder is not used, because it writes key-value pairs as objects, their values as text, and times as numbers.
 */
public final class JsonLogEncoder extends LineEncoder {
    private static final int INITIAL_SIZE = 512;

    private static final JsonFactory json =
            JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    /** Switches this application's console log to JSON, if the root logger has the appender "console". */
    public static void writeToConsole(LoggerContext context) {
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        Appender<ILoggingEvent> text = root.getAppender(LogConfigurator.CONSOLE);
        if (text == null) {
            return;
        }
        root.detachAppender(text);
        root.addAppender(LogConfigurator.console(context, new JsonLogEncoder()));
        text.stop();
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        ByteArrayOutputStream line = new ByteArrayOutputStream(INITIAL_SIZE);
        try (JsonGenerator generator = json.createGenerator(line)) {
            generator.writeStartObject();
            write(generator, event);
            generator.writeEndObject();
            generator.writeRaw('\n');
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return line.toByteArray();
    }

    private static void write(JsonGenerator generator, ILoggingEvent event) throws IOException {
        generator.writeStringField("time", IsoTime.format(event.getInstant()));
        generator.writeStringField("level", event.getLevel().toString());
        generator.writeStringField("logger", event.getLoggerName());
        generator.writeStringField("thread", event.getThreadName());
        generator.writeStringField("message", event.getFormattedMessage());
        for (Map.Entry<String, String> property : event.getMDCPropertyMap().entrySet()) {
            generator.writeStringField(wellFormed(property.getKey()), property.getValue());
        }
        for (KeyValuePair pair : Objects.requireNonNullElse(event.getKeyValuePairs(), List.<KeyValuePair>of())) {
            generator.writeFieldName(wellFormed(pair.key));
            writeValue(generator, pair.value);
        }
        IThrowableProxy thrown = event.getThrowableProxy();
        if (thrown != null) {
            generator.writeStringField("error", ThrowableProxyUtil.asString(thrown));
        }
    }

    /** Replaces unpaired surrogates in a name with question marks, because JSON parsers reject unpaired surrogates. */
    private static String wellFormed(String name) {
        return new String(name.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    private static void writeValue(JsonGenerator generator, @Nullable Object value) throws IOException {
        if (value instanceof Integer || value instanceof Long) {
            generator.writeNumber(((Number) value).longValue());
        } else if (value instanceof Boolean flag) {
            generator.writeBoolean(flag);
        } else {
            generator.writeString(String.valueOf(value));
        }
    }
}
