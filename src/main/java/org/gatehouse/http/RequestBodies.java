package org.gatehouse.http;

import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.io.IOException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.gatehouse.json.JsonBody;

/**
 * Receives the body of each request before the request is processed, so that a slow client does not occupy a thread.
 *
 * <p>A body that arrives together with its request is read at once. Any other body is read as its bytes arrive (servlet
 * asynchronous I/O), until the body is complete or the time is over. A method with {@link StreamedBody} reads the body
 * itself after authentication.
 */
final class RequestBodies {
    /** All incomplete bodies together may use 1/16 of the heap. Otherwise many connections could exhaust the heap. */
    private static final int HEAP_DIVISOR = 16;

    private static final String TRANSFER_ENCODING = "Transfer-Encoding";

    private final Set<String> streamedPaths;
    private final Duration timeout;
    /** The maximum number of bytes of incomplete bodies in memory. */
    private final long capacity;

    private final AtomicLong buffered = new AtomicLong();

    RequestBodies(Collection<Class<?>> resources, Duration timeout) {
        this.streamedPaths = resources.stream()
                .flatMap(resource -> Stream.of(resource.getMethods())
                        .filter(method -> method.isAnnotationPresent(StreamedBody.class))
                        .map(method -> path(resource, method)))
                .collect(Collectors.toSet());
        this.timeout = timeout;
        this.capacity = Runtime.getRuntime().maxMemory() / HEAP_DIVISOR;
    }

    Duration timeout() {
        return timeout;
    }

    /**
     * Starts to receive the body of a request.
     *
     * @return the body; if it is {@link IncomingBody#isPending pending}, the container will dispatch the request again
     */
    IncomingBody receive(HttpServletRequest request) throws IOException {
        long length = request.getContentLengthLong();
        if (!mayHaveBody(request, length) || !request.isAsyncSupported()) {
            return IncomingBody.none(request);
        }
        if (isStreamed(request)) {
            return IncomingBody.streamed(request);
        }
        if (length > JsonBody.MAX_BYTES) {
            return IncomingBody.rejected(request);
        }
        ServletInputStream input = request.getInputStream();
        try {
            if (length > 0 && input.available() >= length) {
                return IncomingBody.complete(request, input.readNBytes((int) length));
            }
        } catch (IOException | RuntimeException incomplete) {
            // Some containers report malformed chunks as a RuntimeException.
            return IncomingBody.broken(request);
        }
        return IncomingBody.receive(request, input, this);
    }

    /** Marks the body of a request as rejected. Returns whether the request may have a body. */
    boolean reject(HttpServletRequest request) {
        if (!mayHaveBody(request, request.getContentLengthLong()) || !request.isAsyncSupported()) {
            return false;
        }
        return IncomingBody.rejected(request).isLeftUnread(HttpServletResponse.SC_OK);
    }

    /** Reserves memory for bytes of an incomplete body. Returns false if the capacity does not suffice. */
    boolean reserve(int bytes) {
        if (buffered.addAndGet(bytes) <= capacity) {
            return true;
        }
        buffered.addAndGet(-bytes);
        return false;
    }

    void release(long bytes) {
        buffered.addAndGet(-bytes);
    }

    private static boolean mayHaveBody(HttpServletRequest request, long length) {
        // Since HTTP/2, a body needs neither Content-Length nor Transfer-Encoding.
        return length > 0
                || (length < 0
                        && (request.getHeader(TRANSFER_ENCODING) != null
                                || !request.getProtocol().startsWith("HTTP/1")));
    }

    private boolean isStreamed(HttpServletRequest request) {
        String path = request.getPathInfo();
        return path != null
                && request.getMethod().equals(HttpMethod.POST)
                && streamedPaths.contains(path.replaceAll("^/+|/+$", ""));
    }

    private static String path(Class<?> resource, Method method) {
        return Stream.of(resource.getAnnotation(Path.class), method.getAnnotation(Path.class))
                .filter(path -> path != null)
                .map(path -> path.value().replaceAll("^/+|/+$", ""))
                .collect(Collectors.joining("/"));
    }
}
