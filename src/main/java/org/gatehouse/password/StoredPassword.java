package org.gatehouse.password;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a store holds to check a password against.
 *
 * @param text a hash, or, where the original service left it so, the password itself
 * @param plain true when the text is the password itself
 */
public record StoredPassword(String text, boolean plain) {
    /** Costs from 4 to 15, which takes two seconds: one login must not be able to hold a slot for hours. */
    private static final Pattern BCRYPT = Pattern.compile("\\$2[aby]?\\$(?:0[4-9]|1[0-5])\\$[./A-Za-z0-9]{53}");

    /** The text of a field that holds hashes only. */
    public static StoredPassword hash(String text) {
        return new StoredPassword(text, false);
    }

    /**
     * The text of the original service's field: bcrypt in its later edition, the password itself before that; empty when
     * nobody could log in with it, for it is no text or longer than what is ever checked.
     */
    public static Optional<StoredPassword> ofOriginal(String text) {
        if (text.isEmpty() || text.length() > PasswordHasher.MAX_CHARS) {
            return Optional.empty();
        }
        return Optional.of(new StoredPassword(text, !BCRYPT.matcher(text).matches()));
    }

    boolean isBcrypt() {
        return !plain && BCRYPT.matcher(text).matches();
    }

    @Override
    public String toString() {
        return "StoredPassword[REDACTED]";
    }
}
