package org.gatehouse.mail;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The states of a row. Rows and responses contain their names, so a name never changes. */
enum MailStatus {
    QUEUED,
    SENT,
    /** The server rejected the mail permanently. */
    FAILED,
    /** The link of the mail expired before the mail could be sent. */
    EXPIRED,
    /** There was nothing to send, for example because the account does not exist. */
    VOID;

    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<MailStatus> parse(String text) {
        return Stream.of(values()).filter(status -> status.text().equals(text)).findFirst();
    }
}
