package org.gatehouse.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.LockSupport;

/** Several persistent connections to one server. Only one measurement at a time may use these connections. */
final class Load implements AutoCloseable {
    private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(30);

    /**
     * The approximate delay with which a parked thread wakes up. Because of this delay, a thread parks only until
     * shortly before the end of a wait. Then the thread spins.
     */
    private static final long TIMER_SLACK_NANOS = 60_000;

    private final Selector selector;
    private final List<Connection> connections = new ArrayList<>();

    private Load() throws IOException {
        this.selector = Selector.open();
    }

    static Load on(int port, int connections) throws IOException {
        Load load = new Load();
        try {
            for (int i = 0; i < connections; i++) {
                load.connections.add(Connection.open(port, load.selector));
            }
            return load;
        } catch (IOException failed) {
            load.close();
            throw failed;
        }
    }

    /** A number of responses without the rejections, and the time in which they arrived. */
    record Throughput(long responses, long nanos) {
        double perSecond() {
            return responses * 1e9 / nanos;
        }
    }

    /**
     * Sends as many calls as the server can answer. Each connection sends its next call when the previous response has
     * arrived.
     */
    Throughput drive(Calls calls, Duration time) throws IOException {
        long start = System.nanoTime();
        long end = start + time.toNanos();
        for (Connection connection : connections) {
            connection.send(calls.next(), start);
        }
        Progress progress = new Progress();
        progress.open = connections.size();
        while (progress.open > 0) {
            awaitResponses(connection -> {
                progress.completed += connection.isRejected() ? 0 : 1;
                progress.last = System.nanoTime();
                if (progress.last < end) {
                    connection.send(calls.next(), progress.last);
                } else {
                    progress.open--;
                }
            });
        }
        return new Throughput(progress.completed, progress.last - start);
    }

    private static final class Progress {
        private int open;
        private long completed;
        private long last;
    }

    /**
     * Sends calls at a fixed rate, even if the server is slower. Each latency starts at the time when the call was due.
     * Therefore a latency also includes the time for which a stalled server delayed the sending of the call.
     *
     * @return the latencies in nanoseconds, in ascending order
     */
    long[] latencies(Calls calls, double perSecond, Duration time) throws IOException {
        int count = (int) (perSecond * time.toNanos() / 1e9);
        Schedule schedule = new Schedule(calls, connections);
        Thread sender = new Thread(() -> schedule.keep(count, 1e9 / perSecond), "bench-sender");
        sender.start();
        long[] times = new long[count];
        int[] completed = {0};
        while (completed[0] < count) {
            awaitResponses(connection -> {
                times[completed[0]++] = System.nanoTime() - connection.since();
                schedule.free(connection);
            });
        }
        Arrays.sort(times);
        return times;
    }

    /** A queue of overdue calls and a queue of idle connections. At least one of the two queues is always empty. */
    private static final class Schedule {
        private final Calls calls;
        private final Queue<Connection> idle;
        private final Queue<Long> overdue = new ArrayDeque<>();

        Schedule(Calls calls, List<Connection> connections) {
            this.calls = calls;
            this.idle = new ArrayDeque<>(connections);
        }

        void keep(int count, double intervalNanos) {
            long start = System.nanoTime();
            for (int i = 0; i < count; i++) {
                long due = start + (long) (i * intervalNanos);
                await(due);
                send(due);
            }
        }

        private synchronized void send(long due) {
            Connection free = idle.poll();
            if (free == null) {
                overdue.add(due);
            } else {
                sendOn(free, due);
            }
        }

        synchronized void free(Connection connection) {
            Long due = overdue.poll();
            if (due == null) {
                idle.add(connection);
            } else {
                sendOn(connection, due);
            }
        }

        private void sendOn(Connection connection, long due) {
            try {
                connection.send(calls.next(), due);
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }

        private static void await(long due) {
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                if (left > TIMER_SLACK_NANOS) {
                    LockSupport.parkNanos(left - TIMER_SLACK_NANOS);
                } else {
                    Thread.onSpinWait();
                }
            }
        }
    }

    private interface ResponseListener {
        void received(Connection connection) throws IOException;
    }

    private void awaitResponses(ResponseListener listener) throws IOException {
        int ready = selector.select(key -> read(key, listener), RESPONSE_TIMEOUT.toMillis());
        if (ready == 0) {
            throw new IOException("No response within " + RESPONSE_TIMEOUT.toSeconds() + " s");
        }
    }

    private static void read(SelectionKey key, ResponseListener listener) {
        try {
            Connection connection = (Connection) key.attachment();
            if (connection.readResponse()) {
                listener.received(connection);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public void close() throws IOException {
        for (Connection connection : connections) {
            connection.close();
        }
        selector.close();
    }
}
