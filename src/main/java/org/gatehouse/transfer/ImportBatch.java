package org.gatehouse.transfer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.gatehouse.audit.AuditDetail;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.gatehouse.user.Caller;
import org.gatehouse.user.ListedUser;
import org.gatehouse.user.NewUser;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserJson;

/**
 * Those lines of an import that are decided and written together, some hundreds at a time; used again for the next.
 *
 * <p>Each user is created whole or not at all, by itself; what is there already is never changed.
 */
final class ImportBatch {
    /** Of lines with a hash; a megabyte or two in memory. */
    static final int SIZE = 500;

    /** How many such lines a line with a plain password counts for: its hash takes as long as they do. */
    private static final int PASSWORD_WEIGHT = 50;

    /** In bytes of the lines; for those with many own fields. */
    private static final int BYTES = 1 << 20;

    /** Names are parked at the start of a node only. */
    private static final Duration PARKED_NAMES_KNOWN = Duration.ofSeconds(30);

    private final UserImport imports;
    private final Caller caller;
    private final boolean dryRun;
    private final ImportReport report;

    /** Those that nothing is known of yet. */
    private final List<Candidate> open = new ArrayList<>();

    private final Set<String> keys = new HashSet<>();
    private final Set<UserId> ids = new HashSet<>();
    private final Map<UserId, String> hashes = new HashMap<>();

    /** Of whom an attempt to write did not tell whether it had succeeded. */
    private final Set<UserId> attempted = new HashSet<>();

    private int weight;
    private int bytes;
    private boolean nothingParked;
    private long parkedAsked = System.nanoTime();

    private record Candidate(long line, ImportedUser imported) {}

    /**
     * An empty batch.
     *
     * @param dryRun whether nothing is written
     * @param report told what became of each line
     * @param nothingParked whether {@link UserDao#hasNoParkedNames} just now
     */
    ImportBatch(UserImport imports, Caller caller, boolean dryRun, ImportReport report, boolean nothingParked) {
        this.imports = imports;
        this.caller = caller;
        this.dryRun = dryRun;
        this.report = report;
        this.nothingParked = nothingParked;
    }

    /** Whether a line of the same user is in it; two never meet: the second is to see what became of the first. */
    boolean has(ImportedUser imported) {
        return keys.contains(imported.key()) || ids.contains(imported.id());
    }

    /** @param length of the line, in bytes */
    void add(long line, ImportedUser imported, int length) {
        open.add(new Candidate(line, imported));
        keys.add(imported.key());
        ids.add(imported.id());
        weight += imported.password().isPresent() ? PASSWORD_WEIGHT : 1;
        bytes += length;
    }

    boolean isFull() {
        return weight >= SIZE || bytes >= BYTES;
    }

    /** The first line that nothing is known of. */
    Optional<Long> firstOpen() {
        return open.stream().map(Candidate::line).findFirst();
    }

    /**
     * Does what its lines ask for, and is empty then.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} and the like, when some are still open
     */
    void settle() {
        if (!open.isEmpty()) {
            imports.untilStoreAnswers(this::decide);
        }
        keys.clear();
        ids.clear();
        hashes.clear();
        attempted.clear();
        weight = 0;
        bytes = 0;
    }

    private void decide() {
        forgetDecided(); // by an attempt before this one
        imports.requireAdministrator(caller);
        decideByName(open);
        forgetDecided();
        if (open.isEmpty()) {
            return;
        }
        refuseParked();
        if (dryRun) {
            Set<UserId> taken = imports.users.taken(openIds());
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
            imports.requireAdministrator(caller); // hashing takes a while
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
            imports.audit.record(AuditEvent.of(AuditType.USER_CREATED, caller.origin())
                    .by(caller.userId())
                    .on(user.id(), user.username().typed())
                    .with(AuditDetail.TO, String.join(", ", new TreeSet<>(user.roles()))));
        }
    }

    private Set<UserId> insertAll(List<NewUser> fresh) {
        try {
            return imports.users.insertAll(fresh);
        } catch (GatehouseException unknown) {
            fresh.forEach(user -> attempted.add(user.id()));
            throw unknown;
        }
    }

    private void decideByName(List<Candidate> candidates) {
        Map<String, User> present =
                imports
                        .users
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
            nothingParked = imports.users.hasNoParkedNames();
            parkedAsked = System.nanoTime();
        }
        if (nothingParked) {
            return;
        }
        for (Candidate candidate : open) {
            NewUser user = candidate.imported().user();
            if (imports.users.isParked(user.username(), user.id())) {
                refuse(candidate, new GatehouseException(ErrorCode.USERNAME_TAKEN));
            }
        }
        forgetDecided();
    }

    private void refuse(Candidate candidate, GatehouseException reason) {
        report.failed(candidate.line(), Optional.of(candidate.imported().user().username()), reason);
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
                        imported.id(),
                        id -> imports.untilHashed(() -> imports.hasher.hashUnhurried(password.reveal()))))
                .map(imported.user()::withHash)
                .orElse(imported.user());
    }
}
