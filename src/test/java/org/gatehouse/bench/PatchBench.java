package org.gatehouse.bench;

import com.mongodb.WriteConcern;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.Updates;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
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
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.gatehouse.bench.Comparison.Target;
import org.gatehouse.bench.Comparison.Title;

/** Compares {@code PATCH /user/{id}} with a loop that performs only the same MongoDB write through the driver. */
final class PatchBench implements AutoCloseable {
    private static final Duration ROUND = Duration.ofSeconds(1);
    private static final Duration WARM_UP = Duration.ofSeconds(4);
    private static final int PAIRS = 10;
    private static final int USERS_OF_A_LOOP = 8;

    private final Scene scene;
    private final Load war;
    private final Calls patches;
    private final MongoCollection<Document> users;
    private final ExecutorService loops = Executors.newFixedThreadPool(Scene.CONNECTIONS);
    private final AtomicInteger written = new AtomicInteger();
    private final Map<Integer, Long> versions = new ConcurrentHashMap<>();

    PatchBench(Scene scene) throws IOException {
        this.scene = scene;
        this.war = Load.on(scene.war().port(), Scene.CONNECTIONS);
        this.users = scene.stores().users().withWriteConcern(WriteConcern.MAJORITY);
        this.patches = Calls.counted(number -> {
            Scene.Caller caller = scene.callers().get(number % scene.callers().size());
            String note = note(number);
            return Call.patch(
                    "/user/" + caller.id(),
                    caller.token(),
                    "{\"note\":\"" + note + "\"}",
                    BodyCheck.framedBy("{\"_id\":\"" + caller.id() + "\"", "\"note\":\"" + note + "\"}"));
        });
    }

    /** Returns a different note for each number, because a patch without a change does not cause a write. */
    private static String note(int number) {
        return String.format(Locale.ROOT, "note %010d", number);
    }

    Comparison besideDriver() throws IOException {
        war.drive(patches, WARM_UP);
        driverWritesPerSecond(WARM_UP.dividedBy(2));
        return Comparison.alternate(
                new Title("patch", "PATCH own user", "findOneAndUpdate of the driver", Target.atLeast(0.7)),
                "writes/s",
                Scale.times(PAIRS),
                () -> war.drive(patches, ROUND).perSecond(),
                () -> driverWritesPerSecond(ROUND));
    }

    private double driverWritesPerSecond(Duration time) throws IOException {
        long start = System.nanoTime();
        long end = start + time.toNanos();
        List<Callable<Integer>> work = new ArrayList<>();
        for (int i = 0; i < Scene.CONNECTIONS; i++) {
            // The patches and the driver loops change different users, so that no user is changed by two writers at
            // once.
            int first = scene.callers().get(0).number() + scene.callers().size() + i * USERS_OF_A_LOOP;
            work.add(() -> writeUntil(end, first));
        }
        try {
            int writes = 0;
            for (Future<Integer> done : loops.invokeAll(work)) {
                writes += done.get();
            }
            return writes * 1e9 / (System.nanoTime() - start);
        } catch (InterruptedException | ExecutionException failed) {
            throw new IOException(failed);
        }
    }

    private int writeUntil(long end, int first) {
        int writes = 0;
        while (System.nanoTime() < end) {
            write(first + writes % USERS_OF_A_LOOP);
            writes++;
        }
        return writes;
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
