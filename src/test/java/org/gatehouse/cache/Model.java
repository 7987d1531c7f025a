package org.gatehouse.cache;

/** Something that runs in steps, any of which may come next; see {@link Exploration}. */
interface Model {
    State start();

    /** Tells every step that can be taken from here. */
    void steps(State state, Steps steps);

    /** Whether a promise is broken here. */
    boolean isBroken(State state);

    /** Told of the steps; the words are for the story of a broken promise. */
    interface Steps {
        void take(String who, String what, State next);
    }
}
