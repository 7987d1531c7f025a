package org.gatehouse.cache;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Explores all reachable states of a model, in every order of steps, until a state breaks a promise.
 *
 * <p>The search is breadth-first. Therefore it finds one of the shortest sequences of steps that break a promise.
 */
final class Exploration {
    private final Model model;
    private final StateList seen = new StateList();
    private final List<String> counterexample = new ArrayList<>();

    private Exploration(Model model) {
        this.model = model;
    }

    static Exploration of(Model model) {
        Exploration exploration = new Exploration(model);
        exploration.run();
        return exploration;
    }

    boolean holds() {
        return counterexample.isEmpty();
    }

    /** Returns the steps that lead to a broken promise. The list is empty if no promise is broken. */
    List<String> counterexample() {
        return counterexample;
    }

    int states() {
        return seen.size();
    }

    private void run() {
        seen.add(model.start(), 0);
        for (int i = 0; i < seen.size(); i++) {
            State state = seen.get(i);
            if (model.isBroken(state)) {
                recordStepsTo(i);
                return;
            }
            int index = i;
            model.steps(state, (actor, action, next) -> seen.add(next, index));
        }
    }

    private void recordStepsTo(int end) {
        for (int i = end; i > 0; i = seen.predecessor(i)) {
            counterexample.add(stepBetween(seen.get(seen.predecessor(i)), seen.get(i)));
        }
        Collections.reverse(counterexample);
    }

    private String stepBetween(State before, State after) {
        List<String> found = new ArrayList<>();
        model.steps(before, (actor, action, next) -> {
            if (next.equals(after)) {
                found.add(actor + " " + action);
            }
        });
        return found.get(0);
    }
}
