package org.gatehouse.guard;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gatehouse.guard.IssuerConnection.Reply;

/** How long a response may be used, by its {@code Cache-Control} and {@code Age} (RFC 9111). */
final class Freshness {
    /** Used if the response does not have a {@code max-age}. */
    static final Duration DEFAULT = Duration.ofMinutes(5);

    /** Also applies to {@code no-store}, because one request for each request would overload Gatehouse. */
    static final Duration MIN = Duration.ofSeconds(1);

    /** A wrong {@code max-age} must not keep a revoked key for longer. */
    static final Duration MAX = Duration.ofDays(1);

    private static final Pattern MAX_AGE =
            Pattern.compile("(?:^|[,\\s])max-age\\s*=\\s*\"?(\\d{1,9})", Pattern.CASE_INSENSITIVE);

    private static final Pattern UNCACHEABLE =
            Pattern.compile("(?:^|[,\\s])no-(?:store|cache)", Pattern.CASE_INSENSITIVE);

    private Freshness() {}

    /** Returns the reading of the ticker until which the response is fresh, counted from before the request. */
    static long of(Reply reply) {
        return reply.sentAt
                + lifetime(reply.caching == null ? "" : reply.caching, reply.age)
                        .toNanos();
    }

    /** @param age the seconds that the response has spent in caches between */
    static Duration lifetime(String caching, long age) {
        if (UNCACHEABLE.matcher(caching).find()) {
            return MIN;
        }
        Matcher maxAge = MAX_AGE.matcher(caching);
        Duration lifetime = maxAge.find() ? Duration.ofSeconds(Long.parseLong(maxAge.group(1)) - age) : DEFAULT;
        if (lifetime.compareTo(MIN) < 0) {
            return MIN;
        }
        return lifetime.compareTo(MAX) > 0 ? MAX : lifetime;
    }
}
