package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class SharedPingTest {
    private final List<CompletableFuture<String>> sent = new ArrayList<>();
    private final SharedPing ping = new SharedPing(() -> {
        sent.add(new CompletableFuture<>());
        return sent.get(sent.size() - 1);
    });

    private Future<Void> joinAndSend() {
        Future<Void> joined = ping.join();
        ping.send(joined);
        return joined;
    }

    @Test
    void callersShareThePingAfterTheOneOnItsWay() {
        Future<Void> first = joinAndSend();
        Future<Void> second = joinAndSend();
        Future<Void> third = joinAndSend();
        assertThat(sent).hasSize(1);

        sent.get(0).complete("PONG");
        assertThat(first).isDone();
        assertThat(second).isNotDone();
        assertThat(sent).hasSize(2);

        sent.get(1).complete("PONG");
        assertThat(second).isDone();
        assertThat(third).isDone();
        assertThat(sent).hasSize(2);
    }

    @Test
    void callersThatJoinBeforeThePingIsSentShareIt() {
        Future<Void> first = ping.join();
        Future<Void> second = ping.join();
        ping.send(first);
        ping.send(second);

        sent.get(0).complete("PONG");

        assertThat(first).isDone();
        assertThat(second).isDone();
        assertThat(sent).hasSize(1);
    }

    @Test
    void aCallerThatNeverWaitsDoesNotHoldUpOthers() {
        ping.join();
        Future<Void> waiting = joinAndSend();

        sent.get(0).complete("PONG");

        assertThat(waiting).isDone();
    }

    @Test
    void theCallersOfAFailedPingFailAndTheNextOneIsSent() {
        Future<Void> first = joinAndSend();
        Future<Void> second = joinAndSend();

        sent.get(0).completeExceptionally(new IllegalStateException("broken"));
        sent.get(1).complete("PONG");

        assertThatThrownBy(first::get).hasRootCauseMessage("broken");
        assertThat(second).isDone();
        assertThat(sent).hasSize(2);
    }

    @Test
    void aPingThatCannotBeSentFails() {
        SharedPing closed = new SharedPing(() -> {
            throw new IllegalStateException("closed");
        });
        Future<Void> joined = closed.join();
        closed.send(joined);

        assertThatThrownBy(joined::get).hasRootCauseMessage("closed");

        Future<Void> later = closed.join();
        closed.send(later);
        assertThat(later).isDone();
    }
}
