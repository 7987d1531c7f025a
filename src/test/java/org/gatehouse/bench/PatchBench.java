package org.gatehouse.bench;

import com.mongodb.WriteConcern;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.Updates;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.gatehouse.bench.Comparison.Target;
import org.gatehouse.bench.Comparison.Title;
import org.gatehouse.store.RedisTopology;

/** Compares {@code PATCH /user/{id}} with the same MongoDB write through the driver alone. */
final class PatchBench implements AutoCloseable {
    private static final Duration ROUND = Duration.ofSeconds(1);
    private static final Duration WARM_UP = Duration.ofSeconds(4);
    private static final int ROUNDS = 10;
    private static final int USERS_OF_A_LOOP = 8;

    /** Calls one after the other are paced, so that the processors are equally idle before each call. */
    private static final Duration PAUSE = Duration.ofMillis(20);

    private static final Duration PACED_ROUND = Duration.ofSeconds(2);
    private static final int PACED_ROUNDS = 4;

    /** The wait of a writer until no node uses an old copy, and 1 ms for the commands to Redis. */
    private static final double MAX_ADDED_MS = RedisTopology.REPORT_TIME.toMillis() + 1;

    private final Scene scene;
    private final LoadedServer war;
    private final Calls patches;
    private final MongoCollection<Document> users;
    private final ExecutorService loops = Executors.newFixedThreadPool(Scene.CONNECTIONS);
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final AtomicInteger written = new AtomicInteger();
    private final Map<Integer, Long> versions = new ConcurrentHashMap<>();

    PatchBench(Scene scene) throws IOException {
        this.scene = scene;
        this.war = LoadedServer.of(scene.war());
        this.users = scene.stores().users().withWriteConcern(WriteConcern.MAJORITY);
        this.patches = Calls.counted(number -> {
            Scene.Caller caller = scene.callers().get(number % scene.callers().size());
            String note = note(number);
            return caller.patch(note, BodyCheck.framedBy(caller.start(), "\"note\":\"" + note + "\"}"));
        });
    }

    /** Returns a different note for each number, because a patch without a change does not cause a write. */
    private static String note(int number) {
        return String.format(Locale.ROOT, "note %010d", number);
    }

    List<Comparison> besideDriver() throws IOException {
        war.drive(patches, WARM_UP);
        driverWrites(WARM_UP.dividedBy(2));
        List<Rates> rates =
                Rates.inTurns(Scale.times(ROUNDS), () -> war.drive(patches, ROUND), () -> driverWrites(ROUND));
        Title title = new Title("patch", "PATCH own user", "findOneAndUpdate of the driver", Target.atLeast(0.65));
        return rates.get(0).beside(title, "writes", rates.get(1));
    }

    /**
     * Compares the median time of one PATCH at a time with the sum of its parts: one GET, which is authenticated in the
     * same way, and one write of the driver. The difference is the wait of the writer and its commands to Redis.
     */
    Comparison oneAtATime() throws IOException {
        Calls reads = scene.ownReadsOfAnyVersion();
        double perSecond = 1e9 / PAUSE.toNanos();
        try (Load one = Load.on(scene.war().port(), 1)) {
            return Comparison.alternate(
                    new Title(
                            "patch-added",
                            "p50 of one PATCH at a time",
                            "one GET and one write of the driver",
                            Target.differenceAtMost(MAX_ADDED_MS)),
                    "ms",
                    Scale.times(PACED_ROUNDS),
                    () -> Latencies.percentile(one.latencies(patches, perSecond, PACED_ROUND), 0.5),
                    () -> Latencies.percentile(one.latencies(reads, perSecond, PACED_ROUND), 0.5)
                            + Latencies.percentile(pacedDriverWrites(), 0.5));
        }
    }

    private long[] pacedDriverWrites() {
        long[] times = new long[(int) (PACED_ROUND.toNanos() / PAUSE.toNanos())];
        for (int i = 0; i < times.length; i++) {
            LockSupport.parkNanos(PAUSE.toNanos());
            long start = System.nanoTime();
            write(firstOfDriver() + i % USERS_OF_A_LOOP);
            times[i] = System.nanoTime() - start;
        }
        Arrays.sort(times);
        return times;
    }

    /**
     * Returns the number of the first user that the driver changes. The patches change other users, so that two writers
     * never change the same user at once.
     */
    private int firstOfDriver() {
        return scene.callers().get(0).number() + scene.callers().size();
    }

    /**
     * Writes with one loop per connection. The processor time is that of the threads of the loops, because MongoDB may
     * run in the same process.
     */
    private Rates.Round driverWrites(Duration time) throws IOException {
        long start = System.nanoTime();
        long end = start + time.toNanos();
        List<Callable<Rates.Round>> work = new ArrayList<>();
        for (int i = 0; i < Scene.CONNECTIONS; i++) {
            int first = firstOfDriver() + i * USERS_OF_A_LOOP;
            work.add(() -> writeUntil(end, first));
        }
        try {
            Rates.Round sum = new Rates.Round(0, 0, 0);
            for (Future<Rates.Round> done : loops.invokeAll(work)) {
                sum = sum.plus(done.get());
            }
            return new Rates.Round(sum.answers(), System.nanoTime() - start, sum.processorNanos());
        } catch (InterruptedException | ExecutionException failed) {
            throw new IOException(failed);
        }
    }

    private Rates.Round writeUntil(long end, int first) {
        long start = System.nanoTime();
        long processor = threads.getCurrentThreadCpuTime();
        int writes = 0;
        while (System.nanoTime() < end) {
            write(first + writes % USERS_OF_A_LOOP);
            writes++;
        }
        return new Rates.Round(writes, System.nanoTime() - start, threads.getCurrentThreadCpuTime() - processor);
    }

    /**
     * Updates the user on the condition that the user's version has not changed. The service uses the same condition.
     */
    private void write(int number) {
        long version = versions.getOrDefault(number, 1L);
        Bson filter =
                Filters.and(Filters.eq("_id", new ObjectId(scene.users().id(number))), Filters.eq("version", version));
        Bson change = Updates.combine(
                Updates.set("note", note(written.getAndIncrement())),
                Updates.inc("version", 1L),
                Updates.set("updatedAt", Instant.now()));
        FindOneAndUpdateOptions options = new FindOneAndUpdateOptions()
                .returnDocument(ReturnDocument.AFTER)
                .projection(Projections.exclude("passwordHash", "password", "loginSources"));
        Document after = Objects.requireNonNull(users.findOneAndUpdate(filter, change, options), "unchanged since");
        versions.put(number, after.getLong("version"));
    }

    @Override
    public void close() throws IOException {
        loops.shutdownNow();
        war.close();
    }
}
