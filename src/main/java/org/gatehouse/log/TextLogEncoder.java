package org.gatehouse.log;

import ch.qos.logback.classic.pattern.TargetLengthBasedClassNameAbbreviator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.util.CachingDateFormatter;
import java.nio.charset.Charset;
import java.util.Map;

/**
 * Writes each log event as one line of text: time, level, request id and trace id, logger, message. A stack trace
 * follows the line.
 *
 * <p>Logback's patterns are not used, because the first pattern loads 200 classes.
 */
public final class TextLogEncoder extends LineEncoder {
    private static final int LEVEL_WIDTH = 5;
    private static final int MAX_LOGGER_LENGTH = 24;
    private static final int INITIAL_SIZE = 256;

    /** Formats times in the time zone of the system. */
    private final CachingDateFormatter times = new CachingDateFormatter("yyyy-MM-dd'T'HH:mm:ss.SSSX");

    private final TargetLengthBasedClassNameAbbreviator abbreviator =
            new TargetLengthBasedClassNameAbbreviator(MAX_LOGGER_LENGTH);

    @Override
    public byte[] encode(ILoggingEvent event) {
        StringBuilder line = new StringBuilder(INITIAL_SIZE);
        String level = event.getLevel().toString();
        line.append(times.format(event.getTimeStamp())).append(' ').append(level);
        line.append(" ".repeat(LEVEL_WIDTH - level.length()));
        Map<String, String> properties = event.getMDCPropertyMap();
        String traceId = properties.getOrDefault("traceId", "");
        line.append(" [").append(properties.getOrDefault("requestId", "-"));
        line.append(traceId.isEmpty() ? "" : " ").append(traceId);
        line.append("] ").append(abbreviator.abbreviate(event.getLoggerName()));
        line.append(' ').append(SingleLineMessageConverter.singleLine(event.getFormattedMessage()));
        line.append(System.lineSeparator());
        IThrowableProxy thrown = event.getThrowableProxy();
        if (thrown != null) {
            line.append(ThrowableProxyUtil.asString(thrown));
        }
        return line.toString().getBytes(Charset.defaultCharset());
    }
}
