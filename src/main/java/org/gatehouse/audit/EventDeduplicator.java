package org.gatehouse.audit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.function.Function;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.UserId;
import org.jspecify.annotations.Nullable;

/**
 * Tells the first of many like events from the others: one for each type, reason, user, actor and sender in
 * {@link #INTERVAL}, and about {@link #MAX_EVENTS} in all.
 *
 * <p>The reason counts because a forged token must not be hidden by a malformed one from the same sender. There are few
 * reasons, and all are the service's own.
 *
 * <p>The second bound is for a sender with many addresses. Each node counts alone; so a flood buys at most that many
 * entries a minute and node, and what it hides are only more throttled logins.
 */
final class EventDeduplicator {
    static final Duration INTERVAL = Duration.ofMinutes(1);

    /** Sixteen a second: about what one core could hash, had they not been throttled. */
    static final int MAX_EVENTS = 1_000;

    private record Kind(
            AuditType type,
            @Nullable String reason,
            @Nullable UserId user,
            @Nullable UserId actor,
            String sender) {}

    private final Cache<Kind, Boolean> seen;

    private final Function<ClientInfo, String> sender;

    /** @param sender what a client is told from others by: its address or its source */
    EventDeduplicator(Ticker ticker, Function<ClientInfo, String> sender) {
        this.sender = sender;
        // No maximum size: the oldest would make room, and be new again at its next event.
        this.seen =
                Caffeine.newBuilder().expireAfterWrite(INTERVAL).ticker(ticker).build();
    }

    /** True when this is the first of its kind in the interval, and there is room for one more. */
    boolean isNew(AuditEvent event) {
        if (isFull()) {
            return false;
        }
        Kind kind = new Kind(
                event.type(),
                event.details().get(AuditDetail.REASON),
                event.user(),
                event.actor(),
                event.origin() == null ? "" : sender.apply(event.origin()));
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
