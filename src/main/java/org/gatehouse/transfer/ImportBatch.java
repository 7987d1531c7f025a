package org.gatehouse.transfer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditType;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.gatehouse.user.Caller;
import org.gatehouse.user.MongoUserDao;
import org.gatehouse.user.NewUser;
import org.gatehouse.user.User;
import org.gatehouse.user.UserJson;

/**
 * Collects import lines and writes up to {@link #SIZE} lines together. The object is reused for each batch.
 *
 * <p>Each user is created atomically and independently of the others. Existing users are never changed.
 */
final class ImportBatch {
    /** The maximum number of lines of a batch without plain passwords. Such a batch takes one or two megabytes. */
    static final int SIZE = 500;

    /** A plain password counts as this many lines, because hashing takes as long as the storage of these lines. */
    private static final int PASSWORD_WEIGHT = 50;

    /** The maximum size of all lines together, in bytes. Users with many custom fields reach this limit first. */
    private static final int BYTES = 1 << 20;

    private final UserImport imports;
    private final Caller caller;
    private final boolean dryRun;
    private final ImportReport report;

    /** The lines that have no result yet. */
    private final List<Candidate> open = new ArrayList<>();

    private final Set<String> names = new HashSet<>();
    private final Set<UserId> ids = new HashSet<>();
    private final Set<EmailAddress> addresses = new HashSet<>();
    private final Set<String> credentials = new HashSet<>();
    private final Map<UserId, String> hashes = new HashMap<>();

    /** The ids of users whose insert failed. The insert may have stored these users before it failed. */
    private final Set<UserId> attempted = new HashSet<>();

    private int weight;
    private int bytes;

    private record Candidate(long line, ImportedUser imported) {}

    /**
     * Creates an empty batch.
     *
     * @param dryRun true if lines are only checked
     * @param report receives the result of each line
     */
    ImportBatch(UserImport imports, Caller caller, boolean dryRun, ImportReport report) {
        this.imports = imports;
        this.caller = caller;
        this.dryRun = dryRun;
        this.report = report;
    }

    /**
     * Whether the batch has another line with the name, the id, the verified address or a passkey of this user. That line
     * must have a result first.
     */
    boolean has(ImportedUser imported) {
        return names.contains(imported.canonicalUsername())
                || ids.contains(imported.id())
                || imported.verifiedAddress().filter(addresses::contains).isPresent()
                || imported.factors().credentialIds().stream().anyMatch(credentials::contains);
    }

    /** @param length the length of the line in bytes */
    void add(long line, ImportedUser imported, int length) {
        open.add(new Candidate(line, imported));
        names.add(imported.canonicalUsername());
        ids.add(imported.id());
        imported.verifiedAddress().ifPresent(addresses::add);
        credentials.addAll(imported.factors().credentialIds());
        weight += imported.password() != null ? PASSWORD_WEIGHT : 1;
        bytes += length;
    }

    boolean isFull() {
        return weight >= SIZE || bytes >= BYTES;
    }

    /** Returns the number of the first line without a result; the given number if every line has a result. */
    long firstOpenOr(long next) {
        return open.isEmpty() ? next : open.get(0).line();
    }

    /**
     * Imports the lines of this batch, which is empty afterwards.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE}, {@code BUSY} or {@code FORBIDDEN}; some lines then have no
     *     result
     */
    void settle() {
        if (!open.isEmpty()) {
            imports.retryWhileUnavailable(this::decide);
        }
        names.clear();
        ids.clear();
        addresses.clear();
        credentials.clear();
        hashes.clear();
        attempted.clear();
        weight = 0;
        bytes = 0;
    }

    private void decide() {
        forgetDecided(); // a previous attempt may have decided some lines
        imports.requireAllowed(caller);
        decideByName(open);
        forgetDecided();
        if (open.isEmpty()) {
            return;
        }
        rejectReserved();
        rejectKnownCredentials(open);
        forgetDecided();
        if (open.isEmpty()) {
            return;
        }
        if (dryRun) {
            Taken taken = taken(open);
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
            imports.requireAllowed(caller); // checked again, because hashing takes a while
        }
        Set<UserId> rejected = insertAll(fresh);
        List<Candidate> unclear = new ArrayList<>();
        for (Candidate candidate : open) {
            if (rejected.contains(candidate.imported().id())) {
                unclear.add(candidate);
            } else {
                report.created(candidate.line(), candidate.imported());
                recordPermissions(candidate.imported().user());
            }
        }
        if (!unclear.isEmpty()) {
            decideByName(unclear); // another write took the name, or the id, the address or a passkey is taken
            rejectKnownCredentials(unclear.stream()
                    .filter(candidate -> !report.has(candidate.line()))
                    .toList());
            unclear.removeIf(candidate -> report.has(candidate.line()));
            Taken taken = taken(unclear);
            unclear.forEach(candidate -> {
                if (!isRejected(taken, candidate)) { // another write freed what was taken
                    reject(candidate, new GatehouseException(ErrorCode.USERNAME_TAKEN));
                }
            });
        }
    }

