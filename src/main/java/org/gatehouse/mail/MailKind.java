package org.gatehouse.mail;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The kinds of mails. Stored rows, templates and the header {@code X-Gatehouse-Mail} contain their names. */
public enum MailKind {
    VERIFICATION,
    RESET,
    CHANGE,
    INVITATION,
    NOTICE_PASSWORD,
    NOTICE_EMAIL,
    NOTICE_DEVICE,
    NOTICE_FACTOR,
    TEST;

    /** Returns the name in rows and headers, such as {@code notice-password}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns all names. */
    public static List<String> texts() {
        return Stream.of(values()).map(MailKind::text).toList();
    }

    static Optional<MailKind> parse(String text) {
        return Stream.of(values()).filter(kind -> kind.text().equals(text)).findFirst();
    }
}
