package org.gatehouse.store;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.api.StatefulRedisConnection;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The connection to one run of one server, and the breaker before it.
 *
 * <p>Whoever waits in vain finds out for all: from then on nothing is asked, so that nobody else waits, until a
 * {@code PING} is answered. If none is for {@link #SILENCE_LIMIT}, the connection counts as broken.
 */
final class RedisServer {
    /** A shorter silence is nothing that anybody could mend. */
    private static final Duration WORTH_TELLING = Duration.ofMillis(500);

    /** After that a new connection may find what this one does not: another server, behind a link that is half open. */
    private static final Duration SILENCE_LIMIT = Duration.ofSeconds(3);

    /** Answers of a server that is not the one to ask, or not any more. */
    private static final Set<String> WRONG_SERVER =
            Set.of("MOVED", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "NOAUTH");

    private final StatefulRedisConnection<String, byte[]> connection;
    private final String runId;
    private final Watcher watcher;
    private volatile boolean silent;
    private volatile long silentSince;

    /** Why there is no answer to a command. A command that is not sent, because Redis is away, is not counted. */
    enum Failure {
        /** It did not come in time. */
        LATE,
        /** It is an error. */
        REFUSED,
        /** The connection ended first. */
        BROKEN
    }

    /** Is told of what happens to the connection. */
    interface Watcher {
        void schedule(Runnable work, Duration delay);

        void isSilent(Throwable reason);

        void speaks();

        /** Answered a command, so long after it was sent. */
        void answered(long nanos);

        /** Did not answer a command. */
        void failed(Failure failure);

        /** Answered a command with an error. */
        void refused(Throwable reason);

        /** Cannot be used again. */
        void broke(RedisServer server, Throwable reason);
    }

    RedisServer(StatefulRedisConnection<String, byte[]> connection, String runId, Watcher watcher) {
        this.connection = connection;
        this.runId = runId;
        this.watcher = watcher;
        connection.addListener(new RedisConnectionStateListener() {
            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> gone) {
                broke(new RedisConnectionException("the connection broke"));
            }
        });
    }

    String runId() {
        return runId;
    }

    boolean isOpen() {
        return connection.isOpen();
    }

    void close() {
        var unused = connection.closeAsync();
    }

    /** The command on its way; empty while the server is silent. */
    <T> Optional<RedisFuture<T>> send(RedisCommand<T> command) {
        return silent ? Optional.empty() : Optional.of(command.send(connection.async()));
    }

    /**
     * Waits for the answer to a command of this server.
     *
     * @param sentAt as {@link System#nanoTime}
     * @return what it is, or that there is none (nil); empty when it did not come in time
     * @throws RedisNoScriptException so that the caller sends the script itself
     */
    <T> Optional<Optional<T>> await(RedisFuture<T> sent, long sentAt, Duration limit) {
        try {
            @Nullable T answer = sent.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            watcher.answered(System.nanoTime() - sentAt);
            return Optional.of(Optional.ofNullable(answer));
        } catch (TimeoutException late) {
            watcher.failed(Failure.LATE);
            noteSilence(late);
        } catch (ExecutionException failed) {
            noteFailure(failed.getCause() == null ? failed : failed.getCause());
        } catch (CancellationException closed) {
            watcher.failed(Failure.BROKEN);
            broke(closed);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        return Optional.empty();
    }

    private void noteFailure(Throwable reason) {
        if (reason instanceof RedisNoScriptException unknown) {
            throw unknown;
        }
        boolean isAnswer = reason instanceof RedisCommandExecutionException;
        watcher.failed(isAnswer ? Failure.REFUSED : Failure.BROKEN);
        if (!isAnswer || WRONG_SERVER.contains(RedisErrors.code(reason))) {
            broke(reason);
        } else {
            watcher.refused(reason);
        }
    }

    private void broke(Throwable reason) {
        watcher.broke(this, reason);
    }

    private synchronized void noteSilence(Throwable reason) {
        if (!silent) {
            long since = System.nanoTime();
            silentSince = since;
            silent = true;
            probe();
            watcher.schedule(
                    () -> {
                        if (isSilentSince(since)) {
                            watcher.isSilent(reason);
                        }
                    },
                    WORTH_TELLING);
            watcher.schedule(() -> giveUpIfSilentSince(since), SILENCE_LIMIT);
        }
    }

    /** At once, for more often than the server it is this process that was held up. Answers come in order. */
    private void probe() {
        var unused = connection.async().ping().whenComplete((pong, failure) -> {
            if (failure == null) {
                silent = false;
                watcher.speaks();
            } else {
                broke(failure);
            }
        });
    }

    private boolean isSilentSince(long since) {
        return silent && silentSince == since;
    }

    private void giveUpIfSilentSince(long since) {
        if (isSilentSince(since)) {
            broke(new RedisConnectionException("the server was silent for too long"));
        }
    }
}
