package org.gatehouse.user;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.gatehouse.audit.AuditDetail;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.auth.Caller;
import org.gatehouse.auth.UserId;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.BodyLines;
import org.gatehouse.http.JsonBodyReader;
import org.gatehouse.http.Roles;
import org.gatehouse.http.StreamedAnswer;
import org.gatehouse.http.StreamedExchange;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.store.Pause;

/**
 * Takes over users, one a line, while the lines come.
 *
 * <p>Each line is imported whole or not at all, by itself; what is there already is never changed, so the same lines may
 * be sent again. Lines are written some hundreds at a time, and what is kept in memory does not grow with their number.
 */
public final class UserImport implements AutoCloseable {
    /** Of lines with a hash; a megabyte or two in memory. */
    private static final int BATCH = 500;

    /** How many such lines a line with a plain password counts for: its hash takes as long as they do. */
    private static final int PASSWORD_WEIGHT = 50;

    /** In bytes of the lines; for those with many own fields. */
    private static final int BATCH_BYTES = 1 << 20;

    /** The store may be away for so long, as it is while another primary is elected. */
    private static final Duration STORE_PATIENCE = Duration.ofSeconds(20);

    /** Logins go first, but there are never so many for so long. */
    private static final Duration HASHER_PATIENCE = Duration.ofMinutes(2);

    /** Names are parked at the start of a node only. */
    private static final Duration PARKED_NAMES_KNOWN = Duration.ofSeconds(30);

    private static final Duration RETRY = Duration.ofMillis(250);

    private final UserDao users;
    private final MongoUserDao store;
    private final PasswordHasher hasher;
    private final PasswordPolicy policy;
    private final AuditLog audit;
    private final Predicate<Caller> stillAdministrator;
    private final AtomicInteger threadNumber = new AtomicInteger();
    private final ExecutorService threads = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "gatehouse-import-" + threadNumber.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Wires the import to the stores.
     *
     * @param store the same users, past the cache
     * @param stillAdministrator asked before each write, for the caller may lose the right meanwhile
     */
    public UserImport(
            UserDao users,
            MongoUserDao store,
            PasswordHasher hasher,
            PasswordPolicy policy,
            AuditLog audit,
            Predicate<Caller> stillAdministrator) {
        this.users = users;
        this.store = store;
        this.hasher = hasher;
        this.policy = policy;
        this.audit = audit;
        this.stillAdministrator = stillAdministrator;
    }

    /**
     * Begins an import; the body is read while the answer is written.
     *
     * @param dryRun whether lines are only checked
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    StreamedAnswer.Body start(Caller caller, boolean dryRun, InputStream body) {
        boolean nothingParked = store.hasNoParkedNames();
        audit.recordOrRefuse(AuditEvent.of(AuditType.USERS_IMPORT_STARTED, caller.origin())
                .by(caller.userId().hex()));
        return new StreamedExchange(
                threads, body, (lines, answer) -> new Run(caller, dryRun, lines, answer, nothingParked).run());
    }

    /** Imports under way end where they are. */
    @Override
    public void close() {
        threads.shutdownNow();
    }

    private record Candidate(long line, ImportedUser imported) {}

    /** One import. */
    private final class Run {
        private final Caller caller;
        private final boolean dryRun;
        private final BodyLines lines;
        private final ImportReport report;

        /** Those of the batch that nothing is known of yet. */
        private final List<Candidate> open = new ArrayList<>();

        private final Set<String> keys = new HashSet<>();
        private final Set<UserId> ids = new HashSet<>();
        private final Map<UserId, String> hashes = new HashMap<>();

        /** Of whom an attempt to write did not tell whether it had succeeded. */
        private final Set<UserId> attempted = new HashSet<>();

        private long taken;
        private int weight;
        private int bytes;
        private boolean nothingParked;
        private long parkedAsked = System.nanoTime();

        Run(Caller caller, boolean dryRun, InputStream body, OutputStream answer, boolean nothingParked) {
            this.caller = caller;
            this.dryRun = dryRun;
            this.lines = new BodyLines(body, this::settle);
            this.report = new ImportReport(answer, dryRun);
            this.nothingParked = nothingParked;
        }

