package org.gatehouse.cache;

import java.util.Arrays;

/**
 * Distinct states in the order of discovery. The states are in arrays, because a map of millions of objects would need
 * much more memory.
 */
final class StateList {
    private static final int NONE = -1;

    private long[] low = new long[1 << 12];
    private long[] high = new long[1 << 12];
    private int[] predecessor = new int[1 << 12];
    private int size;

    /** A hash table that contains the indexes of the states. At most half of the slots are used. */
    private int[] slots = emptySlots(1 << 13);

    int size() {
        return size;
    }

    State get(int index) {
        return new State(low[index], high[index]);
    }

    /** Returns the index of the state from which the given state was first reached. */
    int predecessor(int index) {
        return predecessor[index];
    }

    /** Adds a state, unless the list already contains it. */
    void add(State state, int from) {
        int slot = slotOf(state);
        if (slots[slot] != NONE) {
            return;
        }
        if (size == low.length) {
            grow();
            slot = slotOf(state);
        }
        slots[slot] = size;
        low[size] = state.low();
        high[size] = state.high();
        predecessor[size] = from;
        size++;
    }

    /** Returns the slot that contains this state, or the free slot for this state. */
    private int slotOf(State state) {
        int slot = state.hashCode() & (slots.length - 1);
        while (slots[slot] != NONE && !isAt(slots[slot], state)) {
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }

    private boolean isAt(int index, State state) {
        return low[index] == state.low() && high[index] == state.high();
    }

    private void grow() {
        low = Arrays.copyOf(low, 2 * size);
        high = Arrays.copyOf(high, 2 * size);
        predecessor = Arrays.copyOf(predecessor, 2 * size);
        slots = emptySlots(2 * slots.length);
        for (int i = 0; i < size; i++) {
            slots[slotOf(get(i))] = i;
        }
    }

    private static int[] emptySlots(int length) {
        int[] empty = new int[length];
        Arrays.fill(empty, NONE);
        return empty;
    }
}
