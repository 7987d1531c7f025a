package org.gatehouse.http;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Assigns an id to each request. The response and the log lines of the request contain the id.
 *
 * <p>The caller's {@code X-Request-Id} is used if it is short and safe to print. Otherwise the id is 64 random bits.
 * The log context of the thread contains the id while the request is processed. The log context also contains the
 * caller's trace ({@link TraceContext}), if any.
 */
final class RequestId {
    static final String HEADER = "X-Request-Id";

    private static final String NAME = RequestId.class.getName();
    private static final String LOG_KEY = "requestId";
    private static final String TRACE_KEY = "traceId";
    private static final String PARENT_KEY = "parentId";
    private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    private RequestId() {}

    /** Assigns the id to the request that this thread starts to process. A valid id from the caller is kept. */
    static void begin(HttpServletRequest request) {
        // A request keeps its id if the container dispatches it again, for example to the error page.
        String id = request.getAttribute(NAME) instanceof String named ? named : name(request.getHeader(HEADER));
        request.setAttribute(NAME, id);
        MDC.put(LOG_KEY, id);
        if (request.getHeader(TraceContext.HEADER) != null) {
            TraceContext.of(Collections.list(request.getHeaders(TraceContext.HEADER)))
                    .ifPresent(trace -> {
                        MDC.put(TRACE_KEY, trace.traceId());
                        MDC.put(PARENT_KEY, trace.parentId());
                    });
        }
    }

    /** Returns the id of the request that this thread processes; null outside a request. */
    static @Nullable String current() {
        return MDC.get(LOG_KEY);
    }

    /** Clears the log context of this thread, because the container reuses the thread for other requests. */
    static void forget() {
        MDC.remove(LOG_KEY);
        MDC.remove(TRACE_KEY);
        MDC.remove(PARENT_KEY);
    }

    private static String name(@Nullable String given) {
        return given != null && SAFE.matcher(given).matches() ? given : draw();
    }

    private static String draw() {
        // An id is not secret, and a SecureRandom, which all threads share, took 2 % of the processor time of a read.
        return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    }
}
