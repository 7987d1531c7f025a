package org.gatehouse.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gatehouse.bench.Comparison.Target;
import org.gatehouse.bench.Comparison.Title;

/**
 * Compares {@code GET /user/{id}} with the reference servers: for users in the near cache, for users in Redis, and for
 * users that are not cached. Also measures the latencies at half of the highest rate.
 */
final class ReadBench {
    private static final Duration ROUND = Duration.ofMillis(500);
    private static final int ROUNDS = 20;
    private static final int ROUNDS_OF_LATENCIES = 4;
    private static final Duration LATENCY_ROUND = Duration.ofSeconds(2);
    private static final Duration WARM_UP = Duration.ofSeconds(30);
    private static final String BARE = "bare servlet";
    private static final String JERSEY = "default Jersey";
    private static final String NEAR_HIT = "GET own user, near hit";
    private static final String REDIS_HIT = "GET own user, Redis hit";
    private static final String UNIT = "responses";

    private final Scene scene;

    ReadBench(Scene scene) {
        this.scene = scene;
    }

    /**
     * Measures reads of cached users. {@link WarmUpBench} must precede this measurement. The connections are opened
     * only when all processes are warm, because Jetty closes connections that are idle for 30 s.
     *
     * <p>A second process of the WAR has no near cache, so it reads the user and the session of the caller from Redis.
     */
    void cached(Figures figures) throws IOException {
        try (ServerProcess withoutNearCache = scene.startNode("without-near-cache", Map.of("NEAR_CACHE_MIB", "0"));
                LoadedServer redis = LoadedServer.of(withoutNearCache)) {
            redis.drive(scene.ownReads().orRejected(), WARM_UP);
            besideReferences(redis, figures);
        }
    }

    private void besideReferences(LoadedServer redis, Figures figures) throws IOException {
        try (LoadedServer war = LoadedServer.of(scene.war());
                LoadedServer bare = LoadedServer.of(scene.bare());
                LoadedServer jersey = LoadedServer.of(scene.jersey())) {
            Calls others = othersAsAdmin();
            war.drive(others, ROUND);
            List<Rates> rates = Rates.inTurns(
                    Scale.times(ROUNDS),
                    () -> war.drive(scene.ownReads(), ROUND),
                    () -> redis.drive(scene.ownReads(), ROUND),
                    () -> war.drive(others, ROUND),
                    () -> bare.drive(scene.fixedReads(), ROUND),
                    () -> jersey.drive(scene.fixedReads(), ROUND));
            Rates near = rates.get(0);
            Rates ofBare = rates.get(3);
            Rates ofJersey = rates.get(4);
            figures.addAll(near.beside(new Title("near-hit", NEAR_HIT, BARE, Target.atLeast(0.50)), UNIT, ofBare));
            figures.addAll(
                    near.beside(new Title("near-hit-jersey", NEAR_HIT, JERSEY, Target.atLeast(1)), UNIT, ofJersey));
            figures.addAll(
                    rates.get(1).beside(new Title("redis-hit", REDIS_HIT, BARE, Target.atLeast(0.33)), UNIT, ofBare));
            figures.addAll(rates.get(2)
                    .beside(
                            new Title("near-hit-other", "GET others as admin, near hit", BARE, Target.none()),
                            UNIT,
                            ofBare));
            figures.addAll(ofJersey.beside(new Title("jersey", JERSEY, BARE, Target.none()), UNIT, ofBare));
            double half = near.medianPerSecond() / 2;
            double halfOfRedis = rates.get(1).medianPerSecond() / 2;
            String atSameRate = " at the rate of near hits";
            figures.addLatencies(latencies(List.of(
                    new Paced(NEAR_HIT, war.load(), scene.ownReads(), half),
                    new Paced(REDIS_HIT, redis.load(), scene.ownReads(), halfOfRedis),
                    new Paced(JERSEY + atSameRate, jersey.load(), scene.fixedReads(), half),
                    new Paced(BARE + atSameRate, bare.load(), scene.fixedReads(), half))));
        }
    }

    private Calls othersAsAdmin() {
        String admin = scene.service().adminToken();
        return Calls.cycle(scene.callers().stream()
                .map(caller -> Call.get("/user/" + caller.id(), admin, BodyCheck.equalTo(caller.json())))
                .toList());
    }

    /** Calls that are sent at a fixed rate. */
    private record Paced(String name, Load load, Calls calls, double perSecond) {}

    private static List<Latencies> latencies(List<Paced> all) throws IOException {
        Map<Paced, List<long[]>> rounds = new LinkedHashMap<>();
        for (int i = 0; i < Scale.times(ROUNDS_OF_LATENCIES); i++) {
            for (Paced paced : all) {
                rounds.computeIfAbsent(paced, first -> new ArrayList<>())
                        .add(paced.load().latencies(paced.calls(), paced.perSecond(), LATENCY_ROUND));
            }
        }
        List<Latencies> latencies = new ArrayList<>();
        rounds.forEach((paced, times) -> latencies.add(Latencies.of(paced.name(), paced.perSecond(), times)));
        return latencies;
    }

    /** An administrator reads users that are not cached. */
    List<Comparison> otherUserNotCached() throws IOException {
        String admin = scene.service().adminToken();
        Calls others = Calls.counted(number -> {
            int user = 1 + number % (Scene.USERS / 4);
            return Call.get(
                    "/user/" + scene.users().id(user),
                    admin,
                    BodyCheck.equalTo(scene.users().json(user)));
        });
        try (LoadedServer war = LoadedServer.of(scene.war());
                LoadedServer bare = LoadedServer.of(scene.bare())) {
            war.drive(others, WARM_UP.dividedBy(2));
            bare.drive(scene.fixedReads(), WARM_UP.dividedBy(3));
            List<Rates> rates = Rates.inTurns(
                    Scale.times(ROUNDS),
                    () -> {
                        scene.emptyRedis();
                        return war.drive(others, ROUND);
                    },
                    () -> bare.drive(scene.fixedReads(), ROUND));
            Title title = new Title("miss", "GET others as admin, not cached", BARE, Target.none());
            return rates.get(0).beside(title, UNIT, rates.get(1));
        }
    }
}
