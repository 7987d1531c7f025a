package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.gatehouse.store.Pause;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class StreamedExchangeTest {
    private static final int MUCH = 3 << 20;

    /** Less than the silence of a client that waits. */
    private static final Duration DRIP = Duration.ofMillis(20);

    private static final Duration OFTEN = Duration.ofMillis(300);

    private static final Duration SLOWLY = Duration.ofSeconds(30);

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    @Test
    void answersWithAllThatTheWorkWrites() throws IOException {
        byte[] content = new byte[MUCH];
        new Random(1).nextBytes(content);
        ByteArrayOutputStream answer = new ByteArrayOutputStream();

        exchange(new ByteArrayInputStream(content), InputStream::transferTo).writeTo(answer);

        assertThat(answer.toByteArray()).isEqualTo(content);
    }

    /** Or it would wait for the client to read, while the client waits for it. */
    @Test
    void holdsBackWhileTheClientSends() throws IOException {
        AtomicLong worked = new AtomicLong();
        CountedOutput answer = new CountedOutput();
        List<Long> answeredMeanwhile = new ArrayList<>();
        InputStream sending = new GivenBody() {
            @Override
            int more(int length) {
                if (given < MUCH) {
                    return length;
                }
                if (worked.get() < MUCH) {
                    var unused = Pause.of(DRIP);
                    return 1;
                }
                answeredMeanwhile.add(answer.count.get());
                return -1;
            }
        };

        exchange(sending, (body, output) -> echo(body, output, worked)).writeTo(answer);

        assertThat(answeredMeanwhile)
                .hasSize(1)
                .allSatisfy(
                        count -> assertThat(count).isPositive().isLessThanOrEqualTo(StreamedExchange.SURELY_BUFFERED));
        assertThat(answer.count.get()).isEqualTo(worked.get()).isGreaterThanOrEqualTo(MUCH);
    }

    @Test
    void sendsALittleNowAndThenInAnyCase() throws IOException {
        CountedOutput answer = new CountedOutput();
        InputStream sending = new GivenBody() {
            @Override
            int more(int length) {
                if (given < MUCH) {
                    return length;
                }
                var unused = Pause.of(DRIP);
                return answer.count.get() > 2L * StreamedExchange.SURELY_BUFFERED ? -1 : 1;
            }
        };

        new StreamedExchange(threads, sending, (body, output) -> echo(body, output, new AtomicLong()), OFTEN)
                .writeTo(answer);

        assertThat(answer.count.get()).isGreaterThanOrEqualTo(MUCH);
    }

    @Test
    void sendsAllWhenTheClientWaitsForIt() throws IOException {
        CountedOutput answer = new CountedOutput();
        InputStream waiting = new GivenBody() {
            @Override
            int more(int length) {
                if (given < MUCH) {
                    return (int) Math.min(length, MUCH - given);
                }
                Awaitility.await()
                        .atMost(SLOWLY)
                        .untilAsserted(() -> assertThat(answer.count.get()).isEqualTo(MUCH));
                return -1;
            }
        };

        exchange(waiting, (body, output) -> echo(body, output, new AtomicLong()))
                .writeTo(answer);

        assertThat(answer.count.get()).isEqualTo(MUCH);
    }

    @Test
    void hasStoppedReadingWhenItIsOver() {
        AtomicBoolean reading = new AtomicBoolean();
        InputStream endless = new GivenBody() {
            @Override
            int more(int length) {
                reading.set(true);
                var unused = Pause.of(DRIP);
                reading.set(false);
                return length;
            }
        };
        OutputStream gone = new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                throw new IOException("reset by peer");
            }
        };

        assertThatThrownBy(() -> exchange(endless, InputStream::transferTo).writeTo(gone))
                .hasMessage("reset by peer");

        assertThat(reading).isFalse();
    }

    @Test
    void tellsWhatTheWorkFailedOf() {
        CountedOutput answer = new CountedOutput();

        assertThatThrownBy(() -> exchange(InputStream.nullInputStream(), (body, output) -> {
                            output.write(1);
                            throw new IllegalStateException("no more");
                        })
                        .writeTo(answer))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> exchange(InputStream.nullInputStream(), (body, output) -> {
                            throw new IOException("broken");
                        })
                        .writeTo(answer))
                .isInstanceOf(IOException.class)
                .hasMessage("broken");
    }

    @Test
    void tellsTheWorkThatTheBodyBrokeOff() {
        InputStream broken = new GivenBody() {
            @Override
            int more(int length) {
                if (given > 0) {
                    throw new IllegalStateException("no chunk");
                }
                return 5;
            }
        };
        CountedOutput answer = new CountedOutput();

        assertThatThrownBy(() -> exchange(broken, InputStream::transferTo).writeTo(answer))
                .isInstanceOf(IOException.class)
                .hasMessage("The body broke off");
        assertThat(answer.count.get()).isLessThanOrEqualTo(5);
    }

    private StreamedExchange exchange(InputStream body, StreamedExchange.Work work) {
        return new StreamedExchange(threads, body, work);
    }

    private static void echo(InputStream body, OutputStream answer, AtomicLong worked) throws IOException {
        byte[] chunk = new byte[10_000];
        for (int length = body.read(chunk); length >= 0; length = body.read(chunk)) {
            answer.write(chunk, 0, length);
            answer.flush();
            worked.addAndGet(length);
        }
    }

    /** Of any bytes, as many at a time as a test says. */
    private abstract static class GivenBody extends InputStream {
        long given;

        abstract int more(int length);

        @Override
        public int read(byte[] into, int offset, int length) {
            int more = more(length);
            given += Math.max(0, more);
            return more;
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException();
        }
    }

    private static final class CountedOutput extends OutputStream {
        final AtomicLong count = new AtomicLong();

        @Override
        public void write(int one) {
            count.incrementAndGet();
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            count.addAndGet(length);
        }
    }
}
