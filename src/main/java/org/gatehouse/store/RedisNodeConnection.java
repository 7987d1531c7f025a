package org.gatehouse.store;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.api.StatefulRedisConnection;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The connection to one server, with a circuit breaker. A restarted server gets another connection.
 *
 * <p>The first timeout opens the circuit. Until the server replies to a {@code PING}, commands are not sent, so that
 * other callers do not wait. After {@link #SILENCE_TIMEOUT} without this reply, the connection counts as broken.
 */
final class RedisNodeConnection {
    /** A shorter silence is not reported, because an operator could not act in this time. */
    private static final Duration REPORT_DELAY = Duration.ofMillis(500);

    /** After this silence, the servers are discovered again, because another server may have replaced this one. */
    private static final Duration SILENCE_TIMEOUT = Duration.ofSeconds(3);

    /** Error codes after which the servers are discovered again, because this server cannot be used. */
    private static final Set<String> WRONG_SERVER =
            Set.of("MOVED", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "NOAUTH");

    private final StatefulRedisConnection<String, byte[]> connection;
    private final String runId;
    private final RedisConnection owner;
    private volatile boolean silent;
    private volatile long silentSince;

    /** Why a command failed. Commands that are not sent, because Redis is unavailable, are not counted. */
    enum Failure {
        /** The reply did not arrive in time. */
        LATE,
        /** The reply is an error. */
        REFUSED,
        /** The connection broke before the reply arrived. */
        BROKEN
    }

    RedisNodeConnection(StatefulRedisConnection<String, byte[]> connection, String runId, RedisConnection owner) {
        this.connection = connection;
        this.runId = runId;
        this.owner = owner;
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

    /** Sends a command. While the circuit is open, returns null and does not send the command. */
    <T> @Nullable RedisFuture<T> send(RedisTopology.Command<T> command) {
        return silent ? null : command.send(connection.async());
    }

    /**
     * Waits for the reply to a command.
     *
     * @param sentAt the time of sending, from {@link System#nanoTime}
     * @throws RedisNoScriptException if the server does not know the script; the caller then sends the script's text
     */
    <T> RedisTopology.Reply<T> await(RedisFuture<T> sent, long sentAt, Duration timeout) {
        try {
            @Nullable T reply = sent.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            owner.countReply(System.nanoTime() - sentAt);
            return reply == null ? new RedisTopology.Reply.Nil<>() : new RedisTopology.Reply.Value<>(reply);
        } catch (TimeoutException late) {
            owner.countFailure(Failure.LATE);
            noteSilence(late);
        } catch (ExecutionException failed) {
            noteFailure(failed.getCause() == null ? failed : failed.getCause());
        } catch (CancellationException closed) {
            owner.countFailure(Failure.BROKEN);
            broke(closed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        return new RedisTopology.Reply.Unavailable<>();
    }

    private void noteFailure(Throwable reason) {
        if (reason instanceof RedisNoScriptException unknown) {
            throw unknown;
        }
        boolean isReply = reason instanceof RedisCommandExecutionException;
        owner.countFailure(isReply ? Failure.REFUSED : Failure.BROKEN);
        if (!isReply || WRONG_SERVER.contains(RedisErrors.code(reason))) {
            broke(reason);
        } else {
            owner.reportError(reason);
        }
    }

    private void broke(Throwable reason) {
        owner.replace(this, reason);
    }

    private synchronized void noteSilence(Throwable reason) {
        if (!silent) {
            long since = System.nanoTime();
            silentSince = since;
            silent = true;
            probe();
            scheduleIfStillSilent(since, () -> owner.reportOutage(reason), REPORT_DELAY);
            scheduleIfStillSilent(
                    since,
                    () -> broke(new RedisConnectionException("the server did not reply for too long")),
                    SILENCE_TIMEOUT);
        }
    }

    /**
     * Sends a PING immediately, because a late reply usually means that this process was stalled, not the server. Redis
     * replies in order, so a reply to the PING means that all earlier replies have arrived.
     */
    private void probe() {
        var unused = connection.async().ping().whenComplete((pong, failure) -> {
            if (failure == null) {
                silent = false;
                owner.reportRecovery();
            } else {
                broke(failure);
            }
        });
    }

    private void scheduleIfStillSilent(long since, Runnable task, Duration delay) {
        owner.schedule(
                () -> {
                    if (silent && silentSince == since) {
                        task.run();
                    }
                },
                delay);
    }
}
