package org.gatehouse.transfer;

import jakarta.ws.rs.core.StreamingOutput;
import java.io.InputStream;
import java.time.Duration;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.factor.FactorTransfer;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.user.Caller;
import org.gatehouse.user.UserDaos;

/**
 * Imports users, one per line.
 *
 * <p>Each line is imported atomically and independently of the others. An existing user is never changed, so a client
 * may send the same lines again. Lines are written in batches, so memory use does not grow with the number of lines.
 */
final class UserImport implements AutoCloseable {
    /** An import retries for this long while MongoDB is unavailable. An election of a primary takes less time. */
    private static final Duration STORE_TIMEOUT = Duration.ofSeconds(20);

    /** An import retries for this long while the hasher is busy. Logins do not fill its queue for this long. */
    private static final Duration HASHING_TIMEOUT = Duration.ofMinutes(2);

    private static final Duration RETRY_INTERVAL = Duration.ofMillis(250);

    final UserDaos users;
    final PasswordHasher hasher;
    final AuditLog audit;
    final PasswordPolicy policy;
    final FactorTransfer factors;
    private final Predicate<Caller> stillAllowed;
    private volatile boolean closed;

    /**
     * Creates the import.
     *
     * @param stillAllowed checked before each write, because the caller may lose the role meanwhile
     */
    public UserImport(
            UserDaos users,
            PasswordHasher hasher,
            PasswordPolicy policy,
            FactorTransfer factors,
            AuditLog audit,
            Predicate<Caller> stillAllowed) {
        this.users = users;
        this.hasher = hasher;
        this.policy = policy;
        this.factors = factors;
        this.audit = audit;
        this.stillAllowed = stillAllowed;
    }

    /**
     * Starts an import. The audit log contains the start when this method returns. The body is read while the response
     * is written.
     *
     * @param dryRun whether lines are only checked
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    StreamingOutput start(Caller caller, boolean dryRun, InputStream body) {
        audit.recordOrFail(caller.auditEvent(AuditType.USERS_IMPORT_STARTED));
        return output -> new ImportRun(this, caller, dryRun, body, output).run();
    }

    /** Stops each running import before its next write. */
    @Override
    public void close() {
        closed = true;
    }

    void requireAllowed(Caller caller) {
        if (closed) {
            throw new GatehouseException(ErrorCode.BUSY, "The node stops; send the file again.");
        }
        if (!stillAllowed.test(caller)) {
            throw new GatehouseException(
                    ErrorCode.FORBIDDEN, "You no longer have the permission users:import, or your session has ended.");
        }
    }

    /** Runs work that needs the hasher; retries for {@link #HASHING_TIMEOUT} while the hasher is busy. */
    <T> T retryWhileBusy(Supplier<T> work) {
        return retry(ErrorCode.BUSY, HASHING_TIMEOUT, work);
    }

    /** Runs work that needs MongoDB; retries for {@link #STORE_TIMEOUT} while MongoDB is unavailable. */
    void retryWhileUnavailable(Runnable work) {
        var unused = retry(ErrorCode.STORE_UNAVAILABLE, STORE_TIMEOUT, () -> {
            work.run();
            return true;
        });
    }

    private <T> T retry(ErrorCode temporary, Duration timeout, Supplier<T> work) {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            try {
                return work.get();
            } catch (GatehouseException failed) {
                boolean last = closed || System.nanoTime() > deadline;
                if (failed.code() != temporary || last || !Threads.sleep(RETRY_INTERVAL)) {
                    throw failed;
                }
            }
        }
    }
}
