package org.gatehouse.user;

import java.util.Optional;
import org.gatehouse.identity.Username;
import org.jspecify.annotations.Nullable;

/**
 * The texts with a common beginning, as a range. The store compares UTF-8 bytes, which have the same order as code
 * points.
 *
 * @param first the inclusive lower bound of the texts with this beginning
 * @param end the exclusive upper bound of these texts; null if every greater text has this beginning
 */
record PrefixRange(String first, @Nullable String end) {
    private static final char SIGMA = '\u03c3';
    private static final char FINAL_SIGMA = '\u03c2';

    /** Returns the range of the texts that begin with this text. */
    static PrefixRange of(String text) {
        return new PrefixRange(text, after(text));
    }

    /** Returns the range of folded usernames with a typed beginning; empty if usernames cannot begin with the text. */
    static Optional<PrefixRange> ofUsernames(String typed) {
        return Username.fold(typed).map(name -> ofFolded(name.canonical()));
    }

    private static PrefixRange ofFolded(String key) {
        String start = key.substring(0, key.length() - 1);
        char last = key.charAt(key.length() - 1);
        // The next character determines the form of a sigma, but is unknown here. The range includes both forms,
        // because they are adjacent code points.
        if (last == SIGMA || last == FINAL_SIGMA) {
            return new PrefixRange(start + FINAL_SIGMA, after(start + SIGMA));
        }
        return of(key);
    }

    /** Returns the first text after all texts with this beginning. */
    private static @Nullable String after(String prefix) {
        int end = prefix.length();
        while (end > 0) {
            int last = prefix.codePointBefore(end);
            end -= Character.charCount(last);
            if (last < Character.MAX_CODE_POINT) {
                int next = last + 1 == Character.MIN_SURROGATE ? Character.MAX_SURROGATE + 1 : last + 1;
                return prefix.substring(0, end) + Character.toString(next);
            }
        }
        return null;
    }
}
