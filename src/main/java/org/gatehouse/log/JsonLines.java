package org.gatehouse.log;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.EncoderBase;
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
import org.gatehouse.http.IsoTime;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * Each log event as one line of JSON: {@code time}, {@code level}, {@code logger}, {@code thread} and {@code message}, what
 * the log context and the event name, and {@code error} with the stack trace.
 *
 * <p>Whatever is outside of ASCII is escaped, so no reader takes a character of a message for the end of the line.
 * Logback's own encoder of JSON writes all that an event names as text, each pair an object, and times as numbers.
 */
public final class JsonLines extends EncoderBase<ILoggingEvent> {
    /** The appender of {@code logback.xml}. */
    private static final String CONSOLE = "console";

    private static final int USUAL_LENGTH = 512;
    private static final byte[] NOTHING = {};

    private static final JsonFactory json =
            JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    /**
     * Makes the console of this application show such lines from now on. Where somebody who runs it has given Logback a
     * file of his own, without that appender, nothing changes.
     */
    public static void writeToConsole(LoggerContext context) {
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        Appender<ILoggingEvent> text = root.getAppender(CONSOLE);
        if (text == null) {
            return;
        }
        JsonLines lines = new JsonLines();
        lines.setContext(context);
        lines.start();
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setName(CONSOLE);
        console.setContext(context);
        console.setEncoder(lines);
        console.start();
        root.detachAppender(text);
        root.addAppender(console);
        text.stop();
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        ByteArrayOutputStream line = new ByteArrayOutputStream(USUAL_LENGTH);
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
        for (Map.Entry<String, String> named : event.getMDCPropertyMap().entrySet()) {
            generator.writeStringField(wellFormed(named.getKey()), named.getValue());
        }
        for (KeyValuePair named : Objects.requireNonNullElse(event.getKeyValuePairs(), List.<KeyValuePair>of())) {
            generator.writeFieldName(wellFormed(named.key));
            writeValue(generator, named.value);
        }
        IThrowableProxy thrown = event.getThrowableProxy();
        if (thrown != null) {
            generator.writeStringField("error", ThrowableProxyUtil.asString(thrown));
        }
    }

    /** Half of a surrogate pair in a name, which JSON parsers reject, becomes a question mark. */
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

    @Override
    public byte[] headerBytes() {
        return NOTHING;
    }

    @Override
    public byte[] footerBytes() {
        return NOTHING;
    }
}
