package org.gatehouse.user;

import java.util.Optional;
import org.gatehouse.identity.Username;

/** A text that an administrator searches for: 1 to {@link #MAX_LENGTH} characters, without blanks at the ends. */
record SearchText(String text) {
    /** Counted in code points. Usernames and addresses are not longer. */
    static final int MAX_LENGTH = 256;

    /** Parses a caller's text; returns empty if it is blank, too long, or has control characters or unpaired surrogates. */
    static Optional<SearchText> parse(String typed) {
        String text = Username.strip(typed);
        boolean valid = !text.isEmpty()
                && text.codePointCount(0, text.length()) <= MAX_LENGTH
                && text.codePoints().noneMatch(Character::isISOControl)
                && CustomFields.isPlainText(text);
        return valid ? Optional.of(new SearchText(text)) : Optional.empty();
    }
}
