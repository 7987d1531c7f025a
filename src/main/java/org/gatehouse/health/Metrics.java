package org.gatehouse.health;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import org.gatehouse.audit.AuditObserver;
import org.gatehouse.auth.KeyRing;
import org.gatehouse.cache.CacheObserver;
import org.gatehouse.cache.Generation;
import org.gatehouse.http.RequestObserver;
import org.gatehouse.login.LoginObserver;
import org.gatehouse.login.LoginOutcome;
import org.gatehouse.password.HashObserver;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.store.MongoObserver;
import org.gatehouse.store.RedisObserver;
import org.jspecify.annotations.Nullable;

/**
 * The figures of one instance of the application, which others may be beside in the same Java: nothing here is static.
 *
 * <p>Callers may rely on this: every label has a closed list of values, be it of the routes of the resources, of an enum or
 * of a few words, so the number of series is bounded whatever clients send; and no value comes from a user, a token, an
 * address or a setting. What is counted on the way of a request costs no look-up by label.
 */
public final class Metrics {
    /** From a cached read in memory to the longest that a store is waited for. */
    private static final double[] REQUEST_SECONDS = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5
    };

    /** Redis is given up after 0.05 s by readers, and after 1 s by anybody. */
    private static final double[] REDIS_SECONDS = {0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.2, 1};

    /** Nobody waits for a turn for longer than a second. */
    private static final double[] WAIT_SECONDS = {0.001, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1};

    private final Meters meters = new Meters();
    private final RequestObserver requests = new RequestMetrics(meters.histogram(
            "gatehouse_http_request_duration_seconds",
            "From the arrival of a request to the head of its answer.",
            REQUEST_SECONDS,
            "method",
            "route",
            "status"));
    private final LoginObserver logins = countedLogins();
    private final AuditObserver sessionEnds = new SessionEnds(meters.counter(
            "gatehouse_session_ends_total", "What ended a session, or all sessions of a user at once.", "cause"));
    private final HashObserver hashes = timedHashes();
    private final MongoObserver mongo = new MongoMetrics(
            meters.histogram(
                    "gatehouse_mongodb_command_duration_seconds",
                    "From the sending of a command to MongoDB to its answer or failure.",
                    REQUEST_SECONDS,
                    "command"),
            meters.counter(
                    "gatehouse_mongodb_command_failures_total", "Commands that MongoDB did not carry out.", "command"),
            meters.counter(
                            "gatehouse_mongodb_unavailable_total",
                            "Times that MongoDB could not be asked or did not answer in time.")
                    .labelValues());
    private final RedisObserver redis = timedRedis();
    private final Counter cacheReads = meters.counter(
            "gatehouse_cache_reads_total",
            "Documents that were asked for, by where they came from.",
            "cache",
            "outcome");

    public RequestObserver requests() {
        return requests;
    }

    public LoginObserver logins() {
        return logins;
    }

    public AuditObserver sessionEnds() {
        return sessionEnds;
    }

    public MongoObserver mongo() {
        return mongo;
    }

    public RedisObserver redis() {
        return redis;
    }

    /**
     * Of one cache.
     *
     * @param cache what is in it, as the value of a label
     */
    public CacheObserver cacheOf(String cache) {
        Map<CacheObserver.Outcome, CounterDataPoint> counts =
                Meters.byConstant(CacheObserver.Outcome.class, outcome -> cacheReads.labelValues(cache, outcome));
        return outcome -> Meters.at(counts, outcome).inc();
    }

    /** From now on also tells of the state of the dependencies. */
    public void watch(Health health) {
        meters.gauge(
                "gatehouse_ready",
                "Whether requests would succeed: 1 or 0.",
                () -> OptionalDouble.of(health.isReady() ? 1 : 0));
        meters.gauges(
                "gatehouse_dependency_up",
                "Whether a dependency answers and does what it is asked: 1 or 0.",
                "dependency",
                sample -> health.watches()
                        .forEach(watch -> sample.call(
                                watch.latency().isPresent() ? 1 : 0,
                                watch.dependency().text())));
    }

    /** From now on also tells how hashes take turns. */
    public void watch(PasswordHasher hasher) {
        hasher.observe(hashes);
        meters.gauge(
                "gatehouse_password_hashes_running",
                "Hashes that are being computed.",
                () -> OptionalDouble.of(hasher.running()));
        meters.gauge(
                "gatehouse_password_hashes_waiting",
                "Hashes that wait for their turn.",
                () -> OptionalDouble.of(hasher.waiting()));
        meters.gauge(
                "gatehouse_password_hashes_waiting_limit",
                "Hashes that may wait; whoever comes then is refused.",
                () -> OptionalDouble.of(hasher.room()));
    }

    /** From now on also tells of the generation of the cache. */
    public void watch(Generation generation) {
        meters.gauge(
                "gatehouse_cache_usable",
                "Whether what is in the cache is believed: 1 or 0.",
                () -> OptionalDouble.of(generation.isUsable() ? 1 : 0));
        meters.gauge(
                "gatehouse_cache_generation",
                "The generation of cache entries that counts; raised by one when all older ones must be forgotten.",
                () -> generation.number().stream().asDoubleStream().findFirst());
    }

    /** From now on also tells of the key that signs. */
    public void watch(KeyRing keys, Duration rotation, Clock clock) {
        Supplier<Optional<Instant>> since = keys::signingSince;
        meters.gauge(
                "gatehouse_signing_key_age_seconds",
                "For how long the key has signed that signs now.",
                () -> since.get()
                        .map(begun -> OptionalDouble.of(seconds(Duration.between(begun, clock.instant()))))
                        .orElse(OptionalDouble.empty()));
        meters.gauge(
                "gatehouse_signing_key_rotation_seconds",
                "For how long a key is to sign.",
                () -> since.get()
                        .map(begun -> OptionalDouble.of(seconds(rotation)))
                        .orElse(OptionalDouble.empty()));
    }

    /** @param accept the header of that name */
    Meters.Exposition expose(@Nullable String accept) {
        return meters.expose(accept);
    }

    private LoginObserver countedLogins() {
        Counter counter = meters.counter("gatehouse_logins_total", "Attempts to log in.", "outcome");
        Map<LoginOutcome, CounterDataPoint> counts = Meters.byConstant(LoginOutcome.class, counter::labelValues);
        return outcome -> Meters.at(counts, outcome).inc();
    }

    private HashObserver timedHashes() {
        DistributionDataPoint waits = meters.histogram(
                        "gatehouse_password_hash_wait_seconds", "Waits of hashes for their turn.", WAIT_SECONDS)
                .labelValues();
        CounterDataPoint refusals = meters.counter(
                        "gatehouse_password_hash_refusals_total", "Hashes that had no turn in time.")
                .labelValues();
        return new HashObserver() {
            @Override
            public void began(long waitedNanos) {
                waits.observe(waitedNanos / Meters.NANOS_PER_SECOND);
            }

            @Override
            public void refused() {
                refusals.inc();
            }
        };
    }

    private RedisObserver timedRedis() {
        DistributionDataPoint answers = meters.histogram(
                        "gatehouse_redis_command_duration_seconds",
                        "From the sending of a command to Redis until whoever needs the answer has it.",
                        REDIS_SECONDS)
                .labelValues();
        Counter failures = meters.counter(
                "gatehouse_redis_command_failures_total", "Commands that Redis did not answer.", "reason");
        Map<RedisObserver.Failure, CounterDataPoint> counts =
                Meters.byConstant(RedisObserver.Failure.class, failures::labelValues);
        return new RedisObserver() {
            @Override
            public void answered(long nanos) {
                answers.observe(nanos / Meters.NANOS_PER_SECOND);
            }

            @Override
            public void failed(Failure failure) {
                Meters.at(counts, failure).inc();
            }
        };
    }

    private static double seconds(Duration span) {
        return span.toMillis() / 1_000.0;
    }
}
