package org.gatehouse.factor;

import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Updates;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bson.conversions.Bson;
import org.gatehouse.identity.UserId;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.FormatMark;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.user.ServerDataStore;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDocument;
import org.gatehouse.user.UserEdit;

/**
 * Stores factors in the documents of users. Each method that consumes something is one conditional write, so at
 * most one of several concurrent calls succeeds, on any nodes.
 */
final class MongoFactorDao {
    /** A copied authenticator may cause a decreased counter at each login, so mails about it are limited. */
    private static final Duration NOTICE_INTERVAL = Duration.ofDays(1);

    private final ServerDataStore users;
    private final FormatMark format;

    MongoFactorDao(ServerDataStore users, FormatMark format) {
        this.users = users;
        this.format = format;
    }

    /** Creates the missing indexes; several nodes may do this at the same time. */
    static void createIndexes(MongoConnection mongo, String collection) {
        mongo.ensureIndexes(
                mongo.collection(collection),
                List.of(
                        // Most users do not have this field, and a unique index that is not sparse allows only one such
                        // user.
                        new IndexModel(
                                Indexes.ascending(UserDocument.CREDENTIAL_IDS),
                                new IndexOptions().unique(true).sparse(true))));
    }

    /** Reads a user and the factors from the store. */
    Optional<StoredFactors> find(UserId id) {
        return users.find(id).map(FactorDocument::read);
    }

    /** Whether a passkey of any user has this credential id. The unique index also rejects a second one. */
    boolean isKnown(String credentialId) {
        return users.exists(Filters.eq(UserDocument.CREDENTIAL_IDS, credentialId));
    }

    /**
     * Consumes a time step of a TOTP device.
     *
     * @param read the user as read; the call fails if the session epoch has changed since, for example by a new password
     * @param renewed the secret under the current {@code AUTH_KEY}, stored unless another node has replaced the secret;
     *     empty to keep it
     * @return false if the step, or a later one, was consumed meanwhile
     */
    boolean consumeStep(User read, Factor.Totp device, Optional<String> renewed, long step, Instant now) {
        String path = FactorDocument.path(device.id(), FactorDocument.STEP);
        List<Bson> conditions = List.of(sameEpoch(read), Filters.lt(path, step));
        List<Bson> updates = List.of(Updates.set(path, step), used(device.id(), now));
        boolean stored = renewed.isPresent() && renew(read, device, renewed.get(), conditions, updates);
        return stored || users.write(read.id(), Filters.and(conditions), updates, List.of());
    }

    private boolean renew(User read, Factor.Totp device, String renewed, List<Bson> conditions, List<Bson> updates) {
        String path = FactorDocument.path(device.id(), FactorDocument.SECRET);
        List<Bson> all = new ArrayList<>(conditions);
        all.add(Filters.eq(path, device.secret()));
        List<Bson> more = new ArrayList<>(updates);
        more.add(Updates.set(path, renewed));
        return users.write(read.id(), Filters.and(all), more, List.of());
    }

    /**
     * Consumes a recovery code.
     *
     * @param hash the SHA-256 of the code in hexadecimal digits
     * @param mails the mails that the use requests
     * @return false if the code was consumed meanwhile
     */
    boolean consumeRecoveryCode(User read, String hash, List<MailRequest> mails) {
        String path = UserDocument.RECOVERY_CODES + "." + hash;
        return users.write(
                read.id(), Filters.and(sameEpoch(read), Filters.exists(path)), List.of(Updates.unset(path)), mails);
    }

    /** What the stored data says about the use of a passkey. */
    enum Use {
        /** The counter is higher than the stored one, or the authenticator does not count. */
        COUNTED,
        /** The counter is not higher than the stored one. */
        COUNTER_DECREASED,
        /** The passkey was removed meanwhile, or the session epoch has changed. */
        REJECTED
    }

    /**
     * Records the use of a passkey. The stored counter never decreases. The counter is compared by the write itself, so
     * concurrent logins do not report a decrease that did not happen.
     *
     * @param mails returns the mails that a decreased counter requests, at most once a day for a passkey
     */
    Use recordUse(
            User read,
            Factor.Passkey passkey,
            Passkeys.Verified verified,
            Instant now,
            Supplier<List<MailRequest>> mails) {
        String counter = FactorDocument.path(passkey.id(), FactorDocument.COUNTER);
        String noticed = FactorDocument.path(passkey.id(), FactorDocument.NOTICED_AT);
        Bson present = Filters.and(
                sameEpoch(read), Filters.exists(FactorDocument.path(passkey.id(), FactorDocument.CREDENTIAL_ID)));
        List<Bson> updates = List.of(
                Updates.set(FactorDocument.path(passkey.id(), FactorDocument.BACKED_UP), verified.backedUp()),
                used(passkey.id(), now));
        List<Bson> counted = new ArrayList<>(updates);
        counted.add(Updates.set(counter, verified.counter()));
        Bson higher = verified.counter() == 0 ? Filters.eq(counter, 0) : Filters.lt(counter, verified.counter());
        if (users.write(read.id(), Filters.and(present, higher), counted, List.of())) {
            return Use.COUNTED;
        }
        Bson due = Filters.not(Filters.gt(noticed, BsonValues.time(now.minus(NOTICE_INTERVAL))));
        List<Bson> notice = new ArrayList<>(updates);
        notice.add(Updates.set(noticed, BsonValues.time(now)));
        List<MailRequest> requested = mails.get();
        boolean recorded =
                (!requested.isEmpty() && users.write(read.id(), Filters.and(present, due), notice, requested))
                        || users.write(read.id(), present, updates, List.of());
        return recorded ? Use.COUNTER_DECREASED : Use.REJECTED;
    }

    /**
     * Adds a factor as {@link #change} does. The database is marked before the write, so that nodes that know no factors
     * do not start again.
     */
    Optional<User> add(UserId id, Function<StoredFactors, UserEdit> edit) {
        return change(id, account -> {
            UserEdit added = edit.apply(account);
            format.require();
            return added;
        });
    }

    /**
     * Changes the factors of a user, and what belongs to the change, in one write. See {@link ServerDataStore#change}.
     *
     * @return the user after the change; empty if the user does not exist, or if nothing changes
     */
    Optional<User> change(UserId id, Function<StoredFactors, UserEdit> edit) {
        return users.change(id, found -> edit.apply(FactorDocument.read(found)));
    }

    /**
     * Counts an attempt to confirm a TOTP device, before the code is checked.
     *
     * @param pendingId 24 hexadecimal digits
     * @return false if the device is unknown, expired or has no attempts left
     */
    boolean countConfirmation(UserId id, String pendingId, Instant now) {
        return users.write(
                id,
                EnrolmentDocument.permitsAttempt(pendingId, now),
                List.of(EnrolmentDocument.countAttempt(pendingId)),
                List.of());
    }

    /** Removes a pending TOTP device that has no attempts left. */
    void removeExhausted(UserId id, String pendingId) {
        boolean unused = users.write(
                id, EnrolmentDocument.isExhausted(pendingId), List.of(EnrolmentDocument.remove(pendingId)), List.of());
    }

    private static Bson used(String factorId, Instant now) {
        return Updates.set(FactorDocument.path(factorId, FactorDocument.LAST_USED_AT), BsonValues.time(now));
    }

    private static Bson sameEpoch(User read) {
        return UserDocument.sameEpoch(read);
    }
}
