package org.gatehouse.audit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.function.Function;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.AccountId;
import org.jspecify.annotations.Nullable;

/**
 * Selects the first of several similar events. In each {@link #INTERVAL}, one event is accepted for each combination of
 * type, reason, user, actor and sender. In total, about {@link #MAX_EVENTS} events are accepted.
 *
 * <p>The reason is compared, so that a malformed token does not hide a forged token of the same sender. Only a few
 * reasons exist, so this comparison adds few entries.
 *
 * <p>The total is limited because of clients with many addresses. Each node counts separately, so a flood adds at most
 * {@link #MAX_EVENTS} entries per minute and node. A flood does not affect other deduplicators.
 */
final class EventDeduplicator {
    static final Duration INTERVAL = Duration.ofMinutes(1);

    /** This limit is about 16 entries per second. One core can hash about as many passwords in a second. */
    static final int MAX_EVENTS = 1_000;

    private record Kind(
            AuditType type,
            @Nullable String reason,
            @Nullable String service,
            @Nullable AccountId user,
            @Nullable AccountId actor,
            String sender) {}

    private final Cache<Kind, Boolean> seen;

    private final Function<ClientInfo, String> sender;

    /** @param sender returns the address or source that identifies a client */
    EventDeduplicator(Ticker ticker, Function<ClientInfo, String> sender) {
        this.sender = sender;
        // The cache has no maximum size, because an evicted event would count as new at its next occurrence.
        this.seen =
                Caffeine.newBuilder().expireAfterWrite(INTERVAL).ticker(ticker).build();
    }

    /** Returns true if this is the first event of its kind in the interval, and the total is below its limit. */
    boolean isNew(AuditEvent event) {
        if (isFull()) {
            return false;
        }
        Kind kind = new Kind(
                event.type(),
                event.details().get(Detail.REASON),
                event.details().get(Detail.SERVICE),
                event.user(),
                event.actor(),
                event.clientInfo() == null ? "" : sender.apply(event.clientInfo()));
        return seen.asMap().putIfAbsent(kind, true) == null;
    }

    private boolean isFull() {
        if (seen.estimatedSize() < MAX_EVENTS) {
            return false;
        }
        seen.cleanUp();
        return seen.estimatedSize() >= MAX_EVENTS;
    }
}
