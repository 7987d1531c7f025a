package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Names each request, so that an answer, its log lines and a proxy's log lines can be laid side by side.
 *
 * <p>A caller's {@code X-Request-Id} is taken over when it is short and harmless to print; otherwise 64 random bits are
 * drawn. The name is kept in the log context of the thread, so every log line of the request carries it.
 */
@PreMatching
public final class RequestId implements ContainerRequestFilter {
    static final String HEADER = "X-Request-Id";

    private static final String LOG_KEY = "requestId";
    private static final Pattern HARMLESS = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    private final SecureRandom random;

    public RequestId(SecureRandom random) {
        this.random = random;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        name(request.getHeaderString(HEADER));
    }

    /** Names the request that this thread begins to work on, as the caller did if that will do. */
    void name(@Nullable String given) {
        String id = given != null && HARMLESS.matcher(given).matches() ? given : draw();
        MDC.put(LOG_KEY, id);
    }

    /** The name of the request that this thread works on; null outside of one. */
    static @Nullable String current() {
        return MDC.get(LOG_KEY);
    }

    /** Ends the request's hold on this thread, which the container will use for another one. */
    static void forget() {
        MDC.remove(LOG_KEY);
    }

    private String draw() {
        byte[] bytes = new byte[8];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
