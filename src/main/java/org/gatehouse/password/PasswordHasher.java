package org.gatehouse.password;

import com.github.benmanes.caffeine.cache.Ticker;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
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

/**
 * Hashes passwords with Argon2id (RFC 9106) and checks them; hashes are PHC strings. What the original service stored,
 * bcrypt or the password itself, is checked too, and so are the hashes of other services.
 *
 * <p>At most one hash runs per core. A bounded number of callers wait, each for a bounded time; all others are refused
 * at once with {@code BUSY}. So a flood of logins takes neither the container's threads nor all of its memory. While many
 * wait, one core is left to everybody else, if there is anybody else.
 */
public final class PasswordHasher implements AutoCloseable {
    /** For a slot; what a person waits for a login without trying again. */
    static final Duration WAIT_LIMIT = Duration.ofSeconds(1);

    /** One hash takes some 50 ms, so those at the end of a longer queue would be refused by the clock anyway. */
    private static final int WAITING_PER_CORE = 16;

    /**
     * From so many on, one core hashes less: with a hash on each of two cores the slowest token checks took four times as
     * long, with one core left to them twice. A burst that is over in a fifth of a second is no flood.
     */
    private static final int MANY_WAITING_PER_CORE = 4;

    /** Normalising a hostile text of the largest body costs more than the hash; no password is as long as this. */
    static final int MAX_CHARS = 1024;

    private static final String IMPOSSIBLE = "nobody's guess";

    /** How long work that can wait gives way to logins. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final long LOOK_AGAIN_MS = 5;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private static final Duration STOP_LIMIT = Duration.ofSeconds(2);

    private static final int SALT_BYTES = 16;
    private static final int HASH_BYTES = 32;

    private static final Logger log = LoggerFactory.getLogger(PasswordHasher.class);

    private final Argon2 argon2;
    private final Argon2Hash hashOfNobody;
    private final SecureRandom random = new SecureRandom();
    private final int cores;
    private final Duration waitLimit;
    private final ThreadPoolExecutor slots;
    private final OtherWork otherWork = new OtherWork(Ticker.systemTicker());

    /** What a hash of ours took at last. */
    private volatile long ownNanos;

    /**
     * Starts with no threads; they come with the first work and go, with the memory they hold, after a minute without.
     *
     * @param memoryKib memory of a new hash; existing hashes carry their own costs
     * @param iterations passes of a new hash
     * @param cores how many hashes may run at once, in ordinary times
     */
    public PasswordHasher(int memoryKib, int iterations, int cores) {
        this(new Argon2(memoryKib), memoryKib, iterations, cores, WAIT_LIMIT);
    }

