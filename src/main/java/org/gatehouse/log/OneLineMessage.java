package org.gatehouse.log;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.regex.Pattern;

/**
 * The message of a log line, {@code %oneLine} in {@code logback.xml}: a line break in it could forge a line, so it is shown
 * as {@code \n}; only the list of settings to mend keeps its own.
 *
 * <p>Almost no message has one, so it is looked for before a pattern is.
 */
public final class OneLineMessage extends MessageConverter {
    private static final Pattern BREAK = Pattern.compile("[\\r\\n](?!  - )");

    @Override
    public String convert(ILoggingEvent event) {
        String message = super.convert(event);
        boolean oneLine = message == null || (message.indexOf('\n') < 0 && message.indexOf('\r') < 0);
        return oneLine ? message : BREAK.matcher(message).replaceAll("\\\\n");
    }
}
