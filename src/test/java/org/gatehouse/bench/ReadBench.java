package org.gatehouse.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.gatehouse.bench.Comparison.Target;
import org.gatehouse.bench.Comparison.Title;

/**
 * Compares {@code GET /user/{id}} with the reference servers: for users in the near cache, for users in Redis, and for
 * users that are not cached. Also measures the latencies at half of the highest rate.
 */
final class ReadBench implements AutoCloseable {
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
    private final LoadedServer war;
    private final LoadedServer bare;
    private final LoadedServer jersey;

    ReadBench(Scene scene) throws IOException {
        this.scene = scene;
        this.war = LoadedServer.of(scene.war());
        this.bare = LoadedServer.of(scene.bare());
        this.jersey = LoadedServer.of(scene.jersey());
    }

    /**
     * Measures reads of cached users. {@link WarmUpBench} must precede this measurement.
     *
     * <p>A second process of the WAR has no near cache, so it reads the user and the session of the caller from Redis.
     */
    void cached(Figures figures) throws IOException {
        try (ServerProcess withoutNearCache = scene.startNode("without-near-cache", Map.of("NEAR_CACHE_MIB", "0"));
                LoadedServer redis = LoadedServer.of(withoutNearCache)) {
            redis.drive(scene.ownReads().orRejected(), WARM_UP);
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
            figures.addLatencies(
                    atHalfLoad(redis, near.medianPerSecond() / 2, rates.get(1).medianPerSecond() / 2));
        }
    }

    private Calls othersAsAdmin() {
        String admin = scene.service().adminToken();
        return Calls.cycle(scene.callers().stream()
                .map(caller -> Call.get("/user/" + caller.id(), admin, BodyCheck.equalTo(caller.json())))
                .toList());
    }

    /** Measures the latencies of reads of the own user, and of both reference servers at the same rate. */
    private List<Latencies> atHalfLoad(LoadedServer redis, double half, double halfOfRedis) throws IOException {
        List<long[]> ofWar = new ArrayList<>();
        List<long[]> ofRedis = new ArrayList<>();
        List<long[]> ofJersey = new ArrayList<>();
        List<long[]> ofBare = new ArrayList<>();
        for (int i = 0; i < Scale.times(ROUNDS_OF_LATENCIES); i++) {
            ofWar.add(war.load().latencies(scene.ownReads(), half, LATENCY_ROUND));
            ofRedis.add(redis.load().latencies(scene.ownReads(), halfOfRedis, LATENCY_ROUND));
            ofJersey.add(jersey.load().latencies(scene.fixedReads(), half, LATENCY_ROUND));
            ofBare.add(bare.load().latencies(scene.fixedReads(), half, LATENCY_ROUND));
        }
        return List.of(
                Latencies.of(NEAR_HIT, half, ofWar),
                Latencies.of(REDIS_HIT, halfOfRedis, ofRedis),
                Latencies.of(JERSEY + " at the rate of near hits", half, ofJersey),
                Latencies.of(BARE + " at the rate of near hits", half, ofBare));
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
        war.drive(others, WARM_UP.dividedBy(2));
        bare.drive(scene.fixedReads(), WARM_UP.dividedBy(3));
        List<Rates> rates = Rates.inTurns(
                Scale.times(ROUNDS),
                () -> {
                    scene.emptyRedis();
                    return war.drive(others, ROUND);
                },
                () -> bare.drive(scene.fixedReads(), ROUND));
        return rates.get(0)
                .beside(new Title("miss", "GET others as admin, not cached", BARE, Target.none()), UNIT, rates.get(1));
    }

    @Override
    public void close() throws IOException {
        war.close();
        bare.close();
        jersey.close();
    }
}
