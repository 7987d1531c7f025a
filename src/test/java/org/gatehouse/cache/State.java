package org.gatehouse.cache;

import java.util.EnumSet;
import java.util.List;

/**
 * A state of a {@link Model}. A state packs small numbers into 128 bits, so that millions of states fit into memory.
 */
record State(long low, long high) {
    static final State ZEROS = new State(0, 0);

    /** Mixes the bits, because most states differ only in few bits. */
    @Override
    public int hashCode() {
        long mixed = (low ^ Long.rotateLeft(high, 29)) * 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ (mixed >>> 32) ^ high) * 0xBF58476D1CE4E5B9L;
        return (int) (mixed >>> 32);
    }

    /** Allocates the bits of a state. */
    static final class Layout {
        private int used;

        /** Allocates a field for numbers from 0 to this maximum. */
        Field upTo(int largest) {
            int bits = Integer.SIZE - Integer.numberOfLeadingZeros(largest);
            if (used < Long.SIZE && used + bits > Long.SIZE) {
                used = Long.SIZE;
            }
            Field field = new Field(used >= Long.SIZE, used % Long.SIZE, (1L << bits) - 1);
            used += bits;
            if (used > 2 * Long.SIZE) {
                throw new IllegalStateException("A state has room for 128 bits");
            }
            return field;
        }

        Field flag() {
            return upTo(1);
        }

        /** Allocates a field for the constants of this enum. The initial value is the first constant. */
        <E extends Enum<E>> Choice<E> oneOf(Class<E> type) {
            return new Choice<>(List.copyOf(EnumSet.allOf(type)), this);
        }
    }

    /** A number in the state. */
    static final class Field {
        private final boolean high;
        private final int shift;
        private final long mask;

        private Field(boolean high, int shift, long mask) {
            this.high = high;
            this.shift = shift;
            this.mask = mask;
        }

        int of(State state) {
            return (int) (((high ? state.high : state.low) >>> shift) & mask);
        }

        boolean isSet(State state) {
            return of(state) != 0;
        }

        State set(State state, int value) {
            if ((value & ~mask) != 0) {
                throw new IllegalArgumentException("No room for " + value);
            }
            long cleared = ~(mask << shift);
            long bits = (long) value << shift;
            return high
                    ? new State(state.low, (state.high & cleared) | bits)
                    : new State((state.low & cleared) | bits, state.high);
        }
    }

    /** An enum constant in the state. */
    static final class Choice<E extends Enum<E>> {
        private final List<E> constants;
        private final Field number;

        private Choice(List<E> constants, Layout layout) {
            this.constants = constants;
            this.number = layout.upTo(constants.size() - 1);
        }

        E of(State state) {
            return constants.get(number.of(state));
        }

        State set(State state, E constant) {
            return number.set(state, constants.indexOf(constant));
        }
    }
}
