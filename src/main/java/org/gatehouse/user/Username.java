package org.gatehouse.user;

import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;
import rocks.xmpp.precis.PrecisProfiles;

/**
 * A name to log in with, shown as typed and unique in its folded form.
 *
 * @param typed as its owner wrote it
 * @param key the PRECIS {@code UsernameCaseMapped} form (RFC 8265, section 3.3): two names with the same key are one
 */
public record Username(String typed, String key) {
    static final int MIN_LENGTH = 3;
    static final int MAX_LENGTH = 64;

    /** In chars. Longer names are keys that an index of an older MongoDB would refuse, and nobody types them. */
    private static final int MAX_OLD_LENGTH = 250;

    /** The name in a caller's text; empty when the profile forbids it or its length is out of bounds. */
    public static Optional<Username> parse(String typed) {
        // Twice the bound in chars covers 64 code points of any plane, and keeps PRECIS from long texts.
        if (typed.length() > 2 * MAX_LENGTH || !hasLength(typed) || !OwnFields.isPlainText(typed)) {
            return Optional.empty();
        }
        try {
            String key = PrecisProfiles.USERNAME_CASE_MAPPED.enforce(typed);
            return hasLength(key) ? Optional.of(new Username(typed, key)) : Optional.empty();
        } catch (IllegalArgumentException forbidden) {
            return Optional.empty();
        }
    }

    /**
     * The name as one to look for: also names that the original service let its users take, whatever their length, and,
     * unlike new ones, with spaces or signs of any kind. Empty when nobody can have such a name.
     */
    public static Optional<Username> fold(String typed) {
        if (typed.isBlank() || typed.length() > MAX_OLD_LENGTH || !OwnFields.isPlainText(typed)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Username(typed, PrecisProfiles.USERNAME_CASE_MAPPED.enforce(typed)));
        } catch (IllegalArgumentException unlikeNewOnes) {
            String key = Normalizer.normalize(typed, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
            boolean visible = key.codePoints().noneMatch(Character::isISOControl);
            return visible ? Optional.of(new Username(typed, key)) : Optional.empty();
        }
    }

    private static boolean hasLength(String text) {
        int length = text.codePointCount(0, text.length());
        return length >= MIN_LENGTH && length <= MAX_LENGTH;
    }
}
