package org.gatehouse.user;

/**
 * The {@code usernameKey} of a document whose name nobody can log in with, because others have the same one or because
 * it is no name.
 *
 * <p>It begins with a character that no folded name holds, and ends with the document's id, so it is unique without
 * asking. The name stands between, so the documents that share one are neighbours in the index.
 */
public final class ReservedUsername {
    private static final char MARK = '\u0001';
    private static final char BEYOND_MARK = '\u0002';

    private ReservedUsername() {}

    /**
     * The key of one document.
     *
     * @param name folded, or empty text where there is none
     * @param id unique among the documents
     */
    public static String of(String name, String id) {
        return MARK + name + MARK + id;
    }

    /** The name in the middle of such a key. */
    public static String name(String key) {
        return key.substring(1, key.lastIndexOf(MARK));
    }

    /** The same key with a name that is folded as now; also of a key that is not parked. */
    public static String refold(String key) {
        if (!isParked(key)) {
            return Username.refold(key);
        }
        return of(Username.refold(name(key)), key.substring(key.lastIndexOf(MARK) + 1));
    }

    static boolean isParked(String key) {
        return !key.isEmpty() && key.charAt(0) == MARK;
    }

    /** No key of any document is before this one. */
    static String first() {
        return String.valueOf(MARK);
    }

    /** Every key of any document is before this one. */
    static String end() {
        return String.valueOf(BEYOND_MARK);
    }

    /** No key of a document with this name is before this one. */
    static String first(String name) {
        return "" + MARK + name + MARK;
    }

    /** Every key of a document with this name is before this one. */
    static String end(String name) {
        return "" + MARK + name + BEYOND_MARK;
    }
}
