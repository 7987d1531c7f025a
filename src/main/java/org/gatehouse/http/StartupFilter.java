package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/** Responds to every request with 503 until startup is complete, except for {@link Operational} methods. */
final class StartupFilter implements ContainerRequestFilter {
    private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

    private final BooleanSupplier ready;

    /** @param ready returns whether startup is complete */
    StartupFilter(BooleanSupplier ready) {
        this.ready = ready;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        if (!ready.getAsBoolean() && !MatchedMethod.has(request, Operational.class)) {
            throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, RETRY_AFTER, null);
        }
    }
}
