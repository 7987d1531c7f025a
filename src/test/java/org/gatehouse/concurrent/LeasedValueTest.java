package org.gatehouse.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.junit.jupiter.api.Test;

/**
 * Tests values that are trusted for a limited time. The clock advances only if a test, a read or a pause advances it.
 */
class LeasedValueTest {
    private static final Duration LEASE = LeasedValue.LEASE;
    private static final Duration INTERVAL = LeasedValue.MIN_INTERVAL;

    // A ticker may start at any value. This ticker overflows when one lease has passed.
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - LEASE.toNanos());
    private final AtomicInteger reads = new AtomicInteger();
    private final List<Duration> pauses = new ArrayList<>();

    /** The store of the value. By default, the first read returns 1, and each later read returns the next number. */
    private volatile Supplier<Optional<Integer>> store = () -> Optional.of(reads.get());

    private final LeasedValue<Integer> value = leased(false);

    @Test
    void isEmptyBeforeTheFirstRead() {
        assertThat(value.last()).isEmpty();
        assertThat(value.valid()).isEmpty();
        assertThat(value.trusted()).isEmpty();
        assertThat(value.get()).isEqualTo(1);
    }

    @Test
    void isTrustedForOneLeaseAfterTheReadWasSent() {
        Duration slow = Duration.ofMillis(300);
        store = () -> {
            advance(slow);
            return Optional.of(reads.get());
        };
        value.refresh();

        advance(LEASE.minus(slow).minusNanos(1));
        assertThat(value.valid()).contains(1);
        assertThat(value.trusted()).contains(1);
        assertThat(value.get()).isEqualTo(1);

        advance(Duration.ofNanos(1));
        assertThat(value.valid()).isEmpty();
        assertThat(value.trusted()).isEmpty();
        assertThat(value.last()).contains(1);
        assertThat(value.get()).isEqualTo(2);
    }

    @Test
    void aValueIsNotTrustedIfItsReadTookLongerThanTheLease() {
        store = () -> {
            advance(LEASE);
            return Optional.of(reads.get());
        };

        assertThat(value.refresh()).isEqualTo(1);
        assertThat(value.trusted()).isEmpty();
    }

    @Test
    void aFailedReadKeepsTheLeaseOfThePreviousRead() {
        value.refresh();
        failWith(new IllegalStateException("gone"));
        advance(INTERVAL);

        assertThatThrownBy(value::refresh).hasMessage("gone");
        assertThat(value.get()).isEqualTo(1);

        advance(LEASE);
        assertThat(value.trusted()).isEmpty();
        assertThatThrownBy(value::get).hasMessage("gone");
    }

    @Test
    void aValueThatOutlastsFailuresIsTrustedOnlyWhileReadsFail() {
        LeasedValue<Integer> lasting = leased(true);
        lasting.refresh();
        advance(LEASE);
        assertThat(lasting.trusted()).as("no read has failed yet").isEmpty();

        failWith(new IllegalStateException("gone"));
        assertThatThrownBy(lasting::refresh).hasMessage("gone");
        advance(LEASE);
        assertThat(lasting.trusted()).contains(1);
        assertThat(lasting.get()).isEqualTo(1);
        assertThat(lasting.valid()).isEmpty();

        store = () -> Optional.of(reads.get());
        assertThat(lasting.refresh()).isEqualTo(3);
        advance(LEASE);
        assertThat(lasting.trusted()).isEmpty();
    }

    @Test
    void aReadThatIsOlderThanTheValueDoesNotRenewTheLeaseOfTheValue() {
        LeasedValue<Integer> lasting = leased(true);
        lasting.refresh();
        store = Optional::empty;
        advance(LEASE.minusNanos(1));

        assertUnavailable(lasting::refresh);
        assertThat(lasting.valid()).contains(1);
        advance(Duration.ofNanos(1));
        assertThat(lasting.trusted()).as("the store has replied").isEmpty();
    }

    @Test
    void readSinceUsesAReadThatWasSentLater() {
        long before = nanos.get();
        advance(Duration.ofNanos(1));
        value.refresh();

        assertThat(value.readSince(before)).isEqualTo(1);
        assertThat(value.readSince(nanos.get()))
                .as("the previous read was not sent after this time")
                .isEqualTo(2);
    }

    @Test
    void waitingCallersShareTheReadThatIsSentAfterTheyArrive() {
        BlockedRead first = new BlockedRead(Optional.of(1));
        long early = nanos.getAndIncrement();
        CompletableFuture<Integer> reader = CompletableFuture.supplyAsync(value::refresh);
        first.awaitBegin();
        store = () -> Optional.of(reads.get());
        long late = nanos.getAndIncrement();
        List<CompletableFuture<Integer>> waiting = List.of(inThread(early), inThread(late), inThread(late));

        first.end();

        assertThat(reader.join()).isEqualTo(1);
        assertThat(waiting.get(0).join()).isBetween(1, 2);
        assertThat(waiting.get(1).join()).isEqualTo(2);
        assertThat(waiting.get(2).join()).isEqualTo(2);
        assertThat(reads).hasValue(2);
    }

    @Test
    void waitingCallersShareAFailure() {
        BlockedRead first = new BlockedRead(Optional.empty());
        long early = nanos.getAndIncrement();
        CompletableFuture<Integer> reader = CompletableFuture.supplyAsync(value::refresh);
        first.awaitBegin();
        CompletableFuture<Integer> waiting = inThread(early);
        nanos.incrementAndGet();

        first.end();

        assertThatThrownBy(reader::join).hasRootCauseMessage("gone");
        assertThatThrownBy(waiting::join).hasRootCauseInstanceOf(GatehouseException.class);
        assertThat(reads).hasValue(1);
    }

    @Test
    void readsAreAtLeastAnIntervalApart() {
        value.refresh();
        value.refresh();
        advance(Duration.ofMillis(50));
        value.refresh();
        advance(INTERVAL.plusNanos(1));
        value.refresh();

        assertThat(pauses).containsExactly(Duration.ZERO, INTERVAL, INTERVAL.minusMillis(50));
        assertThat(reads).hasValue(4);
    }

    @Test
    void anInterruptedReaderGetsStoreUnavailable() {
        LeasedValue<Integer> real =
                new LeasedValue<>(() -> Optional.of(reads.incrementAndGet()), LEASE, false, nanos::get);
        Thread.currentThread().interrupt();

        assertUnavailable(real::refresh);

        assertThat(Thread.interrupted()).isTrue();
        assertThat(reads).hasValue(0);
    }

    @Test
    void aReaderInterruptedBetweenReadsGetsStoreUnavailable() {
        LeasedValue<Integer> interrupted =
                new LeasedValue<>(() -> Optional.of(reads.incrementAndGet()), LEASE, false, nanos::get, pause -> false);

        assertUnavailable(interrupted::refresh);

        assertThat(reads).hasValue(0);
    }

    private LeasedValue<Integer> leased(boolean outlastsFailures) {
        return new LeasedValue<>(
                () -> {
                    reads.incrementAndGet();
                    return store.get();
                },
                LEASE,
                outlastsFailures,
                nanos::get,
                pause -> {
                    pauses.add(pause);
                    advance(pause);
                    return true;
                });
    }

    private void advance(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private void failWith(RuntimeException failure) {
        store = () -> {
            throw failure;
        };
    }

    /** Calls {@link LeasedValue#readSince} in a new thread, and returns when the new thread waits. */
    private CompletableFuture<Integer> inThread(long since) {
        CompletableFuture<Integer> result = new CompletableFuture<>();
        Thread thread = Threads.create("reader", () -> {
            try {
                result.complete(value.readSince(since));
            } catch (RuntimeException failed) {
                result.completeExceptionally(failed);
            }
        });
        thread.start();
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        return result;
    }

    private static void assertUnavailable(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        GatehouseException.class,
                        failure -> assertThat(failure.code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE));
    }

    /** A read that ends when the test releases it. The read returns the given value, or fails if the value is empty. */
    private final class BlockedRead {
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch end = new CountDownLatch(1);

        BlockedRead(Optional<Integer> result) {
            store = () -> {
                begun.countDown();
                Threads.await(end, Duration.ofSeconds(60));
                return Optional.of(result.orElseThrow(() -> new IllegalStateException("gone")));
            };
        }

        void awaitBegin() {
            assertThat(Threads.await(begun, Duration.ofSeconds(60))).isTrue();
        }

        void end() {
            end.countDown();
        }
    }
}
