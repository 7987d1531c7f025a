package org.gatehouse.health;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.gatehouse.store.ModuleContext;

/** Creates the objects of this package, and probes the dependencies while it is open. */
public final class HealthModule implements AutoCloseable {
    private final Health health;
    private final List<Object> resources;

    private HealthModule(Health health, List<Object> resources) {
        this.health = health;
        this.resources = resources;
    }

    /**
     * Creates the module.
     *
     * @param pendingStart says why requests are not served yet; empty after the start
     * @param requireKeys throws if tokens cannot be signed
     */
    public static HealthModule of(
            ModuleContext context, Supplier<Optional<String>> pendingStart, Runnable requireKeys) {
        Health health = new Health(
                pendingStart,
                Map.of(
                        Dependency.MONGODB, () -> context.mongo().requireAvailable(Health.probeTimeout()),
                        Dependency.REDIS, () -> context.redis().requireAvailable(Health.probeTimeout()),
                        Dependency.SIGNING_KEYS, requireKeys),
                context.metrics());
        return new HealthModule(
                health,
                List.of(
                        new HealthResource(health),
                        new MetricsResource(
                                context.metrics(), context.settings().metricsToken())));
    }

    public List<Object> resources() {
        return resources;
    }

    public void start() {
        health.start();
    }

    /** Reports the service as not ready from now on. */
    public void announceStop() {
        health.announceStop();
    }

    @Override
    public void close() {
        health.close();
    }
}
