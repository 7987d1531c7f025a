package org.gatehouse.cache;

/** A nondeterministic state machine that {@link Exploration} explores. */
interface Model {
    State start();

    /** Reports every possible step from this state. */
    void steps(State state, Steps steps);

    /** Returns whether this state breaks a promise. */
    boolean isBroken(State state);

    /** Receives the steps. If a promise breaks, the report names the actor and the action of each step. */
    interface Steps {
        void take(String actor, String action, State next);
    }
}
