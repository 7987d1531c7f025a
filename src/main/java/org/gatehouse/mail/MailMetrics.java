package org.gatehouse.mail;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.gatehouse.metrics.Metrics;

/** Counts the mails of this node by kind and outcome, and reports the length of the shared queue. */
final class MailMetrics {
    /** The outcome of an attempt. */
    enum Outcome {
        SENT,
        RETRIED,
        FAILED,
        EXPIRED,
        VOID;

        static Outcome of(MailStatus status) {
            return valueOf(status.name());
        }
    }

    private final Map<MailKind, Consumer<Outcome>> counters = new EnumMap<>(MailKind.class);
    private volatile long queued;

    MailMetrics(Metrics metrics) {
        var counter = metrics.counter("gatehouse_mails_total", "Attempts to send a mail.", "kind", "outcome");
        for (MailKind kind : MailKind.values()) {
            counters.put(
                    kind,
                    Metrics.byConstant(
                            Outcome.class,
                            outcome -> counter.labelValues(kind.text(), outcome.toLowerCase(Locale.ROOT))));
        }
        metrics.bindGauge("gatehouse_mails_queued", "Mails that wait to be sent by any node.", () -> queued);
    }

    void count(MailKind kind, Outcome outcome) {
        Objects.requireNonNull(counters.get(kind)).accept(outcome);
    }

    void setQueued(long count) {
        queued = count;
    }
}
