package org.gatehouse.http;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.gatehouse.json.JsonBody;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The body of one request, with the bytes that have been received so far.
 *
 * <p>A pending body does not occupy a thread. The container calls this object when bytes arrive or the time is over.
 * Once the body is complete or has failed, the request is dispatched again exactly once, with the body as an attribute.
 */
final class IncomingBody implements ReadListener, AsyncListener {
    /** The name of the request attribute, and Jersey property, that holds the body of a request. */
    static final String ATTRIBUTE = IncomingBody.class.getName();

    private static final int CHUNK = 8 * 1024;
    private static final byte[] NOTHING = {};
    private static final Logger log = LoggerFactory.getLogger(IncomingBody.class);

    /** The progress of a body. */
    enum State {
        /** The request does not have a body, or its resource reads the body from the connection. */
        PASSED_ON,
        /** The announced length is above the limit, so the body is not read. */
        REJECTED,
        PENDING,
        COMPLETE,
        /** The client sent more than the limit. Of the excess bytes, only the first is kept. */
        TOO_LONG,
        /** The connection ended, or the chunks are malformed. */
        BROKEN,
        TIMED_OUT,
        /** Too many other incomplete bodies are in memory. */
        NO_CAPACITY
    }

    private final HttpServletRequest request;
    private final boolean streamed;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final AtomicLong reserved = new AtomicLong();

    private volatile State state;
    private @Nullable RequestBodies bodies;
    private @Nullable ServletInputStream input;
    private volatile @Nullable AsyncContext context;
    private byte[] content = NOTHING;
    private int discarded;
    private boolean ended;
    private volatile boolean disconnected;

    private IncomingBody(HttpServletRequest request, State state, boolean streamed) {
        this.request = request;
        this.state = state;
        this.streamed = streamed;
    }

    static IncomingBody none(HttpServletRequest request) {
        return new IncomingBody(request, State.PASSED_ON, false);
    }

    static IncomingBody streamed(HttpServletRequest request) {
        return attached(new IncomingBody(request, State.PASSED_ON, true));
    }

    static IncomingBody rejected(HttpServletRequest request) {
        return attached(new IncomingBody(request, State.REJECTED, false));
    }

    static IncomingBody complete(HttpServletRequest request, byte[] content) {
        IncomingBody body = new IncomingBody(request, State.COMPLETE, false);
        body.content = content;
        return body;
    }

    static IncomingBody broken(HttpServletRequest request) {
        return new IncomingBody(request, State.BROKEN, false);
    }

    static IncomingBody receive(HttpServletRequest request, ServletInputStream input, RequestBodies bodies) {
        IncomingBody body = attached(new IncomingBody(request, State.PENDING, false));
        body.bodies = bodies;
        body.input = input;
        AsyncContext context = request.startAsync();
        body.context = context;
        context.setTimeout(bodies.timeout().toMillis());
        context.addListener(body);
        input.setReadListener(body);
        return body;
    }

    private static IncomingBody attached(IncomingBody body) {
        body.request.setAttribute(ATTRIBUTE, body);
        return body;
    }

    /** Returns the body attached to a request; null if the body is absent, or was immediately complete or broken. */
    static @Nullable IncomingBody of(ServletRequest request) {
        return request.getAttribute(ATTRIBUTE) instanceof IncomingBody body ? body : null;
    }

    /**
     * Returns whether the connection must close after a response with this status, because more of the body may arrive.
     *
     * @param body the value of {@link #ATTRIBUTE}
     */
    static boolean endsConnection(@Nullable Object body, int status) {
        return body instanceof IncomingBody incoming && incoming.endsConnection(status);
    }

    /** Returns whether the client disconnected before the end of the body. */
    static boolean isDisconnected(ServletRequest request) {
        IncomingBody body = of(request);
        return body != null && body.disconnected;
    }

    /** Records that a streamed body ended early. An {@code IOException} means that the client disconnected. */
    static void markIncomplete(ServletRequest request, Exception failure) {
        IncomingBody body = of(request);
        if (body != null) {
            body.disconnected = failure instanceof IOException;
        }
    }

    private boolean endsConnection(int status) {
        return isLeftUnread(status) || (context != null && !ended);
    }

    /** Returns whether the body may be unread after a response with this status. */
    boolean isLeftUnread(int status) {
        return state == State.REJECTED || (streamed && status >= 400);
    }

    boolean isPending() {
        return state == State.PENDING;
    }

    State state() {
        return state;
    }

    /** Returns the request with this body. Reading a body that has been received does not block. */
    HttpServletRequest asRequest() {
        return switch (state) {
            case PASSED_ON -> request;
            case REJECTED, TOO_LONG -> new ReceivedRequest(request, content, BodyLimitFilter::tooLarge);
            case BROKEN -> new ReceivedRequest(request, content, () -> new IOException("The request body ended early"));
            default -> new ReceivedRequest(request, content, null);
        };
    }

    @Override
    public void onDataAvailable() {
        try {
            read();
        } catch (IOException | RuntimeException incomplete) {
            // Some containers report malformed chunks as a RuntimeException.
            onError(incomplete);
        }
    }

    private void read() throws IOException {
        if (input == null || bodies == null) {
            return;
        }
        byte[] chunk = new byte[CHUNK];
        while (isPending() && input.isReady() && !input.isFinished()) {
            int length = input.read(chunk);
            if (length < 0) {
                return; // the container calls onAllDataRead
            }
            take(chunk, length, bodies);
        }
    }

    private void take(byte[] chunk, int length, RequestBodies incomplete) {
        int room = JsonBody.MAX_BYTES + 1 - received.size();
        int kept = Math.min(length, room);
        if (kept > 0 && !incomplete.reserve(kept)) {
            finish(State.NO_CAPACITY);
            return;
        }
        reserved.addAndGet(Math.max(kept, 0));
        received.write(chunk, 0, Math.max(kept, 0));
        discarded += length - kept;
        if (discarded > BodyDrain.MAX_BYTES) {
            finish(State.TOO_LONG);
        }
    }

    @Override
    public void onAllDataRead() {
        ended = true;
        finish(isTooLong() ? State.TOO_LONG : State.COMPLETE);
    }

    @Override
    public void onError(Throwable failure) {
        log.debug("A request body ended early", failure);
        if (failure instanceof IOException) {
            disconnected = true;
        }
        finish(State.BROKEN);
    }

    @Override
    public void onTimeout(AsyncEvent event) {
        finish(isTooLong() ? State.TOO_LONG : State.TIMED_OUT);
    }

    @Override
    public void onError(AsyncEvent event) {
        finish(State.BROKEN);
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
        // there is nothing to do, because the state is final before the request can start asynchronous processing again
    }

    @Override
    public void onComplete(AsyncEvent event) {
        release();
    }

    void release() {
        if (bodies != null) {
            bodies.release(reserved.getAndSet(0));
        }
    }

    private boolean isTooLong() {
        return received.size() > JsonBody.MAX_BYTES;
    }

    private void finish(State end) {
        AsyncContext waiting = context;
        if (waiting == null || !end(end)) {
            return;
        }
        try {
            waiting.dispatch();
        } catch (IllegalStateException over) {
            log.debug("The container has ended the request", over);
        }
    }

    /** Sets the final state. Returns false if the body was no longer pending. */
    private synchronized boolean end(State end) {
        if (state != State.PENDING) {
            return false;
        }
        content = received.toByteArray();
        state = end;
        return true;
    }
}
