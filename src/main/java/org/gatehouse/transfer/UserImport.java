package org.gatehouse.transfer;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.gatehouse.audit.AuditDetail;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.StreamedAnswer;
import org.gatehouse.json.JsonBodyReader;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.user.Caller;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserJson;
import org.gatehouse.user.Username;

/**
 * Imports users, one a line.
 *
 * <p>Each line is imported whole or not at all, by itself; an existing user is never changed, so the same lines may be
 * sent again. Lines are written some hundreds at a time, and what is kept in memory does not grow with their number.
 */
public final class UserImport implements AutoCloseable {
    /** MongoDB may be away for so long, as it is while another primary is elected. */
    private static final Duration STORE_TIMEOUT = Duration.ofSeconds(20);

    /** Logins go first, but there are never so many for so long. */
    private static final Duration HASHING_TIMEOUT = Duration.ofMinutes(2);

    private static final Duration RETRY_INTERVAL = Duration.ofMillis(250);

    final UserDao users;
    final PasswordHasher hasher;
    final AuditLog audit;
    private final PasswordPolicy policy;
    private final Predicate<Caller> stillAdministrator;
    private volatile boolean closed;

    /**
     * Creates the import.
     *
     * @param stillAdministrator asked before each write, because the caller may lose the right meanwhile
     */
    public UserImport(
            UserDao users,
            PasswordHasher hasher,
            PasswordPolicy policy,
            AuditLog audit,
            Predicate<Caller> stillAdministrator) {
        this.users = users;
        this.hasher = hasher;
        this.policy = policy;
        this.audit = audit;
        this.stillAdministrator = stillAdministrator;
    }

    /**
     * Begins an import, which is in the audit log when this returns. The body is read while the answer is written.
     *
     * @param dryRun whether lines are only checked
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    StreamedAnswer.Body start(Caller caller, boolean dryRun, InputStream body) {
        boolean nothingParked = users.hasNoParkedNames();
        audit.recordOrFail(
                AuditEvent.of(AuditType.USERS_IMPORT_STARTED, caller.origin()).by(caller.userId()));
        return answer -> new Run(caller, dryRun, body, answer, nothingParked).run();
    }

    /** Imports under way end where they are. */
    @Override
    public void close() {
        closed = true;
    }

    void requireAdministrator(Caller caller) {
        if (closed) {
            throw new GatehouseException(ErrorCode.BUSY, "The node stops; send the file again.");
        }
        if (!stillAdministrator.test(caller)) {
            throw new GatehouseException(
                    ErrorCode.FORBIDDEN, "You are no administrator any more, or your session has ended.");
        }
    }

    /** Does what needs the hasher, when it is its turn. */
    <T> T untilHashed(Supplier<T> work) {
        return retry(ErrorCode.BUSY, HASHING_TIMEOUT, work);
    }

    /** Does what needs MongoDB. */
    void untilStoreAnswers(Runnable work) {
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

    /** One import. */
    private final class Run {
        private final Caller caller;
        private final NdjsonReader lines;
        private final ImportReport report;
        private final ImportBatch batch;
        private long taken;

        Run(Caller caller, boolean dryRun, InputStream body, OutputStream answer, boolean nothingParked) {
            this.caller = caller;
            this.lines = new NdjsonReader(body);
            this.report = new ImportReport(answer, dryRun, hasher::isWeak);
            this.batch = new ImportBatch(UserImport.this, caller, dryRun, report, nothingParked);
        }

        void run() throws IOException {
            try {
                read();
                report.done(lines.count());
            } catch (GatehouseException stop) {
                long first = batch.firstOpen().orElse(taken + 1);
                report.sendBefore(first);
                report.stopped(first, stop);
            } finally {
                audit.record(AuditEvent.of(AuditType.USERS_IMPORTED, caller.origin())
                        .by(caller.userId())
                        .with(AuditDetail.COUNTS, report.counts()));
            }
        }

        private void read() throws IOException {
            for (Optional<NdjsonReader.Line> line = lines.next(); line.isPresent(); line = lines.next()) {
                take(line.get());
                taken = line.get().number();
            }
            settle();
        }

        private void take(NdjsonReader.Line line) throws IOException {
            if (line.isBlank()) {
                return;
            }
            Optional<Username> username = Optional.empty();
            try {
                byte[] content = line.content().orElseThrow(Run::tooLong);
                ImportedUser imported = ImportedUser.of(
                        JsonBodyReader.parse(content, JsonBodyReader.LINE).object(), hasher::violation);
                username = Optional.of(imported.user().username());
                requirePolicy(imported);
                if (batch.has(imported)) {
                    settle();
                }
                batch.add(line.number(), imported, content.length);
            } catch (GatehouseException wrong) {
                if (wrong.code().status() >= 500) {
                    throw wrong;
                }
                report.failed(line.number(), username, wrong);
            }
            if (batch.isFull() || report.size() >= ImportBatch.SIZE) {
                settle();
            }
        }

        private void requirePolicy(ImportedUser imported) {
            imported.password()
                    .flatMap(password -> untilHashed(() -> policy.violation(
                            password.reveal(), imported.user().username().typed())))
                    .ifPresent(violation -> {
                        throw GatehouseException.invalid(UserJson.PASSWORD, violation);
                    });
        }

        /** Has what became of the lines so far decided, and tells it. */
        private void settle() throws IOException {
            batch.settle();
            report.sendBefore(Long.MAX_VALUE);
        }

        private static GatehouseException tooLong() {
            return new GatehouseException(
                    ErrorCode.BODY_TOO_LARGE, "The line is longer than " + NdjsonReader.MAX_BYTES / 1024 + " KiB.");
        }
    }
}
