package org.gatehouse.health;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.ModuleContext;
import org.jspecify.annotations.Nullable;

/** Reports whether the service is ready, and the state of each dependency. Reports are cheap and never block. */
public final class Health implements AutoCloseable {
    private static final double NANOS_PER_MS = 1e6;
    private static final String READY = "ready";

    private final Supplier<Optional<String>> pendingStart;
    private final List<DependencyProbe> probes;
    private final List<Object> resources;
    private volatile boolean stopping;

    /**
     * Creates the probes; every dependency counts as down until {@link #start}.
     *
     * @param pendingStart says why requests are not served yet, without hosts or error texts; empty after the start
     * @param requireKeys throws if tokens cannot be signed
     */
    public Health(ModuleContext context, Supplier<Optional<String>> pendingStart, Runnable requireKeys) {
        this.pendingStart = pendingStart;
        probes = List.of(
                new DependencyProbe(
                        Dependency.MONGODB, () -> context.mongo().requireAvailable(DependencyProbe.TIMEOUT)),
                new DependencyProbe(Dependency.REDIS, () -> context.redis().requireAvailable(DependencyProbe.TIMEOUT)),
                new DependencyProbe(Dependency.SIGNING_KEYS, requireKeys));
        resources = List.of(
                new HealthResource(this),
                new MetricsResource(context.metrics(), context.settings().metricsToken()));
        bindGauges(context.metrics());
    }

    private void bindGauges(Metrics metrics) {
        metrics.bindGauge("gatehouse_ready", "Whether requests would succeed: 1 or 0.", () -> isReady() ? 1 : 0);
        metrics.bindGauges(
                "gatehouse_dependency_up",
                "Whether a dependency responds without an error: 1 or 0.",
                sample -> probes.forEach(probe -> sample.call(
                        probe.latency().isPresent() ? 1 : 0, probe.dependency().text())),
                "dependency");
    }

    public List<Object> resources() {
        return resources;
    }

    public void start() {
        probes.forEach(DependencyProbe::start);
    }

    /** Reports the service as not ready from now on, whatever the state of its dependencies. */
    public void announceStop() {
        stopping = true;
    }

    /** Whether the service has started, is not stopping, and all required dependencies are up. */
    boolean isReady() {
        return !stopping
                && pendingStart.get().isEmpty()
                && probes.stream()
                        .allMatch(probe -> !probe.dependency().required()
                                || probe.latency().isPresent());
    }

    /** Returns the state of the service and of each dependency, without hosts, addresses or stored values. */
    Report report() {
        String status = isReady() ? READY : notReady();
        String reason =
                pendingStart.get().filter(pending -> !status.equals(READY)).orElse(null);
        return new Report(status, reason, probes.stream().map(State::of).toList());
    }

    private String notReady() {
        if (stopping) {
            return "stopping";
        }
        return pendingStart.get().isEmpty() ? "unready" : "starting";
    }

    /**
     * The response of {@code GET /health/ready}.
     *
     * @param reason why the start has not completed; null if it has
     */
    record Report(String status, @Nullable String reason, List<State> dependencies) {
        boolean ready() {
            return status.equals(READY);
        }
    }

    /**
     * The state of a dependency.
     *
     * @param reason why it is not up; null if it is up
     * @param latencyMs the latency of its last response in milliseconds; null if it is not up
     */
    record State(
            String name,
            String state,
            @Nullable String reason,
            @Nullable Double latencyMs,
            boolean required,
            String absence) {
        static State of(DependencyProbe probe) {
            Dependency dependency = probe.dependency();
            Double latencyMs = probe.latency().map(State::milliseconds).orElse(null);
            boolean isUp = latencyMs != null;
            boolean isDegraded = probe.error().isPresent() && !dependency.required();
            return new State(
                    dependency.text(),
                    isUp ? "up" : isDegraded ? "degraded" : "down",
                    isUp ? null : probe.error().orElse("It does not answer."),
                    latencyMs,
                    dependency.required(),
                    dependency.absence());
        }

        private static double milliseconds(Duration latency) {
            return Math.round(latency.toNanos() / NANOS_PER_MS * 1_000) / 1_000.0;
        }
    }

    @Override
    public void close() {
        probes.forEach(DependencyProbe::stop);
        probes.forEach(DependencyProbe::close);
    }
}