        void run() throws IOException {
            try {
                read();
                report.done(lines.count());
            } catch (GatehouseException stop) {
                long first = open.isEmpty() ? taken + 1 : open.get(0).line();
                report.sendBefore(first);
                report.stopped(first, stop);
            } finally {
                audit.record(AuditEvent.of(AuditType.USERS_IMPORTED, caller.origin())
                        .by(caller.userId().hex())
                        .with(AuditDetail.COUNTS, report.counts()));
            }
        }

        private void read() throws IOException {
            boolean broken = false;
            try {
                for (Optional<BodyLines.Line> line = lines.next(); line.isPresent(); line = lines.next()) {
                    take(line.get());
                    taken = line.get().number();
                }
            } catch (BodyLines.BrokenOff end) {
                broken = true;
            }
            settle();
            if (broken) {
                throw new GatehouseException(
                        ErrorCode.BODY_MALFORMED, "The body broke off before its end, or nothing came for too long.");
            }
        }

        private void take(BodyLines.Line line) throws IOException {
            if (line.isBlank()) {
                return;
            }
            Optional<Username> username = Optional.empty();
            try {
                byte[] content = line.content().orElseThrow(Run::tooLong);
                ImportedUser imported =
                        ImportedUser.of(JsonBodyReader.parse(content, "line").object(), hasher::complaint);
                username = Optional.of(imported.user().username());
                requirePolicy(imported);
                add(new Candidate(line.number(), imported), content.length);
            } catch (GatehouseException wrong) {
                if (wrong.code().status() >= 500) {
                    throw wrong;
                }
                report.failed(line.number(), username, wrong);
            }
            if (weight >= BATCH || bytes >= BATCH_BYTES || report.size() >= BATCH) {
                settle();
            }
        }

        private void requirePolicy(ImportedUser imported) {
            imported.password()
                    .flatMap(password -> patiently(() -> policy.complaint(
                            password.reveal(), imported.user().username().typed())))
                    .ifPresent(complaint -> {
                        throw GatehouseException.invalid(UserJson.PASSWORD, complaint);
                    });
        }

        /** Two lines of one user never meet in a batch: the second is to see what became of the first. */
        private void add(Candidate candidate, int length) throws IOException {
            ImportedUser imported = candidate.imported();
            if (keys.contains(imported.key()) || ids.contains(imported.id())) {
                settle();
            }
            open.add(candidate);
            keys.add(imported.key());
            ids.add(imported.id());
            weight += imported.password().isPresent() ? PASSWORD_WEIGHT : 1;
            bytes += length;
        }

        /** Does what the lines so far ask for, and tells what became of them. */
        private void settle() throws IOException {
            if (!open.isEmpty()) {
                untilStoreAnswers(this::decide);
            }
            report.sendBefore(Long.MAX_VALUE);
            keys.clear();
            ids.clear();
            hashes.clear();
            attempted.clear();
            weight = 0;
            bytes = 0;
        }

        private void decide() {
            forgetDecided(); // by an attempt before this one
            requireAdministrator();
            decideByName(open);
            forgetDecided();
            if (open.isEmpty()) {
                return;
            }
            refuseParked();
            if (dryRun) {
                Set<UserId> taken = store.taken(openIds());
                open.forEach(candidate -> createdUnless(taken, candidate));
            } else {
                create();
            }
            forgetDecided();
        }

        private void create() {
            List<NewUser> fresh = new ArrayList<>();
            open.stream().map(Candidate::imported).forEach(imported -> fresh.add(withHash(imported)));
            if (!hashes.isEmpty()) {
                requireAdministrator(); // hashing takes a while
            }
            Set<UserId> refused = insertAll(fresh);
            List<Candidate> unclear = new ArrayList<>();
            for (Candidate candidate : open) {
                if (refused.contains(candidate.imported().id())) {
                    unclear.add(candidate);
                } else {
                    report.created(candidate.line(), candidate.imported());
                    recordAdministrator(candidate.imported().user());
                }
            }
            if (!unclear.isEmpty()) {
                decideByName(unclear); // somebody was quicker, or it is the id that is taken
                unclear.stream()
                        .filter(candidate -> !report.has(candidate.line()))
                        .forEach(candidate -> createdUnless(refused, candidate));
            }
        }

