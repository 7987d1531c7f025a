package org.gatehouse.password;

import java.util.Optional;

/**
 * The stored text against which a password is checked.
 *
 * @param text a hash or, if the legacy service stored it that way, the password itself
 * @param plain true if the text is the password itself
 */
public record StoredPassword(String text, boolean plain) {
    /** The text of a field that contains only hashes. */
    public static StoredPassword hash(String text) {
        return new StoredPassword(text, false);
    }

    /**
     * The text of the legacy service's field: bcrypt in its later version, before that the password itself. Returns
     * empty if a login with it is impossible, because it is empty or longer than any password that is checked.
     */
    public static Optional<StoredPassword> ofLegacy(String text) {
        if (text.isEmpty() || text.length() > PasswordHasher.MAX_CHARS) {
            return Optional.empty();
        }
        // A hash that cannot be checked is still a hash: its text must not become the password.
        return Optional.of(new StoredPassword(text, !BcryptHash.isAny(text)));
    }

    /** The hash, if its scheme is not Argon2; empty for other texts, or if a check would cost too much. */
    Optional<ForeignHash> foreign() {
        return plain ? Optional.empty() : ForeignHash.parse(text).filter(ForeignHash::isAffordable);
    }

    /** The hash, if its scheme is Argon2; empty for other texts. */
    Optional<Argon2Hash> argon2() {
        return plain ? Optional.empty() : Argon2Hash.parse(text);
    }

    @Override
    public String toString() {
        return "StoredPassword[REDACTED]";
    }
}
