package org.gatehouse.cache;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.jspecify.annotations.Nullable;

/**
 * Shares work between concurrent callers: one task per key runs at a time.
 *
 * <p>Callers may rely on this: the result comes from a task that started after the call. A task that was already
 * running may have read the store before the caller's last write. Therefore callers that arrive while a task is running
 * share the next task.
 *
 * @param <T> the type of the result, which several threads may receive
 */
final class SingleFlight<T> {
    /** The maximum wait for another caller's task. The running task and the next task together take less time. */
    private static final Duration FLIGHT_TIMEOUT = Duration.ofSeconds(5);

    private final Map<String, Flight<T>> latest = new ConcurrentHashMap<>();

    private static final class Flight<T> {
        private final CompletableFuture<T> result = new CompletableFuture<>();
        private @Nullable Flight<T> before;
        private boolean started; // guarded by the map's lock for the key
    }

    /**
     * Runs the task, or waits for the result of another caller's task that starts after this call.
     *
     * @throws GatehouseException the exception of the task; also {@code STORE_UNAVAILABLE} if the previous task has
     *     just failed with this code
     */
    T run(String key, Supplier<T> task) {
        Flight<T> own = new Flight<>();
        Flight<T> joined = latest.compute(key, (sameKey, last) -> {
            if (last != null && !last.started) {
                return last;
            }
            own.before = last;
            return own;
        });
        return joined == own ? lead(key, own, task) : Threads.result(joined.result, FLIGHT_TIMEOUT);
    }

    private T lead(String key, Flight<T> own, Supplier<T> task) {
        try {
            awaitPrevious(own.before);
            own.before = null;
            latest.computeIfPresent(key, (sameKey, last) -> {
                own.started = true;
                return last;
            });
            T result = task.get();
            own.result.complete(result);
            return result;
        } catch (RuntimeException | Error failed) {
            own.result.completeExceptionally(failed);
            throw failed;
        } finally {
            latest.remove(key, own);
        }
    }

    private void awaitPrevious(@Nullable Flight<T> before) {
        if (before == null) {
            return;
        }
        try {
            Threads.result(before.result, FLIGHT_TIMEOUT);
        } catch (GatehouseException failed) {
            if (failed.code() == ErrorCode.STORE_UNAVAILABLE) {
                throw failed;
            }
        }
    }
}
