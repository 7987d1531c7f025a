package org.gatehouse.log;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Escapes line breaks in log messages, because a line break could forge a log line. A Logback file of the
 * operator may use this converter in a pattern.
 *
 * <p>CR and LF become {@code \n}. Unicode line breaks become escapes such as {@code \}{@code u2028}. Line breaks before
 * a list item are kept, because the message on invalid settings contains a list.
 */
public final class SingleLineMessageConverter extends MessageConverter {
    private static final Pattern LINE_BREAK = Pattern.compile("[\\r\\n](?!  - )|[\\u0085\\u2028\\u2029]");

    @Override
    public String convert(ILoggingEvent event) {
        return singleLine(super.convert(event));
    }

    /** @param text the message of an event; null if it has none */
    static String singleLine(@Nullable String text) {
        String message = String.valueOf(text);
        return isPlain(message)
                ? message
                : LINE_BREAK
                        .matcher(message)
                        .replaceAll(match -> escaped(match.group().charAt(0)));
    }

    /** Returns whether the message certainly has no line break. A search with the pattern takes ten times as long. */
    private static boolean isPlain(String message) {
        for (int i = 0; i < message.length(); i++) {
            char next = message.charAt(i);
            if (next < ' ' || next > '~') {
                return false;
            }
        }
        return true;
    }

    private static String escaped(char lineBreak) {
        return lineBreak == '\n' || lineBreak == '\r' ? "\\\\n" : "\\\\u%04x".formatted((int) lineBreak);
    }
}
