package org.gatehouse.http;

import jakarta.annotation.Priority;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import java.time.Duration;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/**
 * Responds to every request with 503 until startup is complete. {@link Operational} methods are available from the
 * beginning.
 */
@Priority(FilterOrder.STARTUP)
public final class StartupFilter implements ContainerRequestFilter {
    private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

    private volatile boolean open;

    /** Allows all requests from now on. */
    public void open() {
        open = true;
    }

    public boolean isOpen() {
        return open;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        if (!open && !MatchedMethod.has(request, Operational.class)) {
            throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, RETRY_AFTER, null);
        }
    }
}
