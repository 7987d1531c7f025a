package org.gatehouse.login;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.gatehouse.factor.FactorThrottle;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.WindowCount;
import org.gatehouse.user.User;
import org.jspecify.annotations.Nullable;

/**
 * The failed logins of a user that are counted now, as administrators see them.
 *
 * @param strangers wrong passwords of all sources together that have not logged in recently
 * @param sources wrong passwords of each source
 * @param factors the wrong codes of second factors, which are counted apart
 */
public record FailedLogins(Failures strangers, List<Failures> sources, FailedFactors factors) {
    /** The wrong codes of second factors. */
    public record FailedFactors(Failures strangers, List<Failures> sources) {}

    /**
     * One count.
     *
     * @param source null for all strangers together
     * @param limit the number of failures after which further attempts are rejected
     * @param endsAt when the count ends; null if no failure is counted
     */
    public record Failures(
            @Nullable String source,
            int failures,
            int limit,
            @Nullable Instant endsAt) {
        static Failures of(@Nullable String source, @Nullable WindowCount count, Quota quota) {
            return count == null
                    ? new Failures(source, 0, quota.limit(), null)
                    : new Failures(source, count.count(), quota.limit(), count.endsAt());
        }

        /** Returns whether further attempts are rejected. */
        public boolean areFull() {
            return failures >= limit;
        }
    }

    static FailedLogins of(User user, LoginThrottle throttle, FactorThrottle factorThrottle) {
        LoginThrottle.AccountCounts counts = throttle.counts(user.id(), user.username());
        LoginThrottle.Limits limits = throttle.limits();
        FactorThrottle.AccountCounts factors = factorThrottle.counts(user.id());
        return new FailedLogins(
                Failures.of(null, counts.strangers(), limits.strangers()),
                sources(counts.sources(), limits.failures()),
                new FailedFactors(
                        Failures.of(null, factors.strangers(), FactorThrottle.STRANGERS),
                        sources(factors.sources(), FactorThrottle.SOURCE)));
    }

    private static List<Failures> sources(Map<String, WindowCount> counts, Quota quota) {
        return counts.entrySet().stream()
                .map(source -> Failures.of(source.getKey(), source.getValue(), quota))
                .toList();
    }
}
