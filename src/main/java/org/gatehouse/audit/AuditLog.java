package org.gatehouse.audit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Origin;
import org.gatehouse.http.Page;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers what happened.
 *
 * <p>Callers may rely on this: when {@link #record} returns, the entry is stored by a majority, or the log of the
 * application has it in one line at error level; it never throws for the store's sake, because what it tells of has
 * happened and is not undone. It takes as long as one insert, whoever the event is about, so a login of an unknown user
 * still takes as long as one of a known user.
 *
 * <p>A failed login costs its sender a password hash and us an insert. One that was throttled costs no hash, so not each
 * is written: see {@link RepeatBound}.
 */
public final class AuditLog {
    /** Followed by JSON, in which no text of others can make a line of its own. */
    private static final String NOT_STORED = "Not in the audit log: {}";

    private static final Logger log = LoggerFactory.getLogger(AuditLog.class);

    private final MongoAuditDao entries;
    private final Duration kept;
    private final RepeatBound throttledLogins;
    private final RepeatBound refusals;
    private final Clock clock;
    private final AuditObserver observer;

    /** @param kept how long an entry is shown; changes concern the entries written from then on */
    public AuditLog(MongoAuditDao entries, Duration kept, Clock clock, Ticker ticker) {
        this(entries, kept, clock, ticker, AuditObserver.NONE);
    }

    /** The same, observed. */
    public AuditLog(MongoAuditDao entries, Duration kept, Clock clock, Ticker ticker, AuditObserver observer) {
        this.observer = observer;
        this.entries = entries;
        this.kept = kept;
        this.throttledLogins = new RepeatBound(ticker, Origin::address);
        this.refusals = new RepeatBound(ticker, Origin::source);
        this.clock = clock;
    }

    /** Stores the event as of now. */
    public void record(AuditEvent event) {
        observer.happened(event);
        if (event.isThrottledLogin() && !throttledLogins.isNew(event)) {
            return;
        }
        if (event.isRefusal() && !refusals.isNew(event)) {
            return;
        }
        Instant now = now();
        try {
            insert(event, now);
        } catch (GatehouseException unavailable) {
            log.error(NOT_STORED, AuditDocument.json(event, now));
        } catch (RuntimeException failed) {
            log.error(NOT_STORED, AuditDocument.json(event, now), failed);
        }
    }

    /**
     * The same for what has not happened yet and must not happen unseen.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} when the event is not stored
     */
    public void recordOrRefuse(AuditEvent event) {
        insert(event, now());
    }

    private void insert(AuditEvent event, Instant now) {
        entries.insert(event, now, now.plus(kept));
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    /** The page that the query asks for, newest first. */
    Page<ObjectNode> list(AuditQuery query) {
        int limit = query.limit();
        return Page.of(entries.list(query, limit + 1, clock.instant()), limit);
    }
}
