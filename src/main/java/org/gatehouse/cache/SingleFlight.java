package org.gatehouse.cache;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.jspecify.annotations.Nullable;

/**
 * Lets many who want the same at the same time share the work: per key, one piece of work goes on at a time.
 *
 * <p>Callers may rely on this: what they get comes from work that began after they asked. To be given what was already
 * under way would not do, for it may have seen the store before a write that the caller knows of. So whoever comes while
 * work is going on waits for the next, together with all others who do.
 *
 * @param <T> the result, which several threads may get
 */
final class SingleFlight<T> {
    /** Twice as long as any work takes: that which goes on, and the next. */
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final Map<String, Flight<T>> latest = new ConcurrentHashMap<>();

    private static final class Flight<T> {
        private final CompletableFuture<T> result = new CompletableFuture<>();
        private @Nullable Flight<T> before;
        private boolean departed; // guarded by the entry of its key
    }

    /**
     * Does the work, or waits for somebody who does it later than now.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} also when the work before failed with it, for that has just
     *     been tried
     */
    T run(String key, Supplier<T> work) {
        Flight<T> own = new Flight<>();
        Flight<T> joined = latest.compute(key, (sameKey, last) -> {
            if (last != null && !last.departed) {
                return last;
            }
            own.before = last;
            return own;
        });
        return joined == own ? lead(key, own, work) : await(joined);
    }

    private T lead(String key, Flight<T> own, Supplier<T> work) {
        try {
            awaitEndOf(own.before);
            own.before = null;
            latest.computeIfPresent(key, (sameKey, last) -> {
                own.departed = true;
                return last;
            });
            T result = work.get();
            own.result.complete(result);
            return result;
        } catch (RuntimeException | Error failed) {
            own.result.completeExceptionally(failed);
            throw failed;
        } finally {
            latest.remove(key, own);
        }
    }

    private void awaitEndOf(@Nullable Flight<T> before) {
        if (before == null) {
            return;
        }
        try {
            await(before);
        } catch (GatehouseException failed) {
            if (failed.code() == ErrorCode.STORE_UNAVAILABLE) {
                throw failed;
            }
        }
    }

    private T await(Flight<T> flight) {
        try {
            return flight.result.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof GatehouseException told) {
                throw told;
            }
            throw new IllegalStateException(failed.getCause());
        } catch (TimeoutException late) {
            throw unavailable(late);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw unavailable(stopping);
        }
    }

    private static GatehouseException unavailable(Exception cause) {
        return GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, Duration.ofSeconds(1), cause);
    }
}
