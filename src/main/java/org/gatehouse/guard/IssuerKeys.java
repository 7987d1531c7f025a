package org.gatehouse.guard;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.gatehouse.guard.IssuerConnection.Reply;
import org.jspecify.annotations.Nullable;

/**
 * Loads the keys of Gatehouse and keeps them for their {@code max-age}. One request at a time loads them; the others
 * use the keys that are still fresh, or wait for the result.
 */
final class IssuerKeys {
    /** The maximum wait for a load by another request: two responses. */
    private static final Duration LOAD_TIMEOUT = Duration.ofSeconds(3);

    /** No load is attempted for this time after a failed one. */
    private static final Duration RETRY_INTERVAL = IssuerConnection.RETRY_INTERVAL;

    /** Unknown key ids cause this many loads at once, so several rotations in a row are noticed immediately. */
    private static final int MAX_UNKNOWN_LOADS = 4;

    /**
     * The time after which unknown key ids may cause one more load. An attacker who sends random ids causes six loads
     * a minute. Gatehouse publishes a key long before its use, so an honest token rarely needs such a load.
     */
    private static final Duration UNKNOWN_LOAD_INTERVAL = Duration.ofSeconds(10);

    private final IssuerConnection connection;
    private final String issuer;
    private final LongSupplier ticker;
    private final ReentrantLock loading = new ReentrantLock();
    /** Any client can send tokens with unknown ids, so these must not occupy all places of the connection. */
    private final Semaphore waitingForUnknownId = new Semaphore(IssuerConnection.MAX_WAITING / 4);

    private volatile @Nullable KeySet keys;

    // Guarded by the lock.
    private @Nullable IssuerException failure;
    private long failedAt;
    private int unknownLoads = MAX_UNKNOWN_LOADS;
    private long unknownLoadsCountedAt;

    IssuerKeys(IssuerConnection connection, String issuer, LongSupplier ticker) {
        this.connection = connection;
        this.issuer = issuer;
        this.ticker = ticker;
        this.unknownLoadsCountedAt = ticker.getAsLong();
    }

    /**
     * Returns fresh keys.
     *
     * @throws IssuerException if there are none and they could not be loaded
     */
    KeySet current() throws IssuerException {
        KeySet known = keys;
        long now = ticker.getAsLong();
        if (known == null || now - known.freshUntil >= 0) {
            return connection.await(() -> load(known, false));
        }
        if (now - known.refreshAt < 0 || !loading.tryLock()) {
            return known;
        }
        try {
            return load(known);
        } catch (IssuerException unreachable) {
            return known;
        } finally {
            loading.unlock();
        }
    }

    /** Returns the last keys, even if they are not fresh; null if none were loaded. */
    @Nullable
    KeySet last() {
        return keys;
    }

    /**
     * Loads keys because an id is not in the given keys, unless ids caused too many loads.
     *
     * @return newer keys, or the given keys
     */
    KeySet reloadForUnknownId(KeySet known) throws IssuerException {
        KeySet newer = keys;
        if (newer != null && newer != known) {
            return newer;
        }
        if (!waitingForUnknownId.tryAcquire()) {
            throw IssuerException.unreachable("too many tokens with unknown keys wait for its keys");
        }
        try {
            return connection.await(() -> load(known, true));
        } finally {
            waitingForUnknownId.release();
        }
    }

    private KeySet load(@Nullable KeySet known, boolean unknownId) throws IssuerException {
        lock();
        try {
            KeySet newer = keys;
            if (newer != null && newer != known) {
                return newer;
            }
            if (known != null && unknownId && !mayLoadForUnknownId()) {
                return known;
            }
            return load(known);
        } finally {
            loading.unlock();
        }
    }

    private void lock() throws IssuerException {
        try {
            if (!loading.tryLock(LOAD_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw IssuerException.unreachable("the load of its keys takes long");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw IssuerException.unreachable("the thread was interrupted");
        }
    }

    private boolean mayLoadForUnknownId() {
        long now = ticker.getAsLong();
        long earned = (now - unknownLoadsCountedAt) / UNKNOWN_LOAD_INTERVAL.toNanos();
        unknownLoadsCountedAt += earned * UNKNOWN_LOAD_INTERVAL.toNanos();
        unknownLoads = (int) Math.min(MAX_UNKNOWN_LOADS, unknownLoads + earned);
        if (unknownLoads == 0) {
            return false;
        }
        unknownLoads--;
        return true;
    }

    /** The caller holds the lock. */
    private KeySet load(@Nullable KeySet known) throws IssuerException {
        if (failure != null && ticker.getAsLong() - failedAt < RETRY_INTERVAL.toNanos()) {
            throw failure;
        }
        try {
            boolean discovered = known != null && failure == null && ticker.getAsLong() - known.metadata.freshUntil < 0;
            IssuerMetadata metadata =
                    known != null && discovered ? known.metadata : IssuerMetadata.load(connection, issuer);
            Reply reply = connection.get(metadata.keys);
            if (reply.status != 200) {
                throw IssuerException.unreachable("the status of its keys is " + reply.status);
            }
            KeySet loaded = KeySet.read(reply, metadata, known);
            keys = loaded;
            failure = null;
            return loaded;
        } catch (IssuerException failed) {
            failure = failed;
            failedAt = ticker.getAsLong();
            throw failed;
        }
    }
}