    /** Records the user if its roles have permissions, because the recorded counts do not show such users. */
    private void recordPermissions(NewUser user) {
        if (Permission.areAdded(Set.of(), user.roles())) {
            imports.audit.record(caller.auditEvent(AuditType.USER_CREATED)
                    .on(user.id(), user.username().typed())
                    .with(Detail.TO, Roles.text(user.roles())));
        }
    }

    private Set<UserId> insertAll(List<NewUser> fresh) {
        if (open.stream().anyMatch(candidate -> !candidate.imported().factors().isEmpty())) {
            imports.factors.markFormat();
        }
        try {
            return imports.users.cached().insertAll(fresh);
        } catch (GatehouseException unknown) {
            fresh.forEach(user -> attempted.add(user.id()));
            throw unknown;
        }
    }

    private void decideByName(List<Candidate> candidates) {
        Map<String, User> present = imports.users
                .stored()
                .findNamed(candidates.stream()
                        .map(candidate -> candidate.imported().canonicalUsername())
                        .toList());
        for (Candidate candidate : candidates) {
            User there = present.get(candidate.imported().canonicalUsername());
            if (there != null) {
                decide(candidate, there);
            }
        }
    }

    private void decide(Candidate candidate, User there) {
        ImportedUser imported = candidate.imported();
        if (imported.hasMoreFactorsThan(there)) {
            reject(
                    candidate,
                    GatehouseException.invalid(
                            UserJson.FACTORS,
                            "cannot be added by an import, because the user exists without a factor"));
        } else if (attempted.contains(there.id()) && there.id().equals(imported.id())) {
            report.created(candidate.line(), imported);
        } else if (imported.isSameAs(there)) {
            report.unchanged(candidate.line(), there);
        } else {
            reject(candidate, new GatehouseException(ErrorCode.USERNAME_TAKEN));
        }
    }

    /** The ids and the verified addresses that present users have. */
    private record Taken(Set<UserId> ids, Set<EmailAddress> addresses) {}

    private Taken taken(List<Candidate> candidates) {
        List<UserId> wanted = new ArrayList<>();
        List<EmailAddress> verified = new ArrayList<>();
        for (Candidate candidate : candidates) {
            wanted.add(candidate.imported().id());
            candidate.imported().verifiedAddress().ifPresent(verified::add);
        }
        MongoUserDao stored = imports.users.stored();
        return new Taken(stored.taken(wanted), stored.verified(verified));
    }

    private void createdUnless(Taken taken, Candidate candidate) {
        if (!isRejected(taken, candidate)) {
            report.created(candidate.line(), candidate.imported());
        }
    }

    /** Rejects the line if the id or the verified address is taken. */
    private boolean isRejected(Taken taken, Candidate candidate) {
        ImportedUser imported = candidate.imported();
        if (taken.ids().contains(imported.id())) {
            reject(candidate, GatehouseException.invalid(UserJson.ID, "belongs to a user with another username"));
            return true;
        }
        if (imported.verifiedAddress().filter(taken.addresses()::contains).isPresent()) {
            reject(candidate, new GatehouseException(ErrorCode.EMAIL_TAKEN));
            return true;
        }
        return false;
    }

    private void rejectReserved() {
        if (imports.users.stored().hasNoReservedUsernames()) {
            return;
        }
        for (Candidate candidate : open) {
            NewUser user = candidate.imported().user();
            if (imports.users.stored().isReserved(user.username(), user.id())) {
                reject(candidate, new GatehouseException(ErrorCode.USERNAME_TAKEN));
            }
        }
        forgetDecided();
    }

    /** The unique index also rejects such passkeys. This check gives the reason. */
    private void rejectKnownCredentials(List<Candidate> candidates) {
        List<String> wanted = candidates.stream()
                .flatMap(candidate -> candidate.imported().factors().credentialIds().stream())
                .toList();
        Set<String> known = imports.factors.known(wanted);
        for (Candidate candidate : candidates) {
            if (candidate.imported().factors().credentialIds().stream().anyMatch(known::contains)) {
                reject(
                        candidate,
                        GatehouseException.invalid(UserJson.FACTORS, "has a passkey that another user already has"));
            }
        }
    }

    private void reject(Candidate candidate, GatehouseException reason) {
        report.failed(candidate.line(), candidate.imported().user().username(), reason);
    }

    private void forgetDecided() {
        open.removeIf(candidate -> report.has(candidate.line()));
    }

    private NewUser withHash(ImportedUser imported) {
        Secret password = imported.password();
        if (password == null) {
            return imported.user();
        }
        String hash = hashes.computeIfAbsent(
                imported.id(), id -> imports.retryWhileBusy(() -> imports.hasher.hashWhenIdle(password.reveal())));
        return imported.user().withHash(hash);
    }
}
