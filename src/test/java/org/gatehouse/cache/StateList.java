package org.gatehouse.cache;

import java.util.Arrays;

/** Distinct states in the order of discovery; for millions of states, a map of objects would be mostly overhead. */
final class StateList {
    private static final int NONE = -1;

    private long[] low = new long[1 << 12];
    private long[] high = new long[1 << 12];
    private int[] cameFrom = new int[1 << 12];
    private int size;

    /** A hash table of the indexes of the states, at most half full. */
    private int[] places = emptyPlaces(1 << 13);

    int size() {
        return size;
    }

    State get(int index) {
        return new State(low[index], high[index]);
    }

    /** Returns the index of the state from which this one was first reached. */
    int cameFrom(int index) {
        return cameFrom[index];
    }

    /** Adds a state unless it is present. */
    void add(State state, int from) {
        int place = placeOf(state);
        if (places[place] != NONE) {
            return;
        }
        if (size == low.length) {
            grow();
            place = placeOf(state);
        }
        places[place] = size;
        low[size] = state.low();
        high[size] = state.high();
        cameFrom[size] = from;
        size++;
    }

    /** Returns the slot of this state, or the free slot for it. */
    private int placeOf(State state) {
        int place = state.hashCode() & (places.length - 1);
        while (places[place] != NONE && !isAt(places[place], state)) {
            place = (place + 1) & (places.length - 1);
        }
        return place;
    }

    private boolean isAt(int index, State state) {
        return low[index] == state.low() && high[index] == state.high();
    }

    private void grow() {
        low = Arrays.copyOf(low, 2 * size);
        high = Arrays.copyOf(high, 2 * size);
        cameFrom = Arrays.copyOf(cameFrom, 2 * size);
        places = emptyPlaces(2 * places.length);
        for (int i = 0; i < size; i++) {
            places[placeOf(get(i))] = i;
        }
    }

    private static int[] emptyPlaces(int length) {
        int[] empty = new int[length];
        Arrays.fill(empty, NONE);
        return empty;
    }
}
