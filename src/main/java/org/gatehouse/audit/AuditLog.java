package org.gatehouse.audit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Ticker;
import io.prometheus.metrics.core.metrics.Counter;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Set;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.Page;
import org.gatehouse.metrics.Metrics;
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
 * is written: see {@link EventDeduplicator}.
 */
public final class AuditLog {
    /** Followed by JSON, in which no text of others can make a line of its own. */
    private static final String NOT_STORED = "Not in the audit log: {}";

    /** Each may end several sessions at once. A session that expires has no event. */
    private static final Set<AuditType> SESSION_ENDS = EnumSet.of(
            AuditType.LOGOUT,
            AuditType.LOGOUT_EVERYWHERE,
            AuditType.TOKEN_REUSED,
            AuditType.SESSION_ENDED,
            AuditType.PASSWORD_CHANGED,
            AuditType.PASSWORD_RESET,
            AuditType.USER_DELETED,
            AuditType.ADMINISTRATOR_RESET);

    private static final String USER_DISABLED = "user_disabled";

    private static final Logger log = LoggerFactory.getLogger(AuditLog.class);

    private final MongoAuditDao entries;
    private final Duration kept;
    private final EventDeduplicator throttledLogins;
    private final EventDeduplicator refusals;
    private final Clock clock;
    private final Counter sessionEnds;

    /** @param kept how long an entry is shown; changes concern the entries written from then on */
    public AuditLog(MongoAuditDao entries, Duration kept, Clock clock, Ticker ticker, Metrics metrics) {
        this.sessionEnds = metrics.counter(
                "gatehouse_session_ends_total", "What ended a session, or all sessions of a user at once.", "cause");
        SESSION_ENDS.forEach(type -> sessionEnds.initLabelValues(Metrics.label(type)));
        sessionEnds.initLabelValues(USER_DISABLED);
        this.entries = entries;
        this.kept = kept;
        this.throttledLogins = new EventDeduplicator(ticker, ClientInfo::address);
        this.refusals = new EventDeduplicator(ticker, ClientInfo::source);
        this.clock = clock;
    }

    /** Stores the event as of now. */
    public void record(AuditEvent event) {
        countSessionEnd(event);
        if (event.isThrottledLogin() && !throttledLogins.isNew(event)) {
            return;
        }
        if (event.isRefusal() && !refusals.isNew(event)) {
            return;
        }
        Instant now = clock.instant();
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
    public void recordOrFail(AuditEvent event) {
        insert(event, clock.instant());
    }

    private void countSessionEnd(AuditEvent event) {
        if (SESSION_ENDS.contains(event.type())) {
            sessionEnds.labelValues(Metrics.label(event.type())).inc();
        } else if (event.type() == AuditType.STATUS_CHANGED
                && "disabled".equals(event.details().get(AuditDetail.TO))) {
            sessionEnds.labelValues(USER_DISABLED).inc();
        }
    }

    private void insert(AuditEvent event, Instant now) {
        entries.insert(event, now, now.plus(kept));
    }

    /** The page that the query asks for, newest first. */
    Page<ObjectNode> list(AuditQuery query) {
        int limit = query.limit();
        return Page.of(entries.list(query, limit + 1, clock.instant()), limit);
    }
}
