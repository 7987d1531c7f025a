package org.gatehouse.mail;

import java.util.Locale;

/**
 * The rendered parts of a mail.
 *
 * @param subject one line
 * @param text plain text with the link on a line of its own
 * @param html a document in which all values are escaped
 */
record RenderedMail(Locale language, String subject, String text, String html) {
    @Override
    public String toString() {
        return "RenderedMail[REDACTED]"; // because the parts contain a proof
    }
}
