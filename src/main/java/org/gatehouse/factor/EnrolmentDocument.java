package org.gatehouse.factor;

import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.store.BsonValues;
import org.gatehouse.user.ServerDataStore;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDocument;
import org.gatehouse.user.UserEdit;

/** Converts changes of the factors of a user to updates of the document. */
final class EnrolmentDocument {
    private static final String ATTEMPTS = "attempts";

    private EnrolmentDocument() {}

    /** Returns the TOTP devices that are not confirmed, oldest first, including expired ones. */
    static List<PendingTotp> read(BsonDocument serverData) {
        List<PendingTotp> pending = new ArrayList<>();
        FactorDocument.documents(serverData, UserDocument.ENROLMENTS)
                .forEach((id, value) -> pending.add(read(id, value.asDocument())));
        pending.sort(Comparator.comparing(PendingTotp::createdAt).thenComparing(PendingTotp::id));
        return pending;
    }

    private static PendingTotp read(String id, BsonDocument document) {
        return new PendingTotp(
                id,
                document.getString(FactorDocument.NAME).getValue(),
                document.getString(FactorDocument.SECRET).getValue(),
                BsonValues.instant(document.getDateTime(FactorDocument.CREATED_AT)));
    }

    /** Stores a pending device, and removes expired and surplus ones. */
    static UserEdit begin(StoredFactors account, PendingTotp added, Instant now) {
        List<PendingTotp> valid = account.pending().stream()
                .filter(pending -> !pending.isExpired(now))
                .toList();
        Stream<PendingTotp> surplus = valid.stream().limit(Math.max(0, valid.size() + 1 - PendingTotp.MAX_PENDING));
        List<Bson> updates = new ArrayList<>();
        updates.add(Updates.set(path(added.id()), of(added)));
        Stream.concat(account.pending().stream().filter(pending -> pending.isExpired(now)), surplus)
                .forEach(pending -> updates.add(Updates.unset(path(pending.id()))));
        return UserEdit.withServerData(account.user(), List.of(), new ServerDataStore.Change(updates));
    }

    private static BsonDocument of(PendingTotp pending) {
        return new BsonDocument(FactorDocument.TYPE, new BsonString(FactorType.TOTP.text()))
                .append(FactorDocument.NAME, new BsonString(pending.name()))
                .append(FactorDocument.SECRET, new BsonString(pending.secret()))
                .append(FactorDocument.CREATED_AT, BsonValues.time(pending.createdAt()))
                .append(ATTEMPTS, new BsonInt32(0));
    }

    /** Matches a pending device that permits another attempt. */
    static Bson permitsAttempt(String id, Instant now) {
        return Filters.and(
                Filters.gt(
                        path(id) + "." + FactorDocument.CREATED_AT, BsonValues.time(now.minus(PendingTotp.LIFETIME))),
                Filters.lt(path(id) + "." + ATTEMPTS, PendingTotp.MAX_ATTEMPTS));
    }

    static Bson countAttempt(String id) {
        return Updates.inc(path(id) + "." + ATTEMPTS, 1);
    }

    static Bson isExhausted(String id) {
        return Filters.gte(path(id) + "." + ATTEMPTS, PendingTotp.MAX_ATTEMPTS);
    }

    static Bson remove(String id) {
        return Updates.unset(path(id));
    }

    /**
     * Adds a factor. A pending device with this id is removed.
     *
     * @param recoveryHashes the hashes of new recovery codes; none to keep those that exist
     * @param client the client that has proved the factor. If this is the first factor, its source is known from now on.
     *     Sources of earlier logins are not, because these logins did not require a factor
     */
    static UserEdit add(
            StoredFactors account,
            Factor factor,
            List<String> recoveryHashes,
            List<MailRequest> mails,
            ClientInfo client) {
        List<Bson> updates = new ArrayList<>();
        updates.add(Updates.set(UserDocument.FACTORS + "." + factor.id(), FactorDocument.of(factor)));
        if (account.count() == 0) {
            updates.add(Updates.set(UserDocument.FACTORS_SINCE, account.user().version() + 1));
            updates.add(UserDocument.knownSource(client, factor.createdAt()));
        }
        if (factor instanceof Factor.Passkey passkey) {
            updates.add(Updates.addToSet(UserDocument.CREDENTIAL_IDS, new BsonString(passkey.credentialId())));
        }
        List<PendingTotp> pending = account.pending();
        if (pending.stream().anyMatch(one -> one.id().equals(factor.id()))) {
            updates.add(Updates.unset(pending.size() == 1 ? UserDocument.ENROLMENTS : path(factor.id())));
        }
        if (!recoveryHashes.isEmpty()) {
            updates.add(recoveryCodes(recoveryHashes));
        }
        return UserEdit.withServerData(account.user(), mails, new ServerDataStore.Change(updates));
    }

    /** Removes a factor; if it is the last one, also the recovery codes. */
    static UserEdit remove(StoredFactors account, Factor factor, User after, List<MailRequest> mails) {
        List<Bson> updates = new ArrayList<>();
        if (account.count() > 1) {
            updates.add(Updates.unset(UserDocument.FACTORS + "." + factor.id()));
        } else {
            updates.add(Updates.unset(UserDocument.FACTORS));
            updates.add(Updates.unset(UserDocument.FACTORS_SINCE));
            updates.add(Updates.unset(UserDocument.RECOVERY_CODES));
        }
        if (factor instanceof Factor.Passkey passkey) {
            updates.add(
                    account.passkeys().size() > 1
                            ? Updates.pull(UserDocument.CREDENTIAL_IDS, new BsonString(passkey.credentialId()))
                            : Updates.unset(UserDocument.CREDENTIAL_IDS));
        }
        return UserEdit.withServerData(after, mails, new ServerDataStore.Change(updates));
    }

    /** Replaces all recovery codes. */
    static UserEdit replaceRecoveryCodes(StoredFactors account, List<String> hashes, List<MailRequest> mails) {
        return UserEdit.withServerData(
                account.user(), mails, new ServerDataStore.Change(List.of(recoveryCodes(hashes))));
    }

    private static Bson recoveryCodes(List<String> hashes) {
        BsonDocument codes = new BsonDocument();
        hashes.forEach(hash -> codes.append(hash, BsonBoolean.TRUE));
        return Updates.set(UserDocument.RECOVERY_CODES, codes);
    }

    private static String path(String id) {
        return UserDocument.ENROLMENTS + "." + id;
    }
}
