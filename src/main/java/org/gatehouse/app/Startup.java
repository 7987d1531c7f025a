package org.gatehouse.app;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.store.MongoErrors;
import org.gatehouse.store.UnusableStoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prepares the stores in a separate thread. Requests are served once the stores are prepared.
 *
 * <p>The deployment waits up to {@link #WAIT_TIMEOUT} for the first attempt. The deployment fails only if this attempt
 * throws {@link UnusableStoreException}, because then an operator must act. Otherwise the context starts. Until an
 * attempt succeeds, attempts are repeated and requests get a 503.
 */
final class Startup implements AutoCloseable {
    /** Short, because a container starts applications one by one. Some containers abort a start after a minute. */
    static final Duration WAIT_TIMEOUT = Duration.ofSeconds(8);

    /** The wait between attempts while MongoDB is unavailable. It is short, because MongoDB may return at any time. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    /** The longest wait after other failures. It is long, because each attempt may read the whole database. */
    private static final Duration MAX_RETRY = Duration.ofSeconds(30);

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);
    private static final String PREPARING = "The stores are being prepared.";
    private static final String WAITING = "MongoDB cannot be used yet.";
    private static final String FAILED =
            "The stores could not be prepared and Gatehouse retries; the log contains the reason.";
    private static final Logger log = LoggerFactory.getLogger(Startup.class);

    private final Runnable preparation;
    private final Duration waitLimit;
    private final CompletableFuture<Outcome> firstAttempt = new CompletableFuture<>();
    private final Thread thread = Threads.create("startup", this::prepare);
    private volatile @Nullable String pending = PREPARING;
    private volatile boolean closed;
    private String lastReason = ""; // only the startup thread uses this field

    /** The outcome of an attempt. */
    private enum Outcome {
        READY,
        UNAVAILABLE,
        FAILED,
        /** The attempt has not ended in time. */
        LATE
    }

    Startup(Runnable preparation) {
        this(preparation, WAIT_TIMEOUT);
    }

    Startup(Runnable preparation, Duration waitLimit) {
        this.preparation = preparation;
        this.waitLimit = waitLimit;
    }

    /**
     * Starts the thread, and waits for the first attempt until the timeout.
     *
     * @throws UnusableStoreException if the first attempt threw it before the timeout
     */
    void run() {
        thread.start();
        try {
            announce(firstAttempt.get(waitLimit.toNanos(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException late) {
            announce(firstAttempt.complete(Outcome.LATE) ? Outcome.LATE : firstAttempt.join());
        } catch (ExecutionException unusable) {
            Throwable cause = unusable.getCause();
            throw new UnusableStoreException(cause == null ? unusable : cause);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private void announce(Outcome outcome) {
        switch (outcome) {
            case READY -> log.debug("The stores were prepared before the context started");
            case UNAVAILABLE -> log.warn("Waiting for MongoDB; requests receive 503 until it is available");
            case FAILED -> log.warn("Requests receive 503 until the stores are prepared");
            case LATE ->
                log.warn(
                        "The preparation of the stores takes longer than {} s; requests receive 503 until it is complete",
                        waitLimit.toSeconds());
        }
    }

    /** Returns the reason why requests are not served yet; empty once they are served. */
    Optional<String> pending() {
        return Optional.ofNullable(pending);
    }

    /** Returns whether the stores are prepared. */
    boolean isReady() {
        return pending == null;
    }

    /** Returns whether the first attempt is still running. */
    boolean isPreparing() {
        return PREPARING.equals(pending);
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        Threads.join(thread, STOP_TIMEOUT);
    }

    private void prepare() {
        Duration pause = RETRY;
        while (!closed && !firstAttempt.isCompletedExceptionally()) {
            Outcome outcome = attempt();
            firstAttempt.complete(outcome);
            pause = outcome == Outcome.UNAVAILABLE ? RETRY : pause;
            if (outcome == Outcome.READY || !Threads.sleep(pause)) {
                return;
            }
            pause = Collections.min(List.of(pause.multipliedBy(2), MAX_RETRY));
        }
    }

    private Outcome attempt() {
        try {
            preparation.run();
        } catch (GatehouseException failed) {
            if (failed.code() == ErrorCode.STORE_UNAVAILABLE) {
                pending = WAITING; // MongoConnection logs the reason
                return Outcome.UNAVAILABLE;
            }
            return failed(failed);
        } catch (UnusableStoreException unusable) {
            // If the first attempt was late, the context has started, and the deployment can no longer fail.
            return firstAttempt.completeExceptionally(unusable) ? Outcome.FAILED : failed(unusable);
        } catch (RuntimeException | Error failed) {
            return failed(failed);
        }
        pending = null;
        log.info("Gatehouse is ready");
        return Outcome.READY;
    }

    private Outcome failed(Throwable failure) {
        pending = FAILED;
        String reason = MongoErrors.describe(failure);
        if (!closed && !reason.equals(lastReason)) {
            lastReason = reason;
            log.error("The stores could not be prepared; Gatehouse retries: {}", reason);
        }
        log.debug("The stores could not be prepared", failure);
        return Outcome.FAILED;
    }
}
