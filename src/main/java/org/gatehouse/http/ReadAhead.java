package org.gatehouse.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A body that one thread reads, up to {@link #CAPACITY} bytes ahead of another that wants it: so it is known what has come
 * already, and whether the client is silent.
 */
final class ReadAhead extends InputStream implements Runnable {
    /** In bytes; some thousand lines of NDJSON, which are best worked on together. */
    static final int CAPACITY = 1 << 20;

    /** What is still read of a body that nobody wants any more, so that a client that is sending gets to see its answer. */
    private static final int DISCARD_BYTES = 16 << 20;

    private static final long DISCARD_NANOS = Duration.ofSeconds(30).toNanos();

    private final InputStream body;
    private final byte[] ring = new byte[CAPACITY];
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** How many bytes have come, and how many of them were taken or forgotten. */
    private long come;

    private long taken;

    /** Whether it is the client that is waited for. */
    private boolean waiting;

    private boolean ended;
    private @Nullable IOException failure;
    private boolean unwanted;
    private long discardUpTo;
    private long discardUntil;

    ReadAhead(InputStream body) {
        this.body = body;
    }

    /** Reads the body to its end, or until it is broken off. */
    @Override
    public void run() {
        IOException reason = new IOException("The reading thread failed");
        try {
            readAll();
            reason = null;
        } catch (IOException brokenOff) {
            reason = brokenOff;
        } catch (RuntimeException brokenOff) {
            reason = new IOException(brokenOff); // how some containers complain of chunks that are none
        } finally {
            end(reason);
        }
    }

    private void readAll() throws IOException {
        for (int room = awaitRoom(); room > 0; room = awaitRoom()) {
            int start = (int) (come % CAPACITY);
            int length = body.read(ring, start, Math.min(room, CAPACITY - start));
            if (length < 0) {
                return;
            }
            arrived(length);
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    /** Waits for at least one byte; -1 at the end of the body. */
    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        lock.lock();
        try {
            while (come == taken && !ended && !unwanted) {
                await(Long.MAX_VALUE);
            }
            if (come > taken) {
                return take(into, offset, length);
            }
            if (failure != null) {
                throw new IOException("The body broke off", failure);
            }
            return -1;
        } finally {
            lock.unlock();
        }
    }

    /** How many bytes have come and were not taken. */
    @Override
    public int available() {
        lock.lock();
        try {
            return (int) (come - taken);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the client has sent nothing for this long although it could have, has sent everything, or nobody wants
     * more of it; but no longer than for the patience.
     *
     * @return whether it is so
     */
    boolean awaitSilence(Duration silence, Duration patience) throws InterruptedIOException {
        lock.lock();
        try {
            long silentSince = System.nanoTime();
            long giveUp = silentSince + patience.toNanos();
            long before = come;
            while (!ended && !unwanted) {
                long now = System.nanoTime();
                if (come != before || !waiting) {
                    before = come;
                    silentSince = now;
                }
                long silentUntil = silentSince + silence.toNanos();
                if (now - silentUntil >= 0) {
                    return true;
                }
                if (now - giveUp >= 0) {
                    return false;
                }
                await(Math.min(silentUntil - now, giveUp - now));
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Nobody wants more of the body: the rest is read, as far as is reasonable, and forgotten. */
    void discard() {
        lock.lock();
        try {
            if (!unwanted) {
                unwanted = true;
                taken = come;
                discardUpTo = come + DISCARD_BYTES;
                discardUntil = System.nanoTime() + DISCARD_NANOS;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** How many bytes may come now; 0 when no more shall. */
    private int awaitRoom() throws InterruptedIOException {
        lock.lock();
        try {
            while (come - taken == CAPACITY) {
                await(Long.MAX_VALUE);
            }
            if (unwanted && (come > discardUpTo || System.nanoTime() - discardUntil > 0)) {
                return 0;
            }
            waiting = true;
            return (int) (CAPACITY - (come - taken));
        } finally {
            lock.unlock();
        }
    }

    private void arrived(int length) {
        lock.lock();
        try {
            come += length;
            waiting = false;
            if (unwanted) {
                taken = come;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private int take(byte[] into, int offset, int length) {
        int start = (int) (taken % CAPACITY);
        int given = (int) Math.min(Math.min(length, come - taken), CAPACITY - start);
        System.arraycopy(ring, start, into, offset, given);
        taken += given;
        changed.signalAll();
        return given;
    }

    private void end(@Nullable IOException reason) {
        lock.lock();
        try {
            ended = true;
            waiting = false;
            failure = reason;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @SuppressWarnings("WaitNotInLoop") // those who call it loop
    private void await(long nanos) throws InterruptedIOException {
        try {
            var unused = changed.awaitNanos(nanos);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("The application stops");
        }
    }
}
