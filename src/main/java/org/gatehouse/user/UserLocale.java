package org.gatehouse.user;

import java.util.IllformedLocaleException;
import java.util.Locale;

/** The custom field {@code locale}: the language of a user, as a BCP 47 tag such as {@code de-AT}. */
final class UserLocale {
    /** RFC 5646, section 4.4.1: no tag without private use needs more. */
    private static final int MAX_LENGTH = 35;

    private UserLocale() {}

    static boolean isTag(String text) {
        if (text.length() > MAX_LENGTH) {
            return false;
        }
        try {
            return !new Locale.Builder()
                    .setLanguageTag(text)
                    .build()
                    .getLanguage()
                    .isEmpty();
        } catch (IllformedLocaleException malformed) {
            return false;
        }
    }
}
