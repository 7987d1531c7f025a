package org.gatehouse.health;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.ModuleContext;
import org.jspecify.annotations.Nullable;

/** Reports whether the service is ready, and the state of each dependency. Reports are cheap and never block. */
public final class Health implements AutoCloseable {
    private static final String READY = "ready";

    private final Supplier<Optional<String>> pendingStart;
    private final List<DependencyProbe> probes;
    private final List<Object> resources;
    private volatile boolean stopping;

    /**
     * Creates the probes. Every dependency counts as down until {@link #start}.
     *
     * @param pendingStart returns why requests are not served yet, or empty once they are served; the reason must not
     *     contain hosts or error texts
     * @param requireKeys throws an exception if tokens cannot be signed
     * @param requireMail throws an exception if the mail server does not answer within a time; empty without one
     */
    public Health(
            ModuleContext context,
            Supplier<Optional<String>> pendingStart,
            Runnable requireKeys,
            Optional<Consumer<Duration>> requireMail) {
        this.pendingStart = pendingStart;
        List<DependencyProbe> dependencies = new ArrayList<>(List.of(
                new DependencyProbe(
                        "mongodb",
                        true,
                        "Users cannot log in, and nothing can be changed; users in the cache are still read for 2 s, or"
                                + " with READS_WITHOUT_DB=lasting until it returns.",
                        () -> context.mongo().requireAvailable(DependencyProbe.TIMEOUT)),
                new DependencyProbe(
                        "redis",
                        false,
                        "Everything is answered, slower: users and sessions are read from MongoDB.",
                        () -> context.redis().requireAvailable(DependencyProbe.TIMEOUT)),
                new DependencyProbe("signingKeys", true, "No token can be issued or checked.", requireKeys)));
        requireMail.ifPresent(probe -> dependencies.add(DependencyProbe.rare(
                "smtp",
                "Mails wait in the queue; those whose links expire before the server returns are not sent.",
                () -> probe.accept(DependencyProbe.TIMEOUT))));
        probes = List.copyOf(dependencies);
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
                sample -> probes.forEach(probe -> sample.call(probe.isUp() ? 1 : 0, probe.name())),
                "dependency");
    }

    public List<Object> resources() {
        return resources;
    }

    public void start() {
        probes.forEach(DependencyProbe::start);
    }

    /** Reports the service as not ready from now on, regardless of its dependencies. */
    public void announceStop() {
        stopping = true;
    }

    /** Returns whether the service has started, is not stopping, and has all required dependencies. */
    boolean isReady() {
        return status().equals(READY);
    }

    private String status() {
        if (stopping) {
            return "stopping";
        }
        if (pendingStart.get().isPresent()) {
            return "starting";
        }
        return probes.stream().anyMatch(DependencyProbe::preventsReadiness) ? "unready" : READY;
    }

    /** Returns the state of the service and of each dependency, without hosts, addresses or stored values. */
    Report report() {
        String status = status();
        String reason = status.equals(READY) ? null : pendingStart.get().orElse(null);
        return new Report(
                status, reason, probes.stream().map(DependencyProbe::state).toList());
    }

    /**
     * The response of {@code GET /health/ready}.
     *
     * @param reason why the start has not completed; null if the start has completed
     */
    record Report(String status, @Nullable String reason, List<DependencyProbe.State> dependencies) {
        boolean ready() {
            return status.equals(READY);
        }
    }

    @Override
    public void close() {
        probes.forEach(DependencyProbe::stop);
        probes.forEach(DependencyProbe::close);
    }
}
