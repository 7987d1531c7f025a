package org.gatehouse.user;

import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Updates;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.user.UserProofs.NewProof;
import org.jspecify.annotations.Nullable;

/**
 * Stores the hashes of proofs in the documents of users, and changes a user with a proof.
 *
 * <p>The write that changes the user also removes the proof, so a proof is used once. A change of the password, the
 * address or the status removes all proofs except those of {@code UNDO}.
 */
final class MongoProofDao {
    private static final String EXPIRES_AT = "expiresAt";
    private static final String EMAIL = "email";
    private static final String VERIFIED_AT = "verifiedAt";
    private static final String AT_VERSION = "atVersion";

    /** The ranges of versions that were undone: requests from these versions get no proof any more. */
    private static final String UNDONE = UserDocument.SERVER_DATA + ".undone";

    private static final String FROM = "from";
    private static final String TO = "to";

    /** The maximum number of valid proofs of one purpose. Several mails may be on their way, and each link must work. */
    private static final int MAX_PROOFS = 10;

    private final MongoUserEdits edits;
    private final Clock clock;

    MongoProofDao(MongoConnection mongo, String collection, Clock clock) {
        this.edits = new MongoUserEdits(mongo, collection);
        this.clock = clock;
    }

    /** Creates the missing indexes; several nodes may do this at the same time. */
    static void createIndexes(MongoConnection mongo, String collection) {
        mongo.ensureIndexes(
                mongo.collection(collection),
                List.of(
                        // Most users do not have this field, and a unique index that is not sparse allows only one such
                        // user.
                        new IndexModel(
                                Indexes.ascending(UserDocument.VERIFIED_ADDRESS),
                                new IndexOptions().unique(true).sparse(true)),
                        new IndexModel(Indexes.ascending(UserDocument.ADDRESS)),
                        new IndexModel(Indexes.ascending(UserJson.EMAIL)),
                        new IndexModel(Indexes.ascending(MongoUserOutbox.TIME))));
    }

    /** Returns the user of a valid proof; empty if the proof is unknown, used, void or expired. */
    Optional<ProvenUser> find(UserId id, ProofPurpose purpose, String hash) {
        return edits.read(id).flatMap(document -> proven(document, purpose, hash));
    }

    private Optional<ProvenUser> proven(BsonDocument document, ProofPurpose purpose, String hash) {
        BsonDocument proof = proofs(document, purpose).get(hash);
        if (proof == null || !BsonValues.instant(proof.getDateTime(EXPIRES_AT)).isAfter(clock.instant())) {
            return Optional.empty();
        }
        if (purpose == ProofPurpose.CHANGE && isBeforeFactors(document, proof)) {
            return Optional.empty();
        }
        User user = UserDocument.read(document);
        Instant verified = proof.isDateTime(VERIFIED_AT) ? BsonValues.instant(proof.getDateTime(VERIFIED_AT)) : null;
        return EmailAddress.parse(proof.getString(EMAIL).getValue())
                .filter(address -> isAllowed(user, purpose))
                .map(address -> new ProvenUser(user, address, verified));
    }

    /** Whether the status allows the purpose. The owner of a leaving account may need a new password to keep the account. */
    private static boolean isAllowed(User user, ProofPurpose purpose) {
        return switch (purpose) {
            case UNDO -> true;
            case RESET -> user.mayAuthenticate();
            default -> user.isActive();
        };
    }

    /** Whether a change of address was requested before the first factor, perhaps by a client without the factor. */
    private static boolean isBeforeFactors(BsonDocument document, BsonDocument proof) {
        BsonValue since = UserDocument.serverData(document).getOrDefault("factorsSince", BsonNull.VALUE);
        return since.isInt64()
                && proof.getInt64(AT_VERSION).getValue() < since.asInt64().getValue();
    }

