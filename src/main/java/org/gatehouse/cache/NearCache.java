package org.gatehouse.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.gatehouse.cache.Generation.Permit;
import org.gatehouse.store.Invalidations;
import org.gatehouse.store.RedisTopology;
import org.jspecify.annotations.Nullable;

/**
 * Copies of cached documents in the memory of this node, so that a read needs no round trip to Redis.
 *
 * <p>Redis reports each change of a key that this node has read. The report removes the copy. Reports take time, so a
 * copy may be used only if {@link RedisTopology#reportsInTime} returned true before the copy was taken, or after the
 * reply to {@link RedisTopology#confirmReportsAsync}.
 *
 * <p>A reader that sends a GET first reserves a {@link Slot} for the key, or shares the reserved slot that is there.
 * The reply fills the slot only if no report has removed it since. Without this check, a slow reader could store a
 * document after the report of its change, and the copy would stay stale.
 */
public final class NearCache implements Invalidations {
    /** Estimated bytes of a slot with its key, its place in the cache and an empty document. */
    private static final int SLOT_BYTES = 340;

    /** Estimated bytes of memory per byte of an entry in Redis, because a document consists of many objects. */
    private static final int BYTES_PER_ENTRY_BYTE = 6;

    private final Cache<String, Slot> slots;

    /** @param maxBytes the maximum memory of all copies, estimated; with 0, no copy is kept */
    public NearCache(long maxBytes) {
        this.slots = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((String key, Slot slot) -> slot.bytes)
                .executor(Runnable::run)
                .build();
    }

    /**
     * The place of one copy. It is valid only in one generation, for one topology. The others stay until they are
     * reserved again or evicted.
     *
     * @param topology the {@link RedisTopology#number}; not the topology itself, which would then outlast its connection
     * @param document the copy; null while the slot is reserved
     */
    record Slot(long generation, long topology, @Nullable Object document, int bytes) {
        private Slot(Permit permit) {
            this(permit.generation(), permit.topology().number(), null, SLOT_BYTES);
        }

        private boolean isUsableWith(Permit permit) {
            long current = permit.topology().number();
            return generation == permit.generation() && topology == current;
        }

        /** Only the same slot is equal, because {@link #fill} must not fill a slot that was reserved again. */
        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /**
     * Returns the slot of a key: with a copy, or reserved. Call this method before sending the GET.
     *
     * @return null if Redis does not report changes of the key
     */
    @Nullable
    Slot slot(String key, Permit permit) {
        if (!permit.topology().isTracking(key)) {
            return null;
        }
        Slot found = slots.getIfPresent(key);
        if (found != null && found.isUsableWith(permit)) {
            return found;
        }
        return slots.asMap()
                .compute(
                        key,
                        (sameKey, current) ->
                                current != null && current.isUsableWith(permit) ? current : new Slot(permit));
    }

    /**
     * Stores a copy in the slot, unless the slot has one or the key has changed since the slot was reserved.
     *
     * @param reserved the slot that {@link #slot} returned before the GET was sent
     * @param entryBytes the size of the entry in Redis
     */
    void fill(String key, Slot reserved, Object document, int entryBytes) {
        if (reserved.document != null) {
            return;
        }
        int bytes = SLOT_BYTES + BYTES_PER_ENTRY_BYTE * entryBytes;
        slots.asMap().replace(key, reserved, new Slot(reserved.generation, reserved.topology, document, bytes));
    }

    @Override
    public void changed(String key) {
        slots.invalidate(key);
    }

    @Override
    public void allChanged() {
        slots.invalidateAll();
    }
}
