package org.gatehouse.mail;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.gatehouse.config.MailSettings;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.throttle.Throttle;
import org.jspecify.annotations.Nullable;

/**
 * Creates the objects of this package in two steps, because the worker needs packages that need the queue. Without
 * {@code SMTP_URL}, there is no worker.
 */
public final class MailModule implements AutoCloseable {
    private final ModuleContext context;
    private final MongoMailDao mails;
    private final MailQueue queue;
    private final MailLimits limits;
    private final MailRows rows;
    private final MailMetrics metrics;
    private final @Nullable SmtpTransport transport;
    private @Nullable MailWorker worker;

    public MailModule(ModuleContext context, Throttle throttle) {
        MailSettings settings = context.settings().mail();
        this.context = context;
        mails = new MongoMailDao(context.mongo());
        queue = new MailQueue(settings != null, mails);
        limits = new MailLimits(throttle, mails);
        rows = new MailRows(mails, queue, context.clock());
        metrics = new MailMetrics(context.metrics());
        transport = settings == null
                ? null
                : new SmtpTransport(
                        settings, MailTemplates.load(settings.templates(), settings.from()), context.clock());
    }

    public MailQueue queue() {
        return queue;
    }

    public MailLimits limits() {
        return limits;
    }

    public MailRows rows() {
        return rows;
    }

    public void createIndexes() {
        mails.createIndexes();
    }

    /** Starts to send mails. The indexes exist. */
    public synchronized void start(MailOutbox outbox, @Nullable MailPreparer preparer) {
        if (transport == null || preparer == null || worker != null) {
            return;
        }
        worker = new MailWorker(mails, queue, outbox, preparer, transport, metrics, context.clock());
        worker.start();
    }

    /**
     * Returns the check that the mail server answers within a time; empty without a mail server. The check throws a
     * RuntimeException if the server does not answer.
     */
    public Optional<Consumer<Duration>> probe() {
        SmtpTransport used = transport;
        return used == null ? Optional.empty() : Optional.of(used::requireAvailable);
    }

    @Override
    public synchronized void close() {
        if (worker != null) {
            worker.stop();
        }
        if (transport != null) {
            transport.close();
        }
        if (worker != null) {
            worker.close();
        }
    }
}