    /**
     * Stores a proof for a user, if the user still meets the condition.
     *
     * @return the user; empty if the user does not exist or does not meet the condition
     */
    Optional<User> issue(UserId id, NewProof newProof, Predicate<User> condition) {
        BsonDocument proof = new BsonDocument(
                        EMAIL, new BsonString(newProof.address().typed()))
                .append(AT_VERSION, new BsonInt64(newProof.version()))
                .append(EXPIRES_AT, BsonValues.time(newProof.expiresAt()));
        if (newProof.verifiedAt() != null) {
            proof.append(VERIFIED_AT, BsonValues.time(newProof.verifiedAt()));
        }
        String path = path(newProof.purpose());
        return edits.retried(id, ErrorCode.EMAIL_TAKEN, document -> {
            User user = UserDocument.read(document);
            if (!condition.test(user) || isUndone(document, newProof)) {
                return MongoUserEdits.Attempt.rejected();
            }
            List<Bson> updates = new ArrayList<>();
            updates.add(Updates.set(path + "." + newProof.hash(), proof));
            superfluous(document, newProof).forEach(old -> updates.add(Updates.unset(path + "." + old)));
            return new MongoUserEdits.Attempt(MongoUserDao.unchangedSince(user), updates);
        });
    }

    /** Whether an undo has restored a state before the request. A mail may leave the queue later than that. */
    private static boolean isUndone(BsonDocument document, NewProof proof) {
        boolean concerned = proof.purpose() == ProofPurpose.UNDO || proof.purpose() == ProofPurpose.CHANGE;
        BsonValue ranges = UserDocument.serverData(document).getOrDefault("undone", BsonNull.VALUE);
        return concerned
                && ranges.isArray()
                && ranges.asArray().stream()
                        .map(BsonValue::asDocument)
                        .anyMatch(range -> range.getInt64(FROM).getValue() <= proof.version()
                                && proof.version() <= range.getInt64(TO).getValue());
    }

    /**
     * Returns the hashes of the proofs that a new proof replaces. A proof of {@code UNDO} replaces only proofs of the
     * same request, because an attacker could otherwise remove the owner's proof by more changes.
     */
    private Stream<String> superfluous(BsonDocument document, NewProof newProof) {
        Map<String, BsonDocument> proofs = new HashMap<>(proofs(document, newProof.purpose()));
        if (newProof.purpose() == ProofPurpose.UNDO) {
            BsonInt64 version = new BsonInt64(newProof.version());
            proofs.values().removeIf(proof -> !version.equals(proof.get(AT_VERSION)));
        }
        BsonDateTime now = BsonValues.time(clock.instant());
        List<String> expired = proofs.entrySet().stream()
                .filter(proof -> proof.getValue().getDateTime(EXPIRES_AT).compareTo(now) <= 0)
                .map(Map.Entry::getKey)
                .toList();
        List<String> oldest = proofs.entrySet().stream()
                .filter(proof -> !expired.contains(proof.getKey()))
                .sorted(Comparator.comparing((Map.Entry<String, BsonDocument> proof) ->
                                proof.getValue().getDateTime(EXPIRES_AT))
                        .reversed())
                .skip(MAX_PROOFS - 1L)
                .map(Map.Entry::getKey)
                .toList();
        return Stream.concat(expired.stream(), oldest.stream());
    }

    /**
     * Changes a user with a proof, and removes the proof, in one write.
     *
     * @param edit receives the user; runs again after a concurrent write, and may throw to reject the change
     * @return the user after the change; empty if the proof is not valid
     * @throws GatehouseException {@code EMAIL_TAKEN}, or any exception that {@code edit} throws
     */
    Optional<User> use(UserId id, ProofPurpose purpose, String hash, Function<ProvenUser, UserEdit> edit) {
        return edits.retried(id, ErrorCode.EMAIL_TAKEN, document -> {
            ProvenUser proven = proven(document, purpose, hash).orElse(null);
            if (proven == null) {
                return MongoUserEdits.Attempt.rejected();
            }
            Bson valid =
                    Filters.and(MongoUserDao.unchangedSince(proven.user()), Filters.exists(path(purpose) + "." + hash));
            List<String> used = purpose == ProofPurpose.UNDO ? notOlder(document, hash) : List.of();
            List<Bson> updates = updates(proven.user(), edit.apply(proven), purpose);
            used.forEach(name -> updates.add(Updates.unset(path(purpose) + "." + name)));
            if (purpose == ProofPurpose.UNDO) {
                updates.add(Updates.push(UNDONE, undone(document, hash, proven.user())));
            }
            return new MongoUserEdits.Attempt(valid, updates);
        });
    }

    /** Returns this proof and later ones, because they would undo what this proof restores. */
    private static List<String> notOlder(BsonDocument document, String hash) {
        long version = undoVersion(document, hash);
        return proofs(document, ProofPurpose.UNDO).keySet().stream()
                .filter(name -> undoVersion(document, name) >= version)
                .toList();
    }

