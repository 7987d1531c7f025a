package org.gatehouse.password;

import java.util.Optional;

/**
 * The stored text against which a password is checked.
 *
 * @param text a hash, or the password itself as the legacy service stored it
 * @param plain true if the text is the password itself
 */
public record StoredPassword(String text, boolean plain) {
    /** Returns the stored password for the text of a field that contains only hashes. */
    public static StoredPassword hash(String text) {
        return new StoredPassword(text, false);
    }

    /**
     * Returns the stored password for the text of the legacy service's field. Later versions stored bcrypt, and earlier
     * versions the password itself. Returns empty if the text is empty or too long, because a login is then impossible.
     */
    public static Optional<StoredPassword> ofLegacy(String text) {
        if (text.isEmpty() || text.length() > PasswordHasher.MAX_CHARS) {
            return Optional.empty();
        }
        // A hash that cannot be checked is still not a plain password: its text must not permit a login.
        return Optional.of(new StoredPassword(text, !BcryptHash.isAny(text)));
    }

    /** Returns the hash if its scheme is not Argon2; empty for other texts, or if a check would cost too much. */
    Optional<ForeignHash> foreign() {
        return plain ? Optional.empty() : ForeignHash.parse(text).filter(ForeignHash::isAffordable);
    }

    /** Returns the hash if its scheme is Argon2; empty for other texts. */
    Optional<Argon2Hash> argon2() {
        return plain ? Optional.empty() : Argon2Hash.parse(text);
    }

    @Override
    public String toString() {
        return "StoredPassword[REDACTED]";
    }
}
