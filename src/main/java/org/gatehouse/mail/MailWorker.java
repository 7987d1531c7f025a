package org.gatehouse.mail;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.mail.MailPreparer.Preparation;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the mails of the queue. Each node has one worker; all workers share the queue.
 *
 * <p>A mail is sent once, unless a node or the mail server ends during an attempt. Attempts are repeated until the mail
 * is sent, rejected permanently or expired. A mail that cannot be sent does not delay others, because each attempt has a
 * thread of its own.
 */
final class MailWorker implements AutoCloseable {
    /** How long a node owns a row. Longer than an attempt, and than the difference of the clocks of two nodes. */
    static final Duration LEASE = Duration.ofMinutes(2);

    /** A mail server usually answers in less than a second, so these threads send some mails a second. */
    private static final int THREADS = 8;

    /** The waits after the first attempts; the last wait repeats. */
    private static final List<Duration> RETRIES = List.of(
            Duration.ofSeconds(5),
            Duration.ofSeconds(30),
            Duration.ofMinutes(2),
            Duration.ofMinutes(10),
            Duration.ofHours(1));

    /** A wait is at most half of the time that is left, so that the last attempts are shortly before the expiry. */
    private static final int PART_OF_REMAINING_TIME = 2;

    private static final Duration SHORTEST_RETRY = Duration.ofSeconds(5);

    /** How often the queue is read if nothing has woken the worker. */
    private static final Duration POLL_INTERVAL = Duration.ofSeconds(1);

    /** How often requests of ended nodes are searched, and how old they must be. */
    private static final Duration SWEEP_INTERVAL = Duration.ofSeconds(10);

    private static final Duration STORE_RETRY = Duration.ofSeconds(1);

    /** How long the result of an attempt is kept for a store that is unavailable. */
    private static final Duration RESULT_TIMEOUT = Duration.ofHours(1);

    /** How long a stop waits for mails that are being sent, and then for the ends of their attempts. */
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(6);

    private static final Duration END_TIMEOUT = Duration.ofSeconds(4);
    private static final Logger log = LoggerFactory.getLogger(MailWorker.class);

