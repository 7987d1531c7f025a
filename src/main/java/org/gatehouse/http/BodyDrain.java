package org.gatehouse.http;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads and discards the body of a request after the response has been sent. Reading does not block a thread.
 *
 * <p>If a body stays unread, the container closes the connection. A client that is still sending might lose the
 * response.
 */
final class BodyDrain implements ReadListener, AsyncListener {
    /** The maximum number of bytes to read. If the client sends more, the connection is closed. */
    static final int MAX_BYTES = 2 * 1024 * 1024;

    private static final int CHUNK = 16 * 1024;
    private static final String EXPECT = "Expect";
    private static final Logger log = LoggerFactory.getLogger(BodyDrain.class);

    private final AsyncContext context;
    private final ServletInputStream body;
    private final AtomicBoolean over = new AtomicBoolean();
    private int left = MAX_BYTES;

    private BodyDrain(AsyncContext context, ServletInputStream body) {
        this.context = context;
        this.body = body;
    }

    /** Reads the body, and completes the request when the body has ended, is too long, or has timed out. */
    static void discard(HttpServletRequest request, Duration timeout) {
        // A client that sent Expect (RFC 9110, section 10.1.1) does not send a body after an error response.
        if (request.getHeader(EXPECT) != null) {
            return;
        }
        try {
            ServletInputStream body = request.getInputStream();
            AsyncContext context = request.startAsync();
            context.setTimeout(timeout.toMillis());
            BodyDrain unread = new BodyDrain(context, body);
            context.addListener(unread);
            body.setReadListener(unread);
        } catch (IOException | IllegalStateException gone) {
            log.debug("The client has disconnected", gone);
        }
    }

    @Override
    public void onDataAvailable() {
        try {
            byte[] chunk = new byte[CHUNK];
            while (left > 0 && body.isReady() && !body.isFinished()) {
                int length = body.read(chunk);
                if (length < 0) {
                    return; // the container calls onAllDataRead
                }
                left -= length;
            }
            if (left <= 0) {
                end();
            }
        } catch (IOException | RuntimeException gone) {
            onError(gone);
        }
    }

    @Override
    public void onAllDataRead() {
        end();
    }

    @Override
    public void onError(Throwable failure) {
        log.debug("The client has disconnected", failure);
        end();
    }

    @Override
    public void onTimeout(AsyncEvent event) {
        end();
    }

    @Override
    public void onError(AsyncEvent event) {
        end();
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
        // the request is completed and does not start asynchronous processing again
    }

    @Override
    public void onComplete(AsyncEvent event) {
        // there is nothing to release
    }

    private void end() {
        if (over.compareAndSet(false, true)) {
            try {
                context.complete();
            } catch (IllegalStateException ended) {
                log.debug("The container has ended the request", ended);
            }
        }
    }
}
