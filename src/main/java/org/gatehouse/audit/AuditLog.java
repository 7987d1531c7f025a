package org.gatehouse.audit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Ticker;
import io.prometheus.metrics.core.metrics.Counter;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.Page;
import org.gatehouse.identity.UserId;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records events of the service.
 *
 * <p>When {@link #record} returns, a majority of the MongoDB servers has stored the entry. If the store fails, the
 * application log contains the entry in one line at error level. Even then, {@link #record} does not throw an
 * exception, because the event has already happened. A failed login is one entry whether or not the user is known. The
 * duration of the login therefore does not show whether the user exists.
 *
 * <p>Of similar throttled logins, rejected tokens or denied requests, only the first is stored, because clients can
 * cause many of them; see {@link EventDeduplicator}. Every other failed login is stored; the cost of password hashing
 * limits the number of these entries. {@code ClientAuthenticator} limits the number of rejected services.
 */
public final class AuditLog {
    /** The entry follows as JSON, because JSON escapes line breaks in text from clients. */
    private static final String NOT_STORED = "Not in the audit log: {}";

    /** The events that end one or several sessions. The expiry of a session is not an event. */
    private static final Set<AuditType> SESSION_ENDS = EnumSet.of(
            AuditType.LOGOUT,
            AuditType.LOGOUT_EVERYWHERE,
            AuditType.TOKEN_REUSED,
            AuditType.SESSION_ENDED,
            AuditType.ALL_SESSIONS_ENDED,
            AuditType.PASSWORD_CHANGED,
            AuditType.PASSWORD_RESET,
            AuditType.USER_DELETED,
            AuditType.USER_LEAVING,
            AuditType.ADMINISTRATOR_RESET);

    /** Longer than the window of every throttle, and than the time in which users remember their logins. */
    private static final Duration SEARCHED = Duration.ofDays(30);

    private static final String USER_DISABLED = "user_disabled";

    private static final Logger log = LoggerFactory.getLogger(AuditLog.class);

    private final MongoAuditDao entries;
    private final Duration kept;
    private final EventDeduplicator throttledLogins;
    private final EventDeduplicator rejections;
    private final Clock clock;
    private final Counter sessionEnds;

    /** @param kept how long an entry is available; a changed setting applies to new entries only */
    public AuditLog(MongoConnection mongo, Duration kept, Clock clock, Ticker ticker, Metrics metrics) {
        this.sessionEnds = metrics.counter(
                "gatehouse_session_ends_total",
                "Ends of one session, or of all sessions of a user or of all users at once.",
                "cause");
        SESSION_ENDS.forEach(type -> sessionEnds.initLabelValues(Metrics.label(type)));
        sessionEnds.initLabelValues(USER_DISABLED);
        this.entries = new MongoAuditDao(mongo);
        this.kept = kept;
        this.throttledLogins = new EventDeduplicator(ticker, ClientInfo::address);
        this.rejections = new EventDeduplicator(ticker, ClientInfo::source);
        this.clock = clock;
    }

    /** Creates the missing indexes; several nodes may do this at the same time. */
    public void createIndexes() {
        entries.createIndexes();
    }

    /** Stores a login that was rejected before the password was checked, unless a similar login was stored recently. */
    public void recordThrottled(AuditEvent event) {
        if (throttledLogins.isNew(event)) {
            record(event);
        }
    }

    /** Stores a rejected request, unless a similar rejection was stored recently. */
    void recordRejection(AuditEvent event) {
        if (rejections.isNew(event)) {
            record(event);
        }
    }

    /** Stores the event with the current time. */
    public void record(AuditEvent event) {
        countSessionEnd(event);
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
     * Stores an event before it happens, so that it cannot happen without an entry.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} if the event cannot be stored
     */
    public void recordOrFail(AuditEvent event) {
        insert(event, clock.instant());
    }

    private void countSessionEnd(AuditEvent event) {
        if (SESSION_ENDS.contains(event.type())) {
            sessionEnds.labelValues(Metrics.label(event.type())).inc();
        } else if (event.type() == AuditType.STATUS_CHANGED
                && "disabled".equals(event.details().get(Detail.TO))) {
            sessionEnds.labelValues(USER_DISABLED).inc();
        }
    }

    private void insert(AuditEvent event, Instant now) {
        entries.insert(event, now, now.plus(kept));
    }

    /**
     * Returns the entries about a user for the user's own export, newest first.
     *
     * @param last the last entry of the previous page; null for the first page
     */
    public List<ObjectNode> exported(UserId user, @Nullable ObjectNode last, int limit) {
        return entries.exported(user, last, limit, clock.instant());
    }

    /** Returns the latest entries in which this user is the actor or the affected user, newest first. */
    public Page<ObjectNode> latest(UserId user, int limit) {
        return list(AuditQuery.latest(user, Set.of(), limit, null));
    }

    /**
     * Returns the latest entries of these types like {@link #latest(UserId, int)}, but only of the last 30 days. The index
     * does not contain the types, so a user with many entries of other types would make the search long.
     */
    public Page<ObjectNode> latest(UserId user, Set<AuditType> types, int limit) {
        return list(AuditQuery.latest(user, types, limit, clock.instant().minus(SEARCHED)));
    }

    /** Returns the page that the query selects, newest entries first. */
    Page<ObjectNode> list(AuditQuery query) {
        int limit = query.limit();
        return Page.of(entries.list(query, limit + 1, clock.instant()), limit);
    }
}
