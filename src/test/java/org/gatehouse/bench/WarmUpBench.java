package org.gatehouse.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.gatehouse.bench.Comparison.Target;
import org.gatehouse.bench.Comparison.Title;

/** Compares {@code GET /user/{id}} in the first seconds after a start with the same calls a minute later. */
final class WarmUpBench {
    /** The ends of the measured periods, in seconds after the start. */
    private static final List<Integer> PERIODS = List.of(10, 30, 60);

    private static final int STARTS = 2;
    private static final Duration WARM = Duration.ofSeconds(10);
    private static final Duration WARM_UP_OF_REFERENCES = Duration.ofSeconds(20);

    private final Scene scene;

    WarmUpBench(Scene scene) {
        this.scene = scene;
    }

    /** Restarts the process of the WAR. At the end, this process and the reference servers are warm. */
    List<Comparison> firstSecondsBesideWarm() throws IOException {
        // These calls also warm up the load generator, so that it does not slow down the first calls to the WAR.
        for (ServerProcess reference : List.of(scene.bare(), scene.jersey())) {
            try (LoadedServer loaded = LoadedServer.of(reference)) {
                loaded.drive(scene.fixedReads(), WARM_UP_OF_REFERENCES);
            }
        }
        List<Rates> periods = PERIODS.stream().map(period -> new Rates()).toList();
        Rates warm = new Rates();
        for (int i = 0; i < Scale.atLeastOnce(STARTS); i++) {
            scene.restartWar();
            try (LoadedServer war = LoadedServer.of(scene.war())) {
                Rates.Round sum = new Rates.Round(0, 0, 0);
                for (int j = 0; j < PERIODS.size(); j++) {
                    Duration rest = Duration.ofSeconds(PERIODS.get(j)).minusNanos(sum.nanos());
                    // On a slow machine, a cold service may reject calls because the first checks of tokens take long.
                    // Rejections do not count as answers.
                    sum = sum.plus(war.drive(scene.ownReads().orRejected(), rest));
                    periods.get(j).add(sum);
                }
                warm.add(war.drive(scene.ownReads(), WARM));
            }
        }
        List<Comparison> comparisons = new ArrayList<>();
        for (int j = 0; j < PERIODS.size(); j++) {
            int period = PERIODS.get(j);
            Target target = period == 30 ? Target.atLeast(0.50) : Target.none();
            Title title = new Title("first-" + period, "GET in the first " + period + " s", "warm", target);
            comparisons.addAll(periods.get(j).beside(title, "responses", warm));
        }
        return comparisons;
    }
}
