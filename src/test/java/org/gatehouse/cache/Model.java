package org.gatehouse.cache;

/** A nondeterministic state machine; see {@link Exploration}. */
interface Model {
    State start();

    /** Reports every step that is possible in this state. */
    void steps(State state, Steps steps);

    /** Returns whether this state breaks a promise. */
    boolean isBroken(State state);

    /** Receives the steps; the text describes a step in the report of a broken promise. */
    interface Steps {
        void take(String who, String what, State next);
    }
}
