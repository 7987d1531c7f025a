package org.gatehouse.user;

import com.mongodb.ErrorCategory;
import com.mongodb.MongoBulkWriteException;
import com.mongodb.MongoException;
import com.mongodb.WriteError;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.InsertManyOptions;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import com.mongodb.client.result.DeleteResult;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonType;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.password.StoredPassword;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.jspecify.annotations.Nullable;

/**
 * Stores users in MongoDB, one document each, with custom fields at the top level as in the legacy service.
 *
 * <p>An update writes only changed fields, so fields that another version of Gatehouse wrote are kept. Only
 * {@link #findCredential} and {@link #page} read passwords.
 */
public final class MongoUserDao implements UserDao {
    /** Limits the retries. More conflicts are unlikely: each conflict requires a successful concurrent write. */
    private static final int MAX_ATTEMPTS = 100;

    private static final String STAGED = UserDocument.SERVER_DATA + ".staged";

    /** The timeout of each read for a long response, such as an export. */
    static final Duration LONG_READ_TIMEOUT = Duration.ofSeconds(20);

    static final Bson WITHOUT_PASSWORDS = Projections.exclude(
            UserDocument.PASSWORD_HASH,
            UserJson.PASSWORD,
            UserDocument.SOURCES,
            UserDocument.DEVICES,
            UserDocument.PROOFS,
            UserDocument.UNDO,
            UserDocument.OUTBOX,
            UserDocument.ENROLMENTS,
            UserDocument.RECOVERY_CODES,
            UserDocument.CREDENTIAL_IDS);

    private static final FindOneAndUpdateOptions RETURNING_USER =
            new FindOneAndUpdateOptions().returnDocument(ReturnDocument.AFTER).projection(WITHOUT_PASSWORDS);

    /** Excludes documents whose ids are not ObjectIds, because clients cannot request these documents. */
    static final Bson SERVED = Filters.type(UserJson.ID, BsonType.OBJECT_ID);

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;
    private final MongoCollection<BsonDocument> reads;
    private final MongoCollection<BsonDocument> longReads;

    private final ReservedUsernames reservedUsernames;
    private final Clock clock;

