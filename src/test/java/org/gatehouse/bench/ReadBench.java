package org.gatehouse.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.gatehouse.bench.Comparison.Target;
import org.gatehouse.bench.Comparison.Title;

/**
 * Compares {@code GET /user/{id}} with the bare servlet, for cached users and for users that are not cached. Also
 * measures the latencies at half of the highest rate.
 */
final class ReadBench implements AutoCloseable {
    private static final Duration ROUND = Duration.ofMillis(500);
    private static final int PAIRS = 20;
    private static final int PAIRS_OF_LATENCIES = 4;
    private static final Duration LATENCY_ROUND = Duration.ofSeconds(3);
    private static final Duration WARM_UP = Duration.ofSeconds(40);
    private static final String BARE = "bare servlet";

    private final Scene scene;
    private final LoadedServer war;
    private final LoadedServer bare;
    private final Calls own;
    private final Calls bareOwn;

    ReadBench(Scene scene) throws IOException {
        this.scene = scene;
        this.war = LoadedServer.of(scene.war());
        this.bare = LoadedServer.of(scene.bare());
        List<Call> calls = scene.callers().stream()
                .map(caller -> Call.get("/user/" + caller.id(), caller.token(), BodyCheck.equalTo(caller.json())))
                .toList();
        this.own = Calls.cycle(calls);
        this.bareOwn = Calls.cycle(forBareServlet(calls));
    }

    /** A server and its load generator. */
    private record LoadedServer(ServerProcess server, Load load) {
        static LoadedServer of(ServerProcess server) throws IOException {
            return new LoadedServer(server, Load.on(server.port(), Scene.CONNECTIONS));
        }

        /**
         * Returns the responses per second. Also records the responses per second of processor time that the server
         * used.
         */
        double round(Calls calls, List<Double> perProcessorSecond) throws IOException {
            long before = server.processorNanos();
            Load.Throughput throughput = load.drive(calls, ROUND);
            perProcessorSecond.add(throughput.responses() * 1e9 / (server.processorNanos() - before));
            return throughput.perSecond();
        }
    }

    private List<Call> forBareServlet(List<Call> calls) {
        return calls.stream().map(call -> call.expecting(scene.bareBody())).toList();
    }

    void warmUp() throws IOException {
        for (int i = 0; i < 2; i++) {
            war.load().drive(own, WARM_UP.dividedBy(2));
            bare.load().drive(bareOwn, WARM_UP.dividedBy(4));
        }
    }

    /** Each caller reads its own user. The user and the session of the caller are in Redis. */
    List<Comparison> ownUserCached() throws IOException {
        return beside(new Title("hit-own", "GET own user, in Redis", BARE, Target.atLeast(0.30)), own, () -> {});
    }

    /** An administrator reads users that are in Redis. */
    List<Comparison> otherUserCached() throws IOException {
        String admin = scene.service().adminToken();
        Calls others = Calls.cycle(scene.callers().stream()
                .map(caller -> Call.get("/user/" + caller.id(), admin, BodyCheck.equalTo(caller.json())))
                .toList());
        war.load().drive(others, ROUND);
        Title title = new Title("hit-other", "GET others as admin, in Redis", BARE, Target.atLeast(0.30));
        return beside(title, others, () -> {});
    }

    /** An administrator reads users that are not in Redis. */
    List<Comparison> otherUserNotCached() throws IOException {
        String admin = scene.service().adminToken();
        Calls others = Calls.counted(number -> {
            int user = 1 + number % (Scene.USERS / 4);
            return Call.get(
                    "/user/" + scene.users().id(user),
                    admin,
                    BodyCheck.equalTo(scene.users().json(user)));
        });
        war.load().drive(others, WARM_UP.dividedBy(2));
        bare.load().drive(bareOwn, WARM_UP.dividedBy(4));
        Title title = new Title("miss", "GET others as admin, not in Redis", BARE, Target.none());
        return beside(title, others, scene::emptyRedis);
    }

    /** Compares two rates: responses per second, and responses per second of processor time that the server used. */
    private List<Comparison> beside(Title title, Calls calls, Runnable preparation) throws IOException {
        List<Double> ofWar = new ArrayList<>();
        List<Double> ofBare = new ArrayList<>();
        Comparison rates = Comparison.alternate(
                title,
                "responses/s",
                Scale.times(PAIRS),
                () -> {
                    preparation.run();
                    return war.round(calls, ofWar);
                },
                () -> bare.round(bareOwn, ofBare));
        Title processor = new Title(
                title.id() + "-processor", title.subject(), title.reference() + ", by processor time", Target.none());
        return List.of(rates, new Comparison(processor, "responses/s of a core", ofWar, ofBare));
    }

    /**
     * Measures the latencies of the calls of {@link #ownUserCached}, at half of the highest rate in the given
     * comparison.
     */
    List<Latencies> atHalfLoad(Comparison highest) throws IOException {
        double half = Spread.of(highest.subject()).median() / 2;
        double halfOfBare = Spread.of(highest.reference()).median() / 2;
        List<long[]> ofWar = new ArrayList<>();
        List<long[]> ofBareAtSameRate = new ArrayList<>();
        List<long[]> ofBare = new ArrayList<>();
        for (int i = 0; i < Scale.times(PAIRS_OF_LATENCIES); i++) {
            ofWar.add(war.load().latencies(own, half, LATENCY_ROUND));
            ofBareAtSameRate.add(bare.load().latencies(bareOwn, half, LATENCY_ROUND));
            ofBare.add(bare.load().latencies(bareOwn, halfOfBare, LATENCY_ROUND));
        }
        return List.of(
                Latencies.of("GET own user, in Redis", half, ofWar),
                Latencies.of("bare servlet at the same rate", half, ofBareAtSameRate),
                Latencies.of("bare servlet at half of its own", halfOfBare, ofBare));
    }

    @Override
    public void close() throws IOException {
        war.load().close();
        bare.load().close();
    }
}
