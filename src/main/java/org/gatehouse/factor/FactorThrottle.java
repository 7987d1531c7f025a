package org.gatehouse.factor;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.Sha256;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.throttle.WindowCount;
import org.gatehouse.user.User;
import org.jspecify.annotations.Nullable;

/**
 * Limits the guessing of codes, separately from the guessing of passwords. A source from which the user has recently
 * logged in with a factor has a quota of its own, so strangers who know the password cannot lock out the owner.
 */
public final class FactorThrottle {
    /** Three of a million codes are right at a time, so a guesser needs 139 days on average. */
    public static final Quota STRANGERS = new Quota("strangers", 100, Duration.ofHours(1));

    /** The quota of each known source. */
    public static final Quota SOURCE = new Quota("failures", 20, Duration.ofMinutes(15));

    /** The requests of one source that store a challenge. */
    private static final Quota OPTIONS = new Quota("passkey-options", 300, Duration.ofMinutes(5));

    private static final String FROM = "from ";

    /**
     * The current counts of an account.
     *
     * @param strangers wrong codes of all strangers together; null if none is counted
     * @param sources the wrong codes of each known source
     */
    public record AccountCounts(@Nullable WindowCount strangers, Map<String, WindowCount> sources) {}

    private final Throttle throttle;
    private final FactorEvents events;

    FactorThrottle(Throttle throttle, FactorEvents events) {
        this.throttle = throttle;
        this.events = events;
    }

    /**
     * Counts an attempt before the code is checked.
     *
     * @param known whether the user has recently logged in from this source, with a factor
     * @return the permit, to be refunded if the code is right
     * @throws GatehouseException {@code LOGIN_THROTTLED}; a rejected attempt is not counted
     */
    Throttle.Permit admit(User user, FactorType type, boolean known, ClientInfo client) {
        Quota quota = known ? SOURCE.named(FROM + client.source()) : STRANGERS;
        try {
            return throttle.acquire(key(user.id()), List.of(quota), ErrorCode.LOGIN_THROTTLED);
        } catch (GatehouseException rejected) {
            if (rejected.code() == ErrorCode.LOGIN_THROTTLED) {
                events.throttled(user, type, client);
            }
            throw rejected;
        }
    }

    /**
     * Counts a request for a challenge that no password limits, because each request stores one.
     *
     * @throws GatehouseException {@code TOO_MANY_REQUESTS}
     */
    void admitOptions(String source) {
        Throttle.Permit unused =
                throttle.acquire("passkey source:" + source, List.of(OPTIONS), ErrorCode.TOO_MANY_REQUESTS);
    }

    /** Returns the current counts of a user. */
    public AccountCounts counts(UserId user) {
        Map<String, WindowCount> counts = throttle.counts(key(user));
        Map<String, WindowCount> sources = new TreeMap<>();
        counts.forEach((name, count) -> {
            if (name.startsWith(FROM)) {
                sources.put(name.substring(FROM.length()), count);
            }
        });
        return new AccountCounts(counts.get(STRANGERS.name()), sources);
    }

    /**
     * Deletes the counts of a user.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} if the counts in Redis cannot be deleted
     */
    public void clear(UserId user) {
        throttle.clear(key(user));
    }

    private static String key(UserId user) {
        return "factor:" + Sha256.hex(user.hex());
    }
}