    public MongoUserDao(MongoConnection mongo, String collection, Clock clock) {
        this.mongo = mongo;
        this.users = mongo.collection(collection);
        this.reads = mongo.readOnly(collection);
        this.longReads = users.withTimeout(LONG_READ_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        this.reservedUsernames = new ReservedUsernames(mongo, collection);
        this.clock = clock;
    }

    @Override
    public Optional<User> findLinearizable(UserId id) {
        return mongo.findLinearizable(reads, byId(id), WITHOUT_PASSWORDS).map(UserDocument::read);
    }

    @Override
    public Optional<Credential> findCredential(String typed) {
        Stream<Bson> byAddress =
                EmailAddress.parse(Username.strip(typed)).map(UserDocument::byVerifiedAddress).stream();
        Stream<Bson> byName = Username.canonicalForms(typed).stream()
                .map(name -> Filters.eq(UserDocument.CANONICAL_USERNAME, new BsonString(name)));
        return Stream.concat(
                        byAddress.map(filter -> findCredential(filter)
                                .filter(found -> found.user().emailVerified() != null)),
                        byName.map(this::findCredential))
                .toList()
                .stream()
                .flatMap(Optional::stream)
                .findFirst();
    }

    @Override
    public Optional<Credential> findCredential(UserId id) {
        return findCredential(byId(id));
    }

    /** Omits custom fields, because a failed login does not need them, and many fields would slow it down. */
    private Optional<Credential> findCredential(Bson filter) {
        return mongo.findLinearizable(reads, filter, UserDocument.CREDENTIAL).map(UserDocument::credential);
    }

    @Override
    public Optional<User> recordLogin(Credential credential, UserLogin login) {
        Bson notes = Updates.combine(UserDocument.login(credential, login));
        Bson byId = byId(credential.user().id());
        Bson permitted = login.withFactor() ? byId : Filters.and(byId, withoutFactor());
        return Optional.ofNullable(mongo.call(() -> users.findOneAndUpdate(permitted, notes, RETURNING_USER)))
                .map(UserDocument::read);
    }

    @Override
    public void replacePassword(UserId id, StoredPassword old, String hash) {
        Bson unchanged = Filters.and(byId(id), stillHas(old));
        mongo.call(() -> users.updateOne(unchanged, UserDocument.replacePassword(hash)));
    }

    @Override
    public boolean resetPassword(UserId id, String newHash, List<MailRequest> mails) {
        // The planned deletion of a leaving user is valid for the session epoch that it contains.
        BooleanSupplier ifPlanned = () -> changePassword(
                Filters.and(byId(id), Filters.exists(UserDocument.LEAVING_EPOCH)),
                newHash,
                null,
                mails,
                Updates.inc(UserDocument.LEAVING_EPOCH, 1L));
        return ifPlanned.getAsBoolean()
                || changePassword(
                        Filters.and(byId(id), Filters.exists(UserDocument.LEAVING_EPOCH, false)), newHash, null, mails)
                // The user has left between the two writes, or does not exist.
                || ifPlanned.getAsBoolean();
    }

    @Override
    public boolean changePassword(Credential current, String newHash, SessionId exempt, List<MailRequest> mails) {
        Bson unchanged = Filters.and(byId(current.user().id()), stillHas(current));
        return changePassword(unchanged, newHash, exempt, mails);
    }

    private boolean changePassword(
            Bson condition, String newHash, @Nullable SessionId exempt, List<MailRequest> mails, Bson... more) {
        List<Bson> changes = new ArrayList<>(UserDocument.mails(mails));
        changes.addAll(List.of(more));
        changes.addAll(List.of(
                UserDocument.replacePassword(newHash),
                Updates.inc(UserDocument.SESSION_EPOCH, 1L),
                UserDocument.exempt(exempt),
                Updates.unset(UserDocument.PROOFS),
                Updates.inc(UserJson.VERSION, 1L),
                Updates.set(UserJson.UPDATED_AT, BsonValues.time(clock.instant()))));
        return mongo.call(() -> users.updateOne(condition, Updates.combine(changes)))
                        .getMatchedCount()
                > 0;
    }

    @Override
    public List<UserId> activeAdministrators(int limit) {
        Bson filter = Filters.and(
                SERVED,
                Filters.exists(UserJson.VERSION), // without a version, another service wrote roles and status
                Filters.eq(UserJson.ROLES, new BsonString(Roles.ADMIN)),
                Filters.eq(UserJson.STATUS, new BsonString(UserStatus.ACTIVE.text())),
                UserDocument.HAS_PASSWORD);
        List<BsonDocument> found = mongo.call(() -> reads.find(filter)
                .projection(Projections.include(UserJson.ID))
                .limit(limit)
                .into(new ArrayList<>()));
        return found.stream().map(UserDocument::id).toList();
    }

    @Override
    public User insert(NewUser user) {
        BsonDocument document = UserDocument.of(user, clock.instant());
        requireNotReserved(user.username(), UserDocument.id(document));
        try {
            mongo.call(() -> rejectingTakenNames(() -> users.insertOne(document)));
        } catch (GatehouseException taken) {
            throw taken.code() == ErrorCode.USERNAME_TAKEN && isAddressTaken(user) ? addressTaken() : taken;
        }
        return UserDocument.read(document);
    }

    /** Returns whether another user has verified the address that this new user has verified. */
    private boolean isAddressTaken(NewUser user) {
        return user.imported().emailVerified() != null
                && user.email()
                        .flatMap(address -> mongo.findLinearizable(
                                reads, UserDocument.byVerifiedAddress(address), WITHOUT_PASSWORDS))
                        .isPresent();
    }

    static GatehouseException addressTaken() {
        return new GatehouseException(ErrorCode.EMAIL_TAKEN);
    }

    @Override
    public Set<UserId> insertAll(List<NewUser> newUsers) {
        Instant now = clock.instant();
        List<BsonDocument> documents =
                newUsers.stream().map(user -> UserDocument.of(user, now)).toList();
        try {
            mongo.call(() -> users.insertMany(documents, new InsertManyOptions().ordered(false)));
            return Set.of();
        } catch (MongoBulkWriteException failed) {
            if (failed.getWriteConcernError() != null
                    || !failed.getWriteErrors().stream().allMatch(MongoUserDao::isDuplicate)) {
                throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, Duration.ofSeconds(1), failed);
            }
            return failed.getWriteErrors().stream()
                    .map(error -> newUsers.get(error.getIndex()).id())
                    .collect(Collectors.toSet());
        }
    }

    /** Returns the users with these canonical usernames. Each key of the map is one of these usernames. */
    public Map<String, User> findNamed(Collection<String> canonicalUsernames) {
        List<BsonString> names =
                canonicalUsernames.stream().map(BsonString::new).toList();
        List<BsonDocument> found = mongo.call(() -> reads.find(Filters.in(UserDocument.CANONICAL_USERNAME, names))
                .projection(WITHOUT_PASSWORDS)
                .into(new ArrayList<>()));
        return found.stream()
                .filter(document -> UserDocument.anyId(document).isObjectId())
                .collect(Collectors.toMap(UserDocument::canonicalUsername, UserDocument::read));
    }

