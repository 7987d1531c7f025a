package org.gatehouse.fault;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.gatehouse.store.Stores;
import org.jspecify.annotations.Nullable;

/** Records when the generation of the cache is incremented. */
final class GenerationWatch implements AutoCloseable {
    private static final long EVERY_MS = 25;

    /** The longest time from a write that could not notify Redis to the increment that follows the write. */
    private static final long BEFORE_NANOS = TimeUnit.MILLISECONDS.toNanos(1_000);

    /** The duration of a lease, plus a margin for a busy machine. */
    private static final long AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(2_500);

    private final Stores stores;
    private final List<Long> increments = new CopyOnWriteArrayList<>();
    private final Thread thread = new Thread(this::watch, "generation-watch");
    private long last;
    private volatile boolean stopped;
    private volatile @Nullable RuntimeException failure;

    GenerationWatch(Stores stores) {
        this.stores = stores;
        this.last = generation(stores);
        thread.setDaemon(true);
        thread.start();
    }

    private void watch() {
        try {
            while (!stopped) {
                Sleep.millis(EVERY_MS);
                long now = generation(stores);
                if (now != last) {
                    increments.add(System.nanoTime());
                }
                last = now;
            }
        } catch (RuntimeException failed) {
            failure = failed;
        }
    }

    static long generation(Stores stores) {
        Document state = stores.meta().find(new Document("_id", "cache")).first();
        return state == null ? 0 : state.getLong("generation");
    }

    int increments() {
        return increments.size();
    }

    /**
     * Returns whether, at this time, one node may have used the generation before an increment and another node the
     * generation after the increment.
     */
    boolean mayDiffer(long at) {
        return increments.stream().anyMatch(increment -> at > increment - BEFORE_NANOS && at < increment + AFTER_NANOS);
    }

    @Override
    public void close() {
        stopped = true;
        try {
            thread.join();
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        if (failure != null) {
            throw failure;
        }
    }
}
