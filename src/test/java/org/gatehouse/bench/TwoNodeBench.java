package org.gatehouse.bench;

import com.mongodb.client.model.Filters;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bson.types.ObjectId;
import org.gatehouse.bench.Comparison.Target;
import org.gatehouse.bench.Comparison.Title;
import org.gatehouse.fault.History;

/**
 * Reads users on one node while another node changes the same users. A stale response fails the benchmark. Also
 * compares the rate of these reads with the rate without changes.
 */
final class TwoNodeBench implements AutoCloseable {
    /** Few users, so that each user is read within milliseconds of each change. */
    private static final int USERS = 16;

    private static final int WRITERS = 4;
    private static final Duration ROUND = Duration.ofSeconds(2);
    private static final Duration WARM_UP = Duration.ofSeconds(10);
    private static final int ROUNDS = 6;
    private static final String VERSION = "\"version\":";

    private final Scene scene;
    private final ServerProcess second;
    private final LoadedServer readers;
    private final Load writers;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final History history = new History();
    private final Calls reads = Calls.counted(number -> {
        Scene.Caller caller = caller(number);
        return caller.get(recording(caller, history::read));
    });
    private final Calls changes = Calls.counted(number -> {
        Scene.Caller caller = caller(number);
        return caller.patch("change " + number, recording(caller, history::acknowledged));
    });

    TwoNodeBench(Scene scene) throws IOException {
        this.scene = scene;
        this.second = scene.startNode("second-node", Map.of());
        this.readers = LoadedServer.of(second);
        this.writers = Load.on(scene.war().port(), WRITERS);
    }

    private interface Recorder {
        void record(String id, long version, long start, long end);
    }

    private Scene.Caller caller(int number) {
        return scene.callers().get(number % USERS);
    }

    /** Returns a check for a call that is sent now. The check records the version of the user in the response. */
    private static BodyCheck recording(Scene.Caller caller, Recorder recorder) {
        BodyCheck anyVersion = caller.anyVersion();
        long start = System.nanoTime();
        return (buffer, from, to) -> {
            recorder.record(caller.id(), version(buffer, from, to), start, System.nanoTime());
            return anyVersion.accepts(buffer, from, to);
        };
    }

    private static long version(byte[] buffer, int from, int to) {
        String body = new String(buffer, from, to - from, StandardCharsets.UTF_8);
        int start = body.indexOf(VERSION) + VERSION.length();
        int end = start;
        while (Character.isDigit(body.charAt(end))) {
            end++;
        }
        return Long.parseLong(body, start, end, 10);
    }

    void measure(Figures figures) throws IOException {
        readers.drive(reads.orRejected(), WARM_UP);
        List<Rates> rates =
                Rates.inTurns(Scale.times(ROUNDS), this::readDuringChanges, () -> readers.drive(reads, ROUND));
        Title title = new Title("two-nodes", "GET while another node writes", "without writes", Target.none());
        figures.addAll(rates.get(0).beside(title, "responses", rates.get(1)));
        History.Verdict verdict = history.check(stored());
        figures.note("changes while another node reads", Long.toString(verdict.writes()));
        figures.add(new Comparison(
                new Title("stale", "stale responses of two nodes", "reads", Target.subjectAtMost(0)),
                "responses",
                List.of((double) verdict.violations().size()),
                List.of((double) verdict.reads())));
        if (!verdict.violations().isEmpty()) {
            throw new AssertionError("Stale responses: " + verdict.violations());
        }
    }

    private Rates.Round readDuringChanges() throws IOException {
        Future<Load.Throughput> changed = thread.submit(() -> writers.drive(changes, ROUND));
        Rates.Round read = readers.drive(reads, ROUND);
        try {
            changed.get();
        } catch (InterruptedException | ExecutionException failed) {
            throw new IOException(failed);
        }
        return read;
    }

    /** Returns the version of each user in MongoDB. */
    private Map<String, Long> stored() {
        Map<String, Long> versions = new HashMap<>();
        for (int i = 0; i < USERS; i++) {
            String id = caller(i).id();
            versions.put(
                    id,
                    Objects.requireNonNull(scene.stores()
                                    .users()
                                    .find(Filters.eq("_id", new ObjectId(id)))
                                    .first())
                            .getLong("version"));
        }
        return versions;
    }

    @Override
    public void close() throws IOException {
        thread.shutdownNow();
        readers.close();
        writers.close();
        second.close();
    }
}