    private static BsonDocument undone(BsonDocument document, String hash, User user) {
        return range(undoVersion(document, hash), user.version());
    }

    private static BsonDocument range(long from, long to) {
        return new BsonDocument(FROM, new BsonInt64(from)).append(TO, new BsonInt64(to));
    }

    private static long undoVersion(BsonDocument document, String hash) {
        return Objects.requireNonNull(proofs(document, ProofPurpose.UNDO).get(hash))
                .getInt64(AT_VERSION)
                .getValue();
    }

    /**
     * Changes a user without a proof.
     *
     * @param edit receives the user; runs again after a concurrent write, and may throw to reject the change
     * @return the user after the change; empty if the user does not exist
     * @throws GatehouseException {@code EMAIL_TAKEN}, or any exception that {@code edit} throws
     */
    Optional<User> change(UserId id, Function<User, UserEdit> edit) {
        return edits.retried(id, ErrorCode.EMAIL_TAKEN, document -> {
            User user = UserDocument.read(document);
            List<Bson> updates = updates(user, edit.apply(user), null);
            return updates.isEmpty()
                    ? MongoUserEdits.Attempt.rejected()
                    : new MongoUserEdits.Attempt(MongoUserDao.unchangedSince(user), updates);
        });
    }

    /** See {@link ServerDataStore#change}. */
    Optional<User> changeServerData(UserId id, Function<ServerDataStore.Found, UserEdit> edit) {
        return edits.retried(id, ErrorCode.CREDENTIAL_INVALID, document -> {
            ServerDataStore.Found found = ServerDataStore.Found.read(document);
            List<Bson> updates = updates(found.user(), edit.apply(found), null);
            return updates.isEmpty()
                    ? MongoUserEdits.Attempt.rejected()
                    : new MongoUserEdits.Attempt(MongoUserDao.unchangedSince(found.user()), updates);
        });
    }

    /** Returns the updates of an edit, including those that make proofs void. */
    private List<Bson> updates(User before, UserEdit edit, @Nullable ProofPurpose purpose) {
        MongoUserChanges changes = MongoUserChanges.between(before, edit.after());
        List<Bson> updates = new ArrayList<>(changes.updates());
        updates.addAll(edit.serverData().updates());
        boolean voidsProofs = changes.voidsProofs() || edit.passwordHash() != null;
        if (edit.passwordHash() != null) {
            updates.add(UserDocument.replacePassword(edit.passwordHash()));
        }
        if (edit.removesUndo()) {
            updates.add(Updates.unset(UserDocument.UNDO));
            updates.add(Updates.push(UNDONE, range(0, before.version())));
        }
        if (voidsProofs || purpose == ProofPurpose.UNDO) {
            updates.add(Updates.unset(UserDocument.PROOFS));
        } else if (purpose != null) {
            updates.add(Updates.unset(path(purpose)));
        }
        if (!updates.isEmpty()) {
            updates.add(Updates.inc(UserJson.VERSION, 1L));
            updates.add(Updates.set(UserJson.UPDATED_AT, BsonValues.time(clock.instant())));
        }
        updates.addAll(UserDocument.mails(edit.mails()));
        return updates;
    }

    /** See {@link UserProofs#mayTakeOver}. */
    boolean mayTakeOver(UserId id) {
        Instant now = clock.instant();
        BsonDocument document = edits.read(id).orElse(null);
        return document != null
                && !UserDocument.hasVerifiedAddress(document)
                && proofs(document, ProofPurpose.UNDO).values().stream()
                        .noneMatch(proof -> BsonValues.instant(proof.getDateTime(EXPIRES_AT))
                                .isAfter(now));
    }

    private static Map<String, BsonDocument> proofs(BsonDocument document, ProofPurpose purpose) {
        BsonValue found = UserDocument.serverData(document);
        String[] names = path(purpose).split("\\.", -1);
        for (int i = 1; i < names.length; i++) {
            found = found.isDocument() ? found.asDocument().get(names[i]) : null;
            if (found == null) {
                return Map.of();
            }
        }
        return found.asDocument().entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().asDocument()));
    }

    private static String path(ProofPurpose purpose) {
        return purpose == ProofPurpose.UNDO ? UserDocument.UNDO : UserDocument.PROOFS + "." + purpose.text();
    }
}
