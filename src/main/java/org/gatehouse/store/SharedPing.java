package org.gatehouse.store;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Shares a PING between callers that wait for its reply. A connection has at most one shared PING on its way.
 *
 * <p>Callers may rely on this: the PING is sent after the call of {@link #join}. While another PING is on its way,
 * callers therefore wait for the next one, which is sent when the reply arrives.
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

    /**
     * Joins the callers of a PING that is not sent yet. The first of them that waits calls {@link #send}. So a caller
     * that needs several replies can join for each of them before it waits, and shares one PING.
     *
     * @return completes with the reply, or exceptionally if there will be no reply
     */
    synchronized Future<Void> join() {
        next = next == null ? new CompletableFuture<>() : next;
        return next;
    }

    /** Sends the PING of these callers, unless it is sent or will be sent when another reply arrives. */
    void send(Future<Void> joined) {
        CompletableFuture<Void> callers;
        synchronized (this) {
            if (onItsWay != null || next != joined) {
                return;
            }
            callers = next;
            onItsWay = callers;
            next = null;
        }
        sendFor(callers);
    }

    private void sendFor(CompletableFuture<Void> callers) {
        CompletionStage<?> sent;
        try {
            sent = ping.get();
        } catch (RuntimeException notSent) {
            sent = CompletableFuture.failedFuture(notSent);
        }
        sent.whenComplete((pong, failure) -> {
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
            sendFor(callers);
        }
    }
}