        /** The counts alone would not tell who can do everything now. */
        private void recordAdministrator(NewUser user) {
            if (user.roles().contains(Roles.ADMIN)) {
                audit.record(AuditEvent.of(AuditType.USER_CREATED, caller.origin())
                        .by(caller.userId().hex())
                        .on(user.id().hex(), user.username().typed())
                        .with(AuditDetail.TO, String.join(", ", new TreeSet<>(user.roles()))));
            }
        }

        private Set<UserId> insertAll(List<NewUser> fresh) {
            try {
                return users.insertAll(fresh);
            } catch (GatehouseException unknown) {
                fresh.forEach(user -> attempted.add(user.id()));
                throw unknown;
            }
        }

        private void decideByName(List<Candidate> candidates) {
            Map<String, User> present =
                    store
                            .findNamed(candidates.stream()
                                    .map(candidate -> candidate.imported().key())
                                    .toList())
                            .stream()
                            .collect(Collectors.toMap(ListedUser::key, ListedUser::user));
            for (Candidate candidate : candidates) {
                User there = present.get(candidate.imported().key());
                if (there != null) {
                    decide(candidate, there);
                }
            }
        }

        private void decide(Candidate candidate, User there) {
            ImportedUser imported = candidate.imported();
            if (attempted.contains(there.id()) && there.id().equals(imported.id())) {
                report.created(candidate.line(), imported);
            } else if (imported.isSameAs(there)) {
                report.unchanged(candidate.line(), there);
            } else {
                refuse(candidate, new GatehouseException(ErrorCode.USERNAME_TAKEN));
            }
        }

        private void createdUnless(Set<UserId> taken, Candidate candidate) {
            if (taken.contains(candidate.imported().id())) {
                refuse(candidate, GatehouseException.invalid(UserJson.ID, "belongs to a user of another name"));
            } else {
                report.created(candidate.line(), candidate.imported());
            }
        }

        private void refuseParked() {
            if (System.nanoTime() - parkedAsked > PARKED_NAMES_KNOWN.toNanos()) {
                nothingParked = store.hasNoParkedNames();
                parkedAsked = System.nanoTime();
            }
            if (nothingParked) {
                return;
            }
            for (Candidate candidate : open) {
                NewUser user = candidate.imported().user();
                if (store.isParked(user.username(), user.id())) {
                    refuse(candidate, new GatehouseException(ErrorCode.USERNAME_TAKEN));
                }
            }
            forgetDecided();
        }

        private void refuse(Candidate candidate, GatehouseException reason) {
            report.failed(
                    candidate.line(), Optional.of(candidate.imported().user().username()), reason);
        }

        private void forgetDecided() {
            open.removeIf(candidate -> report.has(candidate.line()));
        }

        private List<UserId> openIds() {
            return open.stream().map(candidate -> candidate.imported().id()).toList();
        }

        private NewUser withHash(ImportedUser imported) {
            return imported.password()
                    .map(password -> hashes.computeIfAbsent(
                            imported.id(), id -> patiently(() -> hashUnhurried(password.reveal()))))
                    .map(imported.user()::withHash)
                    .orElse(imported.user());
        }

        private String hashUnhurried(String password) {
            try {
                return hasher.hashUnhurried(password);
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
                throw new GatehouseException(ErrorCode.BUSY);
            }
        }

        private void requireAdministrator() {
            if (!stillAdministrator.test(caller)) {
                throw new GatehouseException(
                        ErrorCode.FORBIDDEN, "You are no administrator any more, or your session has ended.");
            }
        }

        private static GatehouseException tooLong() {
            return new GatehouseException(
                    ErrorCode.BODY_TOO_LARGE, "The line is longer than " + BodyLines.MAX_BYTES / 1024 + " KiB.");
        }
    }

    /** What needs the hasher waits for its turn. */
    private static <T> T patiently(Supplier<T> work) {
        return patiently(ErrorCode.BUSY, HASHER_PATIENCE, work);
    }

    private static void untilStoreAnswers(Runnable work) {
        var unused = patiently(ErrorCode.STORE_UNAVAILABLE, STORE_PATIENCE, () -> {
            work.run();
            return true;
        });
    }

    private static <T> T patiently(ErrorCode passing, Duration patience, Supplier<T> work) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                return work.get();
            } catch (GatehouseException failed) {
                if (failed.code() != passing || System.nanoTime() > deadline || !Pause.of(RETRY)) {
                    throw failed;
                }
            }
        }
    }
}
