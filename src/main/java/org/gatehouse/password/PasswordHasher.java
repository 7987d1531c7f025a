package org.gatehouse.password;

import java.text.Normalizer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;

/**
 * Hashes passwords with Argon2id (RFC 9106) and checks them; hashes are PHC strings.
 *
 * <p>At most one hash runs per core. A bounded number of callers wait, each for a bounded time; all others are refused
 * at once with {@code BUSY}. So a flood of logins takes neither the container's threads nor all of its memory.
 */
public final class PasswordHasher implements AutoCloseable {
    /** For a slot; what a person waits for a login without trying again. */
    private static final Duration WAIT_LIMIT = Duration.ofSeconds(1);

    /** One hash takes some 50 ms, so those at the end of a longer queue would be refused by the clock anyway. */
    private static final int WAITING_PER_CORE = 16;

    /** Normalising a hostile text of the largest body costs more than the hash; no password is as long as this. */
    private static final int MAX_CHARS = 1024;

    private static final String IMPOSSIBLE = "nobody's guess";

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private static final Duration STOP_LIMIT = Duration.ofSeconds(2);

    private static final int SALT_BYTES = 16;
    private static final int HASH_BYTES = 32;
    private static final int LANES = 1;

    private static final Logger log = LoggerFactory.getLogger(PasswordHasher.class);

    private final PasswordEncoder encoder;
    private final ThreadPoolExecutor slots;
    private final String hashOfNobody;

    /**
     * Starts with no threads; they come with the first work.
     *
     * @param memoryKib memory of a new hash; existing hashes carry their own costs
     * @param iterations passes of a new hash
     * @param cores how many hashes may run at once
     */
    public PasswordHasher(int memoryKib, int iterations, int cores) {
        this(new Argon2PasswordEncoder(SALT_BYTES, HASH_BYTES, LANES, memoryKib, iterations), cores);
    }

    PasswordHasher(PasswordEncoder encoder, int cores) {
        this.encoder = encoder;
        AtomicInteger number = new AtomicInteger();
        this.slots = new ThreadPoolExecutor(
                cores, cores, 1, TimeUnit.MINUTES, new ArrayBlockingQueue<>(WAITING_PER_CORE * cores), work -> {
                    Thread thread = new Thread(work, "gatehouse-password-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        this.hashOfNobody = encoder.encode("nobody's password");
    }

    /**
     * The PHC string to store for this password.
     *
     * @throws GatehouseException {@code BUSY} when there is no slot in time
     */
    public String hash(String password) {
        return inSlot(() -> encoder.encode(normal(password)));
    }

    /**
     * Whether this is the password; without a hash the answer is no, after the same work, so that time does not tell who
     * has an account.
     *
     * @throws GatehouseException {@code BUSY} when there is no slot in time
     */
    public boolean matches(String password, Optional<String> hash) {
        boolean possible = hash.isPresent() && password.length() <= MAX_CHARS;
        String candidate = possible ? password : IMPOSSIBLE; // not empty: the encoder refuses that without any work
        return inSlot(() -> encoder.matches(normal(candidate), hash.orElse(hashOfNobody))) && possible;
    }

    @Override
    public void close() {
        slots.shutdownNow().forEach(waiting -> ((FutureTask<?>) waiting).cancel(false));
        try {
            if (!slots.awaitTermination(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("A password is still being hashed; its thread ends with it");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The same password typed on two keyboards may differ in its code points (NIST SP 800-63B-4, section 3.1.1.2). */
    private static String normal(String password) {
        return Normalizer.normalize(password, Normalizer.Form.NFKC);
    }

    private <T> T inSlot(Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        try {
            slots.execute(task);
            return result(task);
        } catch (RejectedExecutionException | CancellationException full) {
            throw busy();
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw busy();
        } catch (ExecutionException failed) {
            throw new IllegalStateException("password hashing failed", failed.getCause());
        }
    }

    private <T> T result(FutureTask<T> task) throws InterruptedException, ExecutionException {
        try {
            return task.get(WAIT_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            if (slots.remove(task)) {
                throw busy();
            }
            return task.get(); // it has begun, so only its own time is left
        }
    }

    private static GatehouseException busy() {
        return GatehouseException.temporary(ErrorCode.BUSY, RETRY_AFTER, null);
    }
}
