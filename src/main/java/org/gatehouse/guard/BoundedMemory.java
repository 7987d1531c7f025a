package org.gatehouse.guard;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Remembers results by token. Both the number of results and their total size are bounded; the results that were not
 * used for the longest time are removed first. Tokens with equal hash codes cost little, because {@link
 * java.util.HashMap} sorts them.
 *
 * @param <V> the type of a result; immutable, because several threads receive it
 */
final class BoundedMemory<V> {
    /** More than the tokens that one web application usually sees in a few minutes. */
    static final int MAX_ENTRIES = 10_000;

    /** The maximum total length of the remembered texts. Objects made from them take a few times as much memory. */
    static final long MAX_CHARS = 8L << 20;

    private final Map<String, Entry<V>> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long chars;

    private static final class Entry<V> {
        private final V value;
        private final int length;

        Entry(V value, int length) {
            this.value = value;
            this.length = length;
        }
    }

    synchronized @Nullable V get(String key) {
        Entry<V> entry = entries.get(key);
        return entry == null ? null : entry.value;
    }

    /** @param length the number of characters of the text that the value was made from */
    synchronized void put(String key, V value, int length) {
        remove(key);
        entries.put(key, new Entry<>(value, length));
        chars += length;
        Iterator<Entry<V>> oldest = entries.values().iterator();
        while (entries.size() > MAX_ENTRIES || chars > MAX_CHARS) {
            chars -= oldest.next().length;
            oldest.remove();
        }
    }

    synchronized void remove(String key) {
        Entry<V> removed = entries.remove(key);
        if (removed != null) {
            chars -= removed.length;
        }
    }

    synchronized int size() {
        return entries.size();
    }
}