    /** Returns the user with this name, as typed by a client. */
    public Optional<User> findByName(String typed) {
        Map<String, User> found = findNamed(Username.canonicalForms(typed));
        return Username.canonicalForms(typed).stream()
                .filter(found::containsKey)
                .map(found::get)
                .findFirst();
    }

    /** Returns which of these ids belong to a user. */
    public Set<UserId> taken(Collection<UserId> ids) {
        List<BsonObjectId> wanted = ids.stream().map(id -> BsonValues.id(id)).toList();
        List<BsonDocument> found = mongo.call(() -> reads.find(Filters.in(UserJson.ID, wanted))
                .projection(Projections.include(UserJson.ID))
                .into(new ArrayList<>()));
        return found.stream().map(UserDocument::id).collect(Collectors.toSet());
    }

    /** Returns which of these addresses a user has verified. */
    public Set<EmailAddress> verified(Collection<EmailAddress> addresses) {
        if (addresses.isEmpty()) {
            return Set.of();
        }
        List<BsonString> wanted = addresses.stream()
                .map(address -> new BsonString(address.canonical()))
                .toList();
        Set<String> found = new HashSet<>();
        mongo.call(() -> reads.find(Filters.in(UserDocument.VERIFIED_ADDRESS, wanted))
                        .projection(Projections.include(UserDocument.VERIFIED_ADDRESS))
                        .into(new ArrayList<>()))
                .forEach(document -> found.add(UserDocument.verifiedAddress(document)));
        return addresses.stream()
                .filter(address -> found.contains(address.canonical()))
                .collect(Collectors.toSet());
    }

    /** Whether no username is reserved. A username is reserved if several users of the legacy service share it. */
    public boolean hasNoReservedUsernames() {
        return reservedUsernames.isEmpty();
    }

    /** Whether this user cannot have the name, because the name is reserved for other users of the legacy service. */
    public boolean isReserved(Username name, UserId id) {
        return reservedUsernames.hold(name.canonical(), id);
    }

    /**
     * Returns one page of users in the order of their ids, which never change.
     *
     * @param after the last id of the previous page; null for the first page
     * @param withPasswords whether the stored passwords are read too
     */
    public List<Credential> page(@Nullable UserId after, int limit, boolean withPasswords) {
        Bson filter = after == null ? SERVED : Filters.and(Filters.gt(UserJson.ID, BsonValues.id(after)), SERVED);
        List<BsonDocument> found = mongo.call(() -> longReads
                .find(filter)
                .projection(
                        withPasswords
                                ? Projections.exclude(UserDocument.SOURCES, UserDocument.DEVICES)
                                : WITHOUT_PASSWORDS)
                .sort(Sorts.ascending(UserJson.ID))
                .limit(limit)
                .into(new ArrayList<>()));
        return found.stream().map(UserDocument::credential).toList();
    }

    @Override
    public Optional<User> update(User seen, UnaryOperator<User> edit) {
        return retryOnConflict(seen, (before, deadline) -> {
            User edited = edit.apply(before);
            MongoUserChanges changes = MongoUserChanges.between(before, edited);
            if (changes.isEmpty()) {
                return Optional.of(before);
            }
            if (changes.newName() != null) {
                requireNotReserved(changes.newName(), seen.id());
            }
            List<Bson> updates = new ArrayList<>(changes.updates());
            if (changes.voidsProofs()) {
                updates.add(Updates.unset(UserDocument.PROOFS));
            }
            Bson unchanged = unchangedSince(before);
            if (!changes.close().isEmpty()) {
                String staged = stage(unchanged, changes.close(), deadline);
                unchanged = Filters.and(unchanged, Filters.exists(staged));
                changes.close().keySet().forEach(name -> updates.add(Updates.rename(staged + "." + name, name)));
            }
            updates.add(Updates.inc(UserJson.VERSION, 1L));
            updates.add(Updates.set(UserJson.UPDATED_AT, BsonValues.time(clock.instant())));
            Bson condition = unchanged;
            BsonDocument after = mongo.call(() -> rejectingTakenNames(() -> mongo.withDeadline(deadline, users)
                    .findOneAndUpdate(condition, Updates.combine(updates), RETURNING_USER)));
            if (after != null && changes.newName() != null) {
                release(before);
            }
            return Optional.ofNullable(after).map(UserDocument::read);
        });
    }

