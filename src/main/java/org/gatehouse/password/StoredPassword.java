package org.gatehouse.password;

import java.util.Optional;

/**
 * What a store holds to check a password against.
 *
 * @param text a hash, or, where the original service left it so, the password itself
 * @param plain true when the text is the password itself
 */
public record StoredPassword(String text, boolean plain) {
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
        // One that cannot be checked is a hash all the same: its text must not become the password.
        return Optional.of(new StoredPassword(text, !BcryptHash.isAny(text)));
    }

    /** The hash of another scheme than Argon2 in it; empty when there is none, or it would cost too much to check. */
    Optional<ForeignHash> foreign() {
        return plain ? Optional.empty() : ForeignHash.parse(text).filter(ForeignHash::isAffordable);
    }

    @Override
    public String toString() {
        return "StoredPassword[REDACTED]";
    }
}
