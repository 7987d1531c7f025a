package org.gatehouse.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.user.UserJson;

/**
 * Detects import lines of accounts that another service had closed. The names and the values of the fields identify
 * such a line. Without a {@code status}, the line is rejected, because it would create an active user. A line with a
 * {@code status} is accepted, because the status is explicit. Every exported line has a status.
 */
final class ForeignStatus {
    /** Fields that show a closed account if their value is in {@link #NO}. */
    private static final Pattern OPEN =
            Pattern.compile("(?:is|user|account|login)?(?:enabled|active|activated)|(?:is)?accountnon(?:locked|expired)"
                    + "|(?:can|may|allow|allowed)(?:to)?(?:login|logon|signin)|(?:login|logon|signin)allowed");

    /** Fields that show a closed account, unless the value is empty, in {@link #NO}, or an array of blocked users. */
    private static final Pattern CLOSED = Pattern.compile("(?:is|user|account|login)?"
            + "(?:disabled?|blocked|banned|locked(?:out)?|lockout|suspended|deactivated|inactive|deleted|archived"
            + "|terminated|frozen)(?:at|on|since|until|till|end|ends|date|time)?|nsaccountlock|accountexpired");

    /** Fields that show a closed account if their value is one of {@link #CLOSING_WORDS}. */
    private static final Pattern STATE = Pattern.compile("(?:user|account|login)(?:status|state)|state");

    private static final Set<String> NO = Set.of("false", "0", "no", "n", "f", "off");

    private static final Pattern CLOSING_WORDS = Pattern.compile("disabled|blocked|banned|locked|suspended|deactivated"
            + "|deprovisioned|inactive|deleted|archived|terminated|frozen");

    private ForeignStatus() {}

    /** If the line does not have a status, adds an error for each field that shows a closed account. */
    static void check(ObjectNode line, FieldErrors errors) {
        if (line.hasNonNull(UserJson.STATUS)) {
            return;
        }
        line.properties().forEach(field -> {
            if (isClosing(field.getKey(), field.getValue())) {
                errors.add(
                        field.getKey(),
                        "suggests that the account is closed; add a status of \"disabled\" or \"active\" to the line");
            }
        });
    }

    private static boolean isClosing(String name, JsonNode value) {
        String word = name.replace("_", "").toLowerCase(Locale.ROOT);
        String text = value.asText().toLowerCase(Locale.ROOT);
        if (value.isNull() || value.isArray() || (value.isValueNode() && text.isBlank())) {
            return false;
        }
        if (OPEN.matcher(word).matches()) {
            return NO.contains(text);
        }
        if (CLOSED.matcher(word).matches()) {
            return !NO.contains(text);
        }
        return STATE.matcher(word).matches() && CLOSING_WORDS.matcher(text).matches();
    }
}
