package org.gatehouse.password;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What a new password must be: long enough, and no more than that.
 *
 * <p>No rules of composition and no truncation (NIST SP 800-63B-4, section 3.1.1.2). Passwords that exist are never held
 * to it.
 */
public final class PasswordPolicy {
    /** Bounds the work before hashing; far above any passphrase. */
    static final int MAX_BYTES = 256;

    private final int minLength;

    /** @param minLength in code points */
    public PasswordPolicy(int minLength) {
        this.minLength = minLength;
    }

    /** Why this password is refused, as words that follow "password"; empty when it is accepted. */
    public Optional<String> complaint(String password) {
        if (password.codePointCount(0, password.length()) < minLength) {
            return Optional.of("must have at least " + minLength + " characters");
        }
        if (password.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
            return Optional.of("must have at most " + MAX_BYTES + " bytes in UTF-8");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(password)) {
            return Optional.of("must be well-formed Unicode");
        }
        return Optional.empty();
    }
}