    private final MongoMailDao mails;
    private final MailQueue queue;
    private final MailOutbox outbox;
    private final MailPreparer preparer;
    private final MailTransport transport;
    private final MailMetrics metrics;
    private final Clock clock;
    private final Semaphore free = new Semaphore(THREADS);
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            THREADS, THREADS, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(), Threads.factory("mail"));
    private final Thread dispatcher = Threads.create("mail-queue", this::dispatch);
    private Instant lastSweep = Instant.MIN; // only the dispatcher uses this field
    private volatile boolean closed;

    MailWorker(
            MongoMailDao mails,
            MailQueue queue,
            MailOutbox outbox,
            MailPreparer preparer,
            MailTransport transport,
            MailMetrics metrics,
            Clock clock) {
        this.mails = mails;
        this.queue = queue;
        this.outbox = outbox;
        this.preparer = preparer;
        this.transport = transport;
        this.metrics = metrics;
        this.clock = clock;
        threads.allowCoreThreadTimeOut(true);
    }

    void start() {
        dispatcher.start();
    }

    private void dispatch() {
        while (!closed) {
            try {
                awaitWork();
                sweep();
                while (!closed && sendNext()) {
                    handOver(drained());
                    sweep();
                }
            } catch (RuntimeException failed) {
                report(failed);
                boolean unused = Threads.sleep(STORE_RETRY);
            }
        }
    }

    /** Waits until this node knows new requests, or for a moment. */
    private void awaitWork() {
        try {
            UserId first = queue.changed().poll(POLL_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
            List<UserId> users = drained();
            if (first != null) {
                users.add(first);
            }
            handOver(users);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            closed = true;
        }
    }

    private List<UserId> drained() {
        List<UserId> users = new ArrayList<>();
        queue.changed().drainTo(users);
        return users;
    }

    /** Hands over the requests of these users. After a failure, the sweep hands over the others. */
    private void handOver(List<UserId> users) {
        try {
            users.stream().filter(MailQueue::isUser).distinct().forEach(user -> outbox.handOver(user, mails::insert));
        } catch (RuntimeException failed) {
            report(failed);
        }
    }

    private void sweep() {
        Instant now = clock.instant();
        if (lastSweep.isAfter(now.minus(SWEEP_INTERVAL))) {
            return;
        }
        lastSweep = now; // also after a failure, because it must not delay the mails in the queue
        try {
            outbox.handOverAll(now.minus(SWEEP_INTERVAL), mails::insert);
            metrics.setQueued(mails.countQueued());
        } catch (RuntimeException failed) {
            report(failed);
        }
    }

    private static void report(RuntimeException failed) {
        if (failed instanceof GatehouseException) {
            log.debug("The store of mails is unavailable; the next attempt follows", failed);
        } else {
            log.error("The queue of mails could not be read; the next attempt follows", failed);
        }
    }

    /** Starts to send one mail. Returns false if no mail is due. */
    private boolean sendNext() {
        if (!Threads.tryAcquire(free, POLL_INTERVAL)) {
            return !closed && !Thread.currentThread().isInterrupted();
        }
        boolean started = false;
        try {
            Instant now = clock.instant();
            Optional<MailRow> row = mails.lease(now, now.plus(LEASE));
            started = row.isPresent() && start(row.get());
            return started;
        } finally {
            if (!started) {
                free.release();
            }
        }
    }

    /** Returns false if the worker is stopping. The row is then due for another node. */
    private boolean start(MailRow row) {
        try {
            threads.execute(() -> {
                try {
                    send(row);
                } finally {
                    free.release();
                }
            });
            return true;
        } catch (RejectedExecutionException stopping) {
            mails.release(row, clock.instant());
            return false;
        }
    }

    private void send(MailRow row) {
        try {
            if (isExpired(row)) {
                finish(row, MailStatus.EXPIRED, null, row.lastError());
                return;
            }
            Preparation preparation = preparer.prepare(row);
            if (preparation instanceof MailPreparer.Skip skip) {
                finish(row, MailStatus.VOID, null, skip.reason());
                return;
            }
            MailMessage message = ((MailPreparer.Send) preparation).message();
            if (isExpired(row) || isLate(row)) {
                retry(row, "The mail could not be prepared in time.");
                return;
            }
            MailFailure failure = transport.send(message).orElse(null);
            if (failure == null) {
                finish(row, MailStatus.SENT, message.to().typed(), null);
            } else if (failure.permanent()) {
                log.warn("The mail {} was rejected: {}", row.request().id(), failure.reason());
                finish(row, MailStatus.FAILED, message.to().typed(), failure.reason());
            } else {
                retry(row, failure.reason());
            }
        } catch (GatehouseException unavailable) {
            log.debug("The mail {} is sent later", row.request().id(), unavailable);
            retry(row, "The store was unavailable.");
        } catch (RuntimeException failed) {
            log.error(
                    "The mail {} could not be prepared; the next attempt follows",
                    row.request().id(),
                    failed);
            retry(row, "The mail could not be prepared; the log contains the reason.");
        }
    }

    private boolean isExpired(MailRow row) {
        return !row.request().expiresAt().isAfter(clock.instant());
    }

    /** Whether the lease may end during an attempt that begins now, for example because this process was paused. */
    private boolean isLate(MailRow row) {
        return clock.instant().plus(SmtpTransport.MAIL_TIMEOUT).isAfter(leaseEnd(row));
    }

    private static Instant leaseEnd(MailRow row) {
        Instant end = row.nextAt();
        return end == null ? Instant.MIN : end;
    }

    private void retry(MailRow row, String reason) {
        Instant now = clock.instant();
        Instant expiry = row.request().expiresAt();
        Duration delay = RETRIES.get(Math.min(row.attempts() - 1, RETRIES.size() - 1));
        Duration part = Duration.between(now, expiry).dividedBy(PART_OF_REMAINING_TIME);
        Duration wait = max(min(delay, part), SHORTEST_RETRY);
        Instant nextAt = now.plus(wait);
        metrics.count(row.request().kind(), MailMetrics.Outcome.RETRIED);
        store(row, () -> mails.retry(row, nextAt.isBefore(expiry) ? nextAt : expiry, reason));
    }

    private void finish(MailRow row, MailStatus status, @Nullable String to, @Nullable String error) {
        metrics.count(row.request().kind(), MailMetrics.Outcome.of(status));
        store(row, () -> mails.finish(row, status, to, error));
    }

    /**
     * Repeats the write, because another node would send the mail again after the lease. If the store is unavailable,
     * other nodes cannot lease the row either, so the result is worth keeping after the end of the lease.
     */
    private void store(MailRow row, Runnable write) {
        Instant lastTry = clock.instant().plus(RESULT_TIMEOUT);
        while (true) {
            try {
                write.run();
                return;
            } catch (RuntimeException failed) {
                Instant end = failed instanceof GatehouseException ? lastTry : leaseEnd(row);
                if (closed || clock.instant().isAfter(end) || !Threads.sleep(STORE_RETRY)) {
                    log.warn(
                            "The result of the mail {} could not be stored",
                            row.request().id(),
                            failed);
                    return;
                }
            }
        }
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static Duration max(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    /**
     * Begins no further attempts, and waits a few seconds for mails that are being sent. Attempts are not interrupted,
     * because an interrupted thread could not store that its mail is sent.
     */
    void stop() {
        closed = true;
        queue.wake();
        boolean unusedEnd = Threads.join(dispatcher, POLL_INTERVAL.multipliedBy(2));
        dispatcher.interrupt();
        threads.shutdown();
        boolean unused = Threads.awaitEnd(threads, STOP_TIMEOUT);
    }

    /** Waits until attempts have ended whose connections were closed. */
    @Override
    public void close() {
        if (!Threads.awaitEnd(threads, END_TIMEOUT) && !Threads.stop(threads, END_TIMEOUT)) {
            log.warn("A mail is still being sent; its thread ends with the attempt");
        }
    }
}
