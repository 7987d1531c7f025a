package org.gatehouse.cache;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Explores all reachable states of a model, in every order of steps, until one of them breaks a promise.
 *
 * <p>The search is breadth-first, so the reported sequence of steps is one of the shortest.
 */
final class Exploration {
    private final Model model;
    private final StateList seen = new StateList();
    private final List<String> story = new ArrayList<>();

    private Exploration(Model model) {
        this.model = model;
    }

    static Exploration of(Model model) {
        Exploration exploration = new Exploration(model);
        exploration.run();
        return exploration;
    }

    boolean holds() {
        return story.isEmpty();
    }

    /** Returns the steps that lead to a broken promise; empty if no promise is broken. */
    List<String> story() {
        return story;
    }

    int states() {
        return seen.size();
    }

    private void run() {
        seen.add(model.start(), 0);
        for (int i = 0; i < seen.size(); i++) {
            State state = seen.get(i);
            if (model.isBroken(state)) {
                tell(i);
                return;
            }
            int here = i;
            model.steps(state, (who, what, next) -> seen.add(next, here));
        }
    }

    private void tell(int end) {
        for (int i = end; i > 0; i = seen.cameFrom(i)) {
            story.add(stepBetween(seen.get(seen.cameFrom(i)), seen.get(i)));
        }
        Collections.reverse(story);
    }

    private String stepBetween(State before, State after) {
        List<String> found = new ArrayList<>();
        model.steps(before, (who, what, next) -> {
            if (next.equals(after)) {
                found.add(who + " " + what);
            }
        });
        return found.get(0);
    }
}
