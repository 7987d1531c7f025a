package org.gatehouse.http;

import jakarta.servlet.http.HttpServletRequest;
import java.security.SecureRandom;
import java.util.Collections;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Names each request, so that an answer, its log lines and a proxy's log lines can be laid side by side.
 *
 * <p>A caller's {@code X-Request-Id} is taken over when it is short and harmless to print; otherwise 64 random bits are
 * drawn. The name is kept in the log context of the thread, so every log line of the request carries it; and with it the
 * trace that the caller names ({@link TraceContext}), if any.
 */
public final class RequestId {
    static final String HEADER = "X-Request-Id";

    private static final String NAME = RequestId.class.getName();
    private static final String LOG_KEY = "requestId";
    private static final String TRACE_KEY = "traceId";
    private static final String PARENT_KEY = "parentId";
    private static final Pattern HARMLESS = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    private final SecureRandom random;

    public RequestId(SecureRandom random) {
        this.random = random;
    }

    /** Names the request that this thread begins to work on, as the caller did if that will do. */
    void begin(HttpServletRequest request) {
        // One that comes again, as its own error page, keeps its name.
        String id = request.getAttribute(NAME) instanceof String named ? named : name(request.getHeader(HEADER));
        request.setAttribute(NAME, id);
        MDC.put(LOG_KEY, id);
        TraceContext.of(Collections.list(request.getHeaders(TraceContext.HEADER)))
                .ifPresent(trace -> {
                    MDC.put(TRACE_KEY, trace.traceId());
                    MDC.put(PARENT_KEY, trace.parentId());
                });
    }

    /** The name of the request that this thread works on; null outside of one. */
    static @Nullable String current() {
        return MDC.get(LOG_KEY);
    }

    /** Ends the request's hold on this thread, which the container will use for another one. */
    static void forget() {
        MDC.remove(LOG_KEY);
        MDC.remove(TRACE_KEY);
        MDC.remove(PARENT_KEY);
    }

    private String name(@Nullable String given) {
        return given != null && HARMLESS.matcher(given).matches() ? given : draw();
    }

    private String draw() {
        byte[] bytes = new byte[8];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
