package org.gatehouse.user;

import java.util.Optional;

/**
 * What usernames begin with, as a range of their folded forms in the order of code points, which is that of their UTF-8
 * bytes.
 *
 * @param first no name with this beginning is before it
 * @param end every name with this beginning is before it; empty when that is true of no text
 */
record NamePrefix(String first, Optional<String> end) {
    private static final char SIGMA = '\u03c3';
    private static final char FINAL_SIGMA = '\u03c2';

    /** The beginning of names in a caller's text, folded as names are; empty when no name can begin like this. */
    static Optional<NamePrefix> parse(String typed) {
        return Username.fold(typed).map(name -> of(name.key()));
    }

    private static NamePrefix of(String key) {
        String start = key.substring(0, key.length() - 1);
        char last = key.charAt(key.length() - 1);
        // A capital sigma is folded to the one or the other by what follows, which is not known here; the two are
        // neighbours.
        if (last == SIGMA || last == FINAL_SIGMA) {
            return new NamePrefix(start + FINAL_SIGMA, after(start + SIGMA));
        }
        return new NamePrefix(key, after(key));
    }

    /** The first text after all that begin like this. */
    private static Optional<String> after(String prefix) {
        int end = prefix.length();
        while (end > 0) {
            int last = prefix.codePointBefore(end);
            end -= Character.charCount(last);
            if (last < Character.MAX_CODE_POINT) {
                int next = last + 1 == Character.MIN_SURROGATE ? Character.MAX_SURROGATE + 1 : last + 1;
                return Optional.of(prefix.substring(0, end) + Character.toString(next));
            }
        }
        return Optional.empty();
    }
}
