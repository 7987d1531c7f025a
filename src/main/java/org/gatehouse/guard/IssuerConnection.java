package org.gatehouse.guard;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to Gatehouse. Each has a time limit, few threads wait at the same time, and a Gatehouse that does not
 * respond is called once a second only.
 *
 * <p>It uses {@link HttpURLConnection}, because this client needs no threads of the web application. Java's newer
 * {@code HttpClient} has threads that cannot be ended in Java 17.
 */
final class IssuerConnection {
    /** A connection within a data center takes milliseconds. */
    static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

    /** Longer than Gatehouse waits for its stores in nearly all cases. */
    static final Duration READ_TIMEOUT = Duration.ofMillis(1500);

    /**
     * The maximum time of a call. The two timeouts above limit each read only, so a server that sends single bytes could
     * take any time. The filter has no threads of its own; therefore the next request that waits for Gatehouse closes the
     * connection of a late call.
     */
    private static final Duration CALL_TIMEOUT =
            CONNECT_TIMEOUT.plus(READ_TIMEOUT).plusMillis(500);

    /** The maximum number of threads that wait for Gatehouse, below a third of the usual 200 threads of a container. */
    static final int MAX_WAITING = 64;

    /** The maximum time until another thread may wait. It absorbs a burst of requests with new tokens. */
    private static final Duration ADMISSION_TIMEOUT = Duration.ofMillis(100);

    /** One lost packet does not mean that Gatehouse is unreachable. */
    private static final int FAILURE_THRESHOLD = 3;

    /** The time after a failure during which Gatehouse is not called, once the threshold is reached. */
    static final Duration RETRY_INTERVAL = Duration.ofSeconds(1);

    /** More than 100 keys, or the longest token with its claims. */
    private static final int MAX_BODY_BYTES = 256 * 1024;

    private final LongSupplier ticker;
    private final Semaphore waiting = new Semaphore(MAX_WAITING);
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicLong retryAt = new AtomicLong();
    private final Map<HttpURLConnection, Long> deadlines = new ConcurrentHashMap<>();

    /** A request, or several, for whose result the calling thread waits. */
    interface Task<T> {
        T run() throws IssuerException;
    }

    /** A response with any status below 500. */
    static final class Reply {
        final int status;
        final String body;
        /** The value of {@code Cache-Control}. */
        final @Nullable String caching;
        /** The value of {@code Age} in seconds; 0 if there is none. */
        final long age;
        /** The reading of the ticker before the request was sent. */
        final long sentAt;

        private Reply(int status, String body, @Nullable String caching, long age, long sentAt) {
            this.status = status;
            this.body = body;
            this.caching = caching;
            this.age = age;
            this.sentAt = sentAt;
        }
    }

    /** @param ticker a clock in ns with any origin */
    IssuerConnection(LongSupplier ticker) {
        this.ticker = ticker;
    }