    PasswordHasher(Argon2 argon2, int memoryKib, int iterations, int cores, Duration waitLimit) {
        this.argon2 = argon2;
        this.waitLimit = waitLimit;
        // Matches no password: nothing is known whose hash is all zeros.
        this.hashOfNobody = Argon2Hash.of(memoryKib, iterations, new byte[SALT_BYTES], new byte[HASH_BYTES]);
        this.cores = cores;
        AtomicInteger number = new AtomicInteger();
        this.slots = new ThreadPoolExecutor(
                cores, cores, 1, TimeUnit.MINUTES, new ArrayBlockingQueue<>(WAITING_PER_CORE * cores), work -> {
                    Thread thread = new Thread(work, "gatehouse-password-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        this.slots.allowCoreThreadTimeOut(true);
    }

    /**
     * The PHC string to store for this password.
     *
     * @throws GatehouseException {@code BUSY} when there is no slot in time
     */
    public String hash(String password) {
        return inSlot(() -> {
            byte[] salt = new byte[SALT_BYTES];
            random.nextBytes(salt);
            Argon2Hash salted = hashOfNobody.with(salt, new byte[HASH_BYTES]);
            return salted.with(salt, timed(normal(password), salted)).encode();
        });
    }

    /**
     * The same for work that can wait: it begins when a slot is free or, so that it is not put off for ever, after
     * {@link #PATIENCE}. Called from one thread, it delays no login by more than one hash.
     *
     * @throws GatehouseException {@code BUSY} when there is no slot even then
     * @throws InterruptedException when the thread is told to stop
     */
    public String hashUnhurried(String password) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while ((slots.getActiveCount() >= cores || !slots.getQueue().isEmpty()) && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MS);
        }
        return hash(password);
    }

    /**
     * Whether this is the password. Without one, or with one that cannot be read, the answer is no, after the same work,
     * so that time does not tell who has an account.
     *
     * @throws GatehouseException {@code BUSY} when there is no slot in time
     */
    public boolean matches(String password, Optional<StoredPassword> stored) {
        boolean possible = stored.isPresent() && password.length() <= MAX_CHARS;
        String candidate = password.length() <= MAX_CHARS ? password : IMPOSSIBLE;
        return inSlot(() -> verify(candidate, stored)) && possible;
    }

    /** True when a new hash of the same password would cost a thief more: the text is none of Argon2id, or a cheaper one. */
    public boolean needsRehash(StoredPassword stored) {
        return stored.plain()
                || Argon2Hash.parse(stored.text())
                        .map(hash -> hash.isWeakerThan(hashOfNobody))
                        .orElse(true);
    }

    /**
     * Why a hash that another service made is not taken over, as words that follow "passwordHash"; empty when it is.
     * Taken are bcrypt, Argon2, PBKDF2 and scrypt, unless a check would cost more than some two seconds of a core, 256 MiB
     * with Argon2 or 128 MiB with scrypt; what this service makes itself is always taken.
     */
    public Optional<String> complaint(String hash) {
        Optional<Argon2Hash> argon2Hash =
                hash.length() <= ForeignHash.MAX_LENGTH ? Argon2Hash.parse(hash) : Optional.empty();
        Optional<Boolean> affordable = argon2Hash
                .map(known -> known.isAffordable() || known.costsAtMost(hashOfNobody))
                .or(() -> ForeignHash.parse(hash).map(ForeignHash::isAffordable));
        if (affordable.isEmpty()) {
            return Optional.of("must be a bcrypt hash ($2a$, $2b$, $2y$), or one of Argon2, PBKDF2 or scrypt as a PHC"
                    + " string, with costs that can be checked");
        }
        return affordable.get() ? Optional.empty() : Optional.of("has costs that no login may take");
    }

    /**
     * Refuses what would find the queue full; asked before anything else of a login is done, it makes refusals cheap.
     *
     * @throws GatehouseException {@code BUSY}
     */
    public void requireRoom() {
        if (slots.getQueue().remainingCapacity() == 0) {
            throw busy();
        }
    }

    /** Tells that a request was served that is no login: such as these are left a core when there are many. */
    public void noteOtherWork() {
        otherWork.note();
    }

    /** How many wait for a slot now. */
    int waiting() {
        return slots.getQueue().size();
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

    private boolean verify(String candidate, Optional<StoredPassword> stored) {
        Optional<ForeignHash> foreign = stored.flatMap(StoredPassword::foreign);
        if (foreign.isPresent()) {
            return verify(candidate, foreign.get());
        }
        Argon2Hash expected = stored.filter(password -> !password.plain())
                .flatMap(hash -> Argon2Hash.parse(hash.text()))
                .orElse(hashOfNobody);
        String normal = normal(candidate);
        boolean derived = isOf(normal, expected);
        if (!derived && !normal.equals(candidate)) {
            derived = isOf(candidate, expected); // as other services hash it
        }
        boolean same = stored.filter(StoredPassword::plain)
                .map(password -> MessageDigest.isEqual(bytes(normal), bytes(normal(password.text()))))
                .orElse(false);
        return derived || same;
    }

    /** A cheap hash is not to tell by its speed that there is such a user. */
    private boolean verify(String candidate, ForeignHash foreign) {
        long began = System.nanoTime();
        boolean same = foreign.matches(candidate);
        if (!same && System.nanoTime() - began < ownNanos / 2) {
            var unused = isOf(candidate, hashOfNobody);
        }
        return same;
    }

    private boolean isOf(String candidate, Argon2Hash hash) {
        return MessageDigest.isEqual(timed(candidate, hash), hash.hashBytes());
    }

    private byte[] timed(String candidate, Argon2Hash like) {
        long began = System.nanoTime();
        byte[] derived = argon2.derive(candidate, like);
        if (like.costsAtMost(hashOfNobody) && hashOfNobody.costsAtMost(like)) {
            ownNanos = System.nanoTime() - began;
        }
        return derived;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** The same password typed on two keyboards may differ in its code points (NIST SP 800-63B-4, section 3.1.1.2). */
    private static String normal(String password) {
        return Normalizer.normalize(password, Normalizer.Form.NFKC);
    }

    private <T> T inSlot(Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        try {
            slots.execute(task);
            adjustSlots();
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

    private void adjustSlots() {
        int waiting = slots.getQueue().size();
        if (waiting <= cores || !otherWork.isMuch()) {
            setSlots(cores);
        } else if (waiting > MANY_WAITING_PER_CORE * cores) {
            setSlots(Math.max(1, cores - 1));
        }
    }

    /** A hash that runs is not disturbed; its thread ends after it when there is one too many. */
    private synchronized void setSlots(int number) {
        if (number < slots.getCorePoolSize()) {
            slots.setCorePoolSize(number);
            slots.setMaximumPoolSize(number);
        } else if (number > slots.getCorePoolSize()) {
            slots.setMaximumPoolSize(number);
            slots.setCorePoolSize(number);
        }
    }

    private <T> T result(FutureTask<T> task) throws InterruptedException, ExecutionException {
        try {
            return task.get(waitLimit.toMillis(), TimeUnit.MILLISECONDS);
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
