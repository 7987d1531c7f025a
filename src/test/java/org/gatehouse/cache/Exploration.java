package org.gatehouse.cache;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Every state that a model can get into, by whatever order of steps, until one of them breaks a promise.
 *
 * <p>Nearer states are looked at first, so the story of a broken promise is one of the shortest.
 */
final class Exploration {
    private final Model model;
    private final Map<State, State> cameFrom = new HashMap<>();
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

    /** The steps that lead to a broken promise; empty when none is broken. */
    List<String> story() {
        return story;
    }

    int states() {
        return cameFrom.size();
    }

    private void run() {
        State start = model.start();
        ArrayDeque<State> todo = new ArrayDeque<>(List.of(start));
        cameFrom.put(start, start);
        for (State state = todo.poll(); state != null; state = todo.poll()) {
            if (model.isBroken(state)) {
                tell(state);
                return;
            }
            State here = state;
            model.steps(here, (who, what, next) -> {
                if (cameFrom.putIfAbsent(next, here) == null) {
                    todo.add(next);
                }
            });
        }
    }

    private void tell(State end) {
        State state = end;
        for (State before = cameFrom.get(state);
                before != null && !before.equals(state);
                before = cameFrom.get(state)) {
            story.add(stepBetween(before, state));
            state = before;
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
