package org.gatehouse.store;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.SetArgs;
import io.lettuce.core.TrackingArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.push.PushMessage;
import io.lettuce.core.codec.StringCodec;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.gatehouse.concurrent.Threads;
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

    private static final long REPORT_TIME_NANOS = RedisTopology.REPORT_TIME.toNanos();

    /** Error codes after which the servers are discovered again, because this server cannot be used. */
    private static final Set<String> WRONG_SERVER =
            Set.of("MOVED", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "NOAUTH");

    private final StatefulRedisConnection<String, byte[]> connection;
    private final String runId;
    private final RedisConnection owner;
    private final SharedPing sharedPing = new SharedPing(this::ping);
    private volatile boolean silent;
    private volatile long silentSince;
    /** Whether the server reports changes. Each GET that is sent from now on makes it report the next change. */
    private volatile boolean tracking;

    private volatile long lastSent = System.nanoTime();
    /** When the last command was sent to which the server has replied. */
    private volatile long lastAnswered = lastSent - REPORT_TIME_NANOS;

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

    /**
     * Sends a command. While the circuit is open, returns null and does not send the command.
     *
     * @param now the current time, from {@link System#nanoTime}
     */
    <T> @Nullable RedisFuture<T> send(RedisTopology.Command<T> command, long now) {
        if (silent) {
            return null;
        }
        lastSent = now;
        return command.send(connection.async());
    }

    boolean isTracking() {
        return tracking;
    }

    /**
     * Asks the server to report each change of a key that this connection has read.
     *
     * <p>A proxy or a server that is not Redis may accept the command but send no reports. Therefore reports are
     * trusted only after the first one. A key is read and then changed to cause it.
     *
     * @param key a key of this server that is not used otherwise
     */
    void startTracking(String key, Invalidations invalidations) {
        connection.addListener(message -> receive(message, invalidations));
        RedisAsyncCommands<String, byte[]> commands = connection.async();
        RedisFuture<String> enabled = commands.clientTracking(TrackingArgs.Builder.enabled());
        var unusedValue = commands.get(key);
        RedisFuture<String> changed = commands.set(key, new byte[0], SetArgs.Builder.px(1));
        var unused = commands.ping().thenRun(() -> {
            String refusal = enabled.getError();
            boolean mustHaveReported = refusal == null && changed.getError() == null;
            owner.noteTracking(mustHaveReported && !tracking ? "it sends no invalidations" : refusal);
        });
    }

    private void receive(PushMessage message, Invalidations invalidations) {
        if (!message.getType().equals("invalidate")) {
            return;
        }
        tracking = true;
        try {
            if (message.getContent().get(1) instanceof List<?> keys) {
                keys.forEach(key -> invalidations.changed(StringCodec.UTF8.decodeKey((ByteBuffer) key)));
            } else {
                invalidations.allChanged();
            }
        } catch (RuntimeException | Error lost) {
            broke(lost); // because Redis does not repeat the report, which may be about a key with a copy
            throw lost;
        }
    }

    /**
     * Returns whether every change that is older than {@link RedisTopology#REPORT_TIME} has been reported; false if the
     * server does not report changes. The server reports a change before it replies to later commands. A caller that
     * asks often keeps the result true, because a PING is sent if no other command was sent for half of this time.
     */
    boolean reportsInTime() {
        long now = System.nanoTime();
        boolean inTime = tracking && now - lastAnswered < REPORT_TIME_NANOS;
        if (inTime && now - lastSent > REPORT_TIME_NANOS / 2) {
            var unused = ping();
        }
        return inTime;
    }

    private CompletionStage<String> ping() {
        long now = System.nanoTime();
        lastSent = now;
        return connection.async().ping().whenComplete((pong, failure) -> {
            if (failure == null) {
                noteReply(now);
            }
        });
    }

    /**
     * Prepares to ask the server for a reply; {@link #awaitConfirmation} waits for the reply. When it arrives, every change that
     * happened before this call has been reported. Callers share the question.
     */
    Future<Void> joinConfirmation() {
        return sharedPing.join();
    }

    /**
     * Waits for the reply, and returns whether it has arrived in time. A late reply does not open the circuit, because the
     * caller may have waited for the reply to another caller's PING, too.
     */
    boolean awaitConfirmation(Future<Void> confirmation, Duration timeout) {
        if (silent) {
            return false;
        }
        sharedPing.send(confirmation);
        try {
            var unused = Threads.get(confirmation, timeout);
            return true;
        } catch (ExecutionException | TimeoutException unknown) {
            return false;
        }
    }

    private void noteReply(long sentAt) {
        if (sentAt - lastAnswered > 0) {
            lastAnswered = sentAt;
        }
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
            noteReply(sentAt);
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
