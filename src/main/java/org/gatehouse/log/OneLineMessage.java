package org.gatehouse.log;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.regex.Pattern;

/**
 * The message of a log line, {@code %oneLine} in {@code logback.xml}: a line break in it could forge a line, so it is shown
 * as {@code \n}, or as {@code \}{@code u2028} and the like; only the list of settings to mend keeps its own.
 *
 * <p>Almost no message has one, so it is looked for before a pattern is.
 */
public final class OneLineMessage extends MessageConverter {
    private static final Pattern BREAK = Pattern.compile("[\\r\\n](?!  - )|[\\u0085\\u2028\\u2029]");

    @Override
    public String convert(ILoggingEvent event) {
        String message = super.convert(event);
        boolean oneLine = message == null || message.chars().noneMatch(OneLineMessage::isBreak);
        return oneLine
                ? message
                : BREAK.matcher(message)
                        .replaceAll(found -> escaped(found.group().charAt(0)));
    }

    private static boolean isBreak(int character) {
        return switch (character) {
            case '\n', '\r', '\u0085', '\u2028', '\u2029' -> true;
            default -> false;
        };
    }

    private static String escaped(char lineBreak) {
        return lineBreak == '\n' || lineBreak == '\r' ? "\\\\n" : "\\\\u%04x".formatted((int) lineBreak);
    }
}