    /**
     * Runs a task that waits for Gatehouse, if few other threads wait already. Tasks must not be nested.
     *
     * @throws IssuerException that of the task; unreachable if {@link #MAX_WAITING} threads wait
     */
    <T> T await(Task<T> task) throws IssuerException {
        closeLateCalls();
        try {
            if (!waiting.tryAcquire(ADMISSION_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw IssuerException.unreachable("too many requests wait for its responses");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw IssuerException.unreachable("the thread was interrupted");
        }
        try {
            return task.run();
        } finally {
            waiting.release();
        }
    }

    /** @throws IssuerException unreachable if there is no response in time, or one with 429 or 5xx */
    Reply get(URI uri) throws IssuerException {
        return send(uri, null, null);
    }

    /**
     * Sends a form.
     *
     * @param authorization the value of the header
     * @throws IssuerException as {@link #get}
     */
    Reply post(URI uri, String form, String authorization) throws IssuerException {
        return send(uri, form, authorization);
    }

    private Reply send(URI uri, @Nullable String form, @Nullable String authorization) throws IssuerException {
        requireCallable();
        try {
            Reply reply = exchange(uri, form, authorization);
            if (reply.status >= 500 || reply.status == 429) {
                throw new IOException("status " + reply.status);
            }
            failures.set(0);
            return reply;
        } catch (IOException | RuntimeException failed) {
            retryAt.set(ticker.getAsLong() + RETRY_INTERVAL.toNanos());
            failures.incrementAndGet();
            // The message of a runtime exception may contain a header.
            throw IssuerException.unreachable(uri.getHost() + " did not respond: "
                    + (failed instanceof IOException
                            ? failed
                            : failed.getClass().getName()));
        }
    }

    /** After several failures, lets one request a second through, which takes as long as the timeouts at most. */
    private void requireCallable() throws IssuerException {
        if (failures.get() < FAILURE_THRESHOLD) {
            return;
        }
        long now = ticker.getAsLong();
        long at = retryAt.get();
        long next =
                now + RETRY_INTERVAL.plus(CONNECT_TIMEOUT).plus(READ_TIMEOUT).toNanos();
        if (now - at < 0 || !retryAt.compareAndSet(at, next)) {
            throw IssuerException.unreachable("it has not responded several times");
        }
    }

    private void closeLateCalls() {
        long now = System.nanoTime();
        deadlines.forEach((connection, deadline) -> {
            if (now - deadline > 0) {
                connection.disconnect();
            }
        });
    }

    private Reply exchange(URI uri, @Nullable String form, @Nullable String authorization) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
        deadlines.put(connection, System.nanoTime() + CALL_TIMEOUT.toNanos());
        try {
            return exchange(connection, form, authorization);
        } catch (IOException | RuntimeException failed) {
            connection.disconnect();
            throw failed;
        } finally {
            deadlines.remove(connection);
        }
    }

    private Reply exchange(HttpURLConnection connection, @Nullable String form, @Nullable String authorization)
            throws IOException {
        long sentAt = ticker.getAsLong();
        connection.setConnectTimeout((int) CONNECT_TIMEOUT.toMillis());
        connection.setReadTimeout((int) READ_TIMEOUT.toMillis());
        // A redirect could lead to a host that is not the issuer's, with the credentials of this service.
        connection.setInstanceFollowRedirects(false);
        connection.setUseCaches(false);
        connection.setRequestProperty("Accept", "application/json");
        if (authorization != null) {
            connection.setRequestProperty("Authorization", authorization);
        }
        if (form != null) {
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", "application/x-www-form-urlencoded");
            try (OutputStream body = connection.getOutputStream()) {
                body.write(form.getBytes(StandardCharsets.UTF_8));
            }
        }
        int status = connection.getResponseCode();
        String body = read(status < 400 ? connection.getInputStream() : connection.getErrorStream());
        return new Reply(
                status,
                body,
                connection.getHeaderField("Cache-Control"),
                Math.max(0, connection.getHeaderFieldLong("Age", 0)),
                sentAt);
    }

    /** Reads to the end, so that the connection is used again. */
    private String read(@Nullable InputStream stream) throws IOException {
        if (stream == null) {
            return "";
        }
        long deadline = System.nanoTime() + READ_TIMEOUT.toNanos();
        byte[] body = new byte[1024];
        int length = 0;
        try (stream) {
            int count = stream.read(body);
            while (count >= 0) {
                length += count;
                if (length > MAX_BODY_BYTES) {
                    throw new IOException("the body is longer than " + MAX_BODY_BYTES + " bytes");
                }
                // The timeout of the connection limits each read only, so a slow sender could take any time.
                if (System.nanoTime() - deadline > 0) {
                    throw new IOException("the body was sent too slowly");
                }
                if (length == body.length) {
                    body = Arrays.copyOf(body, 2 * length);
                }
                count = stream.read(body, length, body.length - length);
            }
        }
        return new String(body, 0, length, StandardCharsets.UTF_8);
    }
}
