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

    @Test
    void callersShareThePingAfterTheOneOnItsWay() {
        Future<Void> first = ping.join();
        Future<Void> second = ping.join();
        Future<Void> third = ping.join();
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
    void aPingIsSentAtOnceIfNoneIsOnItsWay() {
        ping.join();
        sent.get(0).complete("PONG");

        ping.join();

        assertThat(sent).hasSize(2);
    }

    @Test
    void theCallersOfAFailedPingFailAndTheNextOneIsSent() {
        Future<Void> first = ping.join();
        Future<Void> second = ping.join();

        sent.get(0).completeExceptionally(new IllegalStateException("broken"));
        sent.get(1).complete("PONG");

        assertThatThrownBy(first::get).hasRootCauseMessage("broken");
        assertThat(second).isDone();
        assertThat(sent).hasSize(2);
    }
}
