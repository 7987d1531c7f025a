package org.gatehouse.cache;

/** A nondeterministic state machine; see {@link Exploration}. */
interface Model {
    State start();

    /** Reports every step that is possible in this state. */
    void steps(State state, Steps steps);

    /** Returns whether this state breaks a promise. */
    boolean isBroken(State state);

    /** Receives the steps. The report of a broken promise contains the actor and the action of each step. */
    interface Steps {
        void take(String actor, String action, State next);
    }
}