    /**
     * Stores new values of fields in a hidden field. The caller's update then moves each value to its own field with a
     * rename. A rename always writes. A {@code $set} writes nothing if the store considers old and new equal.
     *
     * @return the path of the staged values. The path does not exist in the document if the user has changed, or if a
     *     later change has replaced the staged values
     */
    private String stage(Bson unchanged, BsonDocument values, long deadline) {
        String id = new ObjectId().toHexString(); // a new name, so that this update always writes
        Bson staging = Updates.set(STAGED, new BsonDocument(id, values));
        mongo.call(() -> mongo.withDeadline(deadline, users).updateOne(unchanged, staging));
        return STAGED + "." + id;
    }

    @Override
    public Optional<User> delete(UserId id, Consumer<User> check) {
        return find(id).flatMap(seen -> retryOnConflict(seen, (before, deadline) -> {
            check.accept(before);
            DeleteResult result =
                    mongo.call(() -> mongo.withDeadline(deadline, users).deleteOne(unchangedSince(before)));
            if (result.getDeletedCount() == 0) {
                return Optional.empty();
            }
            release(before);
            return Optional.of(before);
        }));
    }

    /** Matches if password and epoch are unchanged. With another epoch, an ended session could become valid again. */
    private static Bson withoutFactor() {
        return Filters.exists(UserDocument.FACTORS, false);
    }

    private static Bson stillHas(Credential credential) {
        StoredPassword password = credential.password();
        long epoch = credential.user().epoch().number();
        Bson sameEpoch = Filters.eq(UserDocument.SESSION_EPOCH, new BsonInt64(epoch));
        return Filters.and(
                password == null ? Filters.exists(UserJson.ID) : stillHas(password),
                // The caller has not shown a factor that was added since.
                credential.user().hasFactor() ? Filters.exists(UserJson.ID) : withoutFactor(),
                epoch == 0 ? Filters.or(Filters.exists(UserDocument.SESSION_EPOCH, false), sameEpoch) : sameEpoch);
    }

    /** Matches if the password is still in the field where {@link UserDocument#password} found it. */
    private static Bson stillHas(StoredPassword password) {
        BsonString text = new BsonString(password.text());
        return Filters.or(
                Filters.eq(UserDocument.PASSWORD_HASH, text),
                Filters.and(Filters.exists(UserDocument.PASSWORD_HASH, false), Filters.eq(UserJson.PASSWORD, text)));
    }

    /** Rejects a name that legacy users share. The unique index contains only the reserved forms of such names. */
    private void requireNotReserved(Username name, UserId id) {
        if (reservedUsernames.hold(name.canonical(), id)) {
            throw new GatehouseException(ErrorCode.USERNAME_TAKEN);
        }
    }

    private void release(User before) {
        Username.fold(before.username()).ifPresent(name -> reservedUsernames.release(name.canonical()));
    }

    /**
     * Calls the write. If the user had changed, reads the user again and retries. All attempts together take at most
     * {@link MongoConnection#WRITE_TIMEOUT}.
     *
     * @param write receives the user and a deadline ({@link System#nanoTime}); returns empty if the user had changed
     * @return the result of the write; empty if the user does not exist
     */
    private Optional<User> retryOnConflict(User seen, BiFunction<User, Long, Optional<User>> write) {
        long deadline = System.nanoTime() + MongoConnection.WRITE_TIMEOUT.toNanos();
        User before = seen;
        for (int attempt = 0; attempt < MAX_ATTEMPTS && System.nanoTime() < deadline; attempt++) {
            Optional<User> written = write.apply(before, deadline);
            if (written.isPresent()) {
                return written;
            }
            before = find(seen.id()).orElse(null);
            if (before == null) {
                return Optional.empty();
            }
        }
        throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, Duration.ofSeconds(1), null);
    }

    static Bson unchangedSince(User before) {
        Bson sameVersion = before.version() == 0
                ? Filters.exists(UserJson.VERSION, false)
                : Filters.eq(UserJson.VERSION, before.version());
        return Filters.and(byId(before.id()), sameVersion);
    }

    private static <T> T rejectingTakenNames(Supplier<T> write) {
        try {
            return write.get();
        } catch (MongoException failed) {
            if (isDuplicate(failed)) {
                throw new GatehouseException(ErrorCode.USERNAME_TAKEN);
            }
            throw failed;
        }
    }

    public static boolean isDuplicate(MongoException failed) {
        return ErrorCategory.fromErrorCode(failed.getCode()) == ErrorCategory.DUPLICATE_KEY;
    }

    public static boolean isDuplicate(WriteError failed) {
        return failed.getCategory() == ErrorCategory.DUPLICATE_KEY;
    }

    private static Bson byId(UserId id) {
        return Filters.eq(UserJson.ID, BsonValues.id(id));
    }
}
