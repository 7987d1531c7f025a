package org.gatehouse.user;

import org.gatehouse.identity.Username;

/**
 * The {@code usernameKey} of a document whose name does not permit a login, because several documents share it or
 * because it is not a valid name.
 *
 * <p>It begins with a character that folded names do not contain, and ends with the document's id, so it is unique
 * without a query. The name is in the middle, so that documents that share a name are adjacent in the index.
 */
public final class ReservedUsername {
    private static final char MARK = '\u0001';
    private static final char BEYOND_MARK = '\u0002';

    private ReservedUsername() {}

    /**
     * Returns the key of one document.
     *
     * @param name the folded name; an empty text if the document has none
     * @param id unique among the documents
     */
    public static String of(String name, String id) {
        return MARK + name + MARK + id;
    }

    /** Returns the name in the middle of such a key. */
    public static String name(String key) {
        return key.substring(1, key.lastIndexOf(MARK));
    }

    /** Returns the key with its name folded by the current rules; also accepts a key that is not reserved. */
    public static String refold(String key) {
        if (!isReserved(key)) {
            return Username.refold(key);
        }
        return of(Username.refold(name(key)), key.substring(key.lastIndexOf(MARK) + 1));
    }

    static boolean isReserved(String key) {
        return !key.isEmpty() && key.charAt(0) == MARK;
    }

    /** Returns the inclusive lower bound of all such keys. */
    static String first() {
        return String.valueOf(MARK);
    }

    /** Returns the exclusive upper bound of all such keys. */
    static String end() {
        return String.valueOf(BEYOND_MARK);
    }

    /** Returns the inclusive lower bound of the keys with this name. */
    static String first(String name) {
        return "" + MARK + name + MARK;
    }

    /** Returns the exclusive upper bound of the keys with this name. */
    static String end(String name) {
        return "" + MARK + name + BEYOND_MARK;
    }
}
