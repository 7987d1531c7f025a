package org.gatehouse.store;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Shares a PING between callers that wait for its reply.
 *
 * <p>Callers may rely on this: the PING is sent after the call. While another PING is on its way, callers therefore wait
 * for the next one, which is sent when the reply arrives. So a connection has at most one shared PING at a time.
 */
final class SharedPing {
    private final Supplier<? extends CompletionStage<?>> ping;

    /** The callers that wait for the reply to the PING that is on its way. This object guards both fields. */
    private @Nullable CompletableFuture<Void> onItsWay;

    /** The callers that wait for a PING that is not sent yet. */
    private @Nullable CompletableFuture<Void> next;

    /** @param ping sends a PING */
    SharedPing(Supplier<? extends CompletionStage<?>> ping) {
        this.ping = ping;
    }

    /** Returns a future that completes with the reply, or exceptionally. */
    Future<Void> join() {
        CompletableFuture<Void> joined;
        synchronized (this) {
            if (onItsWay != null) {
                next = next == null ? new CompletableFuture<>() : next;
                return next;
            }
            joined = new CompletableFuture<>();
            onItsWay = joined;
        }
        send(joined);
        return joined;
    }

    private void send(CompletableFuture<Void> callers) {
        ping.get().whenComplete((pong, failure) -> {
            sendNext();
            if (failure == null) {
                callers.complete(null);
            } else {
                callers.completeExceptionally(failure);
            }
        });
    }

    private void sendNext() {
        CompletableFuture<Void> callers;
        synchronized (this) {
            callers = next;
            next = null;
            onItsWay = callers;
        }
        if (callers != null) {
            send(callers);
        }
    }
}
