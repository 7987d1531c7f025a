package org.gatehouse.mail;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonJson;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores the queue of mails in MongoDB, one document for each mail.
 *
 * <p>Each change is one atomic write, and the filter of the write contains the conditions for the change. A node leases
 * a row before it sends the mail, so no two nodes send the same mail. The lease moves {@code nextAt} into the future.
 * If the node ends, the row is due again when the lease ends.
 */
final class MongoMailDao {
    /** How long rows are kept, so that operators can find out what happened to a mail. */
    private static final Duration RETENTION = Duration.ofDays(31);

    /** The number of due rows that one query finds. Their mails take some seconds. */
    private static final int MAX_CANDIDATES = 50;

    private static final FindOneAndUpdateOptions AFTER =
            new FindOneAndUpdateOptions().returnDocument(ReturnDocument.AFTER);

    private static final Logger log = LoggerFactory.getLogger(MongoMailDao.class);

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> mails;
    private final MongoCollection<BsonDocument> reads;
    private final Queue<BsonValue> candidates = new ArrayDeque<>(); // only the thread that leases rows uses this field

    MongoMailDao(MongoConnection mongo) {
        this.mongo = mongo;
        this.mails = mongo.collection("mails");
        this.reads = mongo.readOnly("mails");
    }

    /** Returns a new id of 24 hexadecimal digits. */
    static String newId() {
        return BsonValues.newId().getValue().toHexString();
    }

    /**
     * Selects rows of a list.
     *
     * @param status null for all states
     * @param user the user that the mails concern; null for all mails
     */
    record Selection(@Nullable MailStatus status, @Nullable UserId user) {}

    /** Creates the missing indexes; several nodes may do this at the same time. */
    void createIndexes() {
        List<IndexModel> indexes = List.of(
                new IndexModel(Indexes.ascending(MailDocument.STATUS, MailDocument.NEXT_AT)),
                new IndexModel(Indexes.ascending(MailDocument.STATUS, MailDocument.ID)),
                new IndexModel(Indexes.ascending(MailDocument.USER_ID, MailDocument.ID)),
                new IndexModel(Indexes.ascending(MailDocument.ACCOUNT, MailDocument.ID)),
                // MongoDB uses this index only to delete old rows.
                new IndexModel(
                        Indexes.ascending(MailDocument.REMOVE_AT),
                        new IndexOptions().expireAfter(0L, TimeUnit.SECONDS)));
        mongo.ensureIndexes(mails, indexes);
    }

    /** Stores a new row, unless a row with this id is already stored. */
    void insert(MailRequest request) {
        Instant removeAt = request.createdAt().plus(RETENTION);
        boolean unused = mongo.insertIfAbsent(
                mails,
                MailDocument.newRow(request, removeAt.isAfter(request.expiresAt()) ? removeAt : request.expiresAt()));
    }

    Optional<MailRow> find(String id) {
        return mongo.findLinearizable(reads, byId(id)).flatMap(MailDocument::row);
    }

    /**
     * Returns one page of rows, latest first, beginning after the row with the given id. Rows that this version cannot
     * read are omitted, and do not shorten the page.
     */
    List<MailRow> list(Selection selection, @Nullable String after, int limit) {
        List<MailRow> rows = new ArrayList<>();
        String position = after;
        while (true) {
            List<BsonDocument> found = documents(selection, position, limit);
            found.stream().map(MailDocument::row).flatMap(Optional::stream).forEach(rows::add);
            if (found.size() < limit || rows.size() >= limit) {
                return rows.subList(0, Math.min(rows.size(), limit));
            }
            position =
                    found.get(limit - 1).getObjectId(MailDocument.ID).getValue().toHexString();
        }
    }

    private List<BsonDocument> documents(Selection selection, @Nullable String after, int limit) {
        List<Bson> filters = new ArrayList<>(List.of(Filters.type(MailDocument.ID, BsonType.OBJECT_ID)));
        MailStatus status = selection.status();
        if (status != null) {
            filters.add(Filters.eq(MailDocument.STATUS, new BsonString(status.text())));
        }
        UserId user = selection.user();
        if (user != null) {
            filters.add(concerns(user));
        }
        if (after != null) {
            filters.add(Filters.lt(MailDocument.ID, BsonValues.id(after)));
        }
        return mongo.call(() -> reads.find(Filters.and(filters))
                .sort(Sorts.descending(MailDocument.ID))
                .limit(limit)
                .into(new ArrayList<>()));
    }

    private static Bson concerns(UserId user) {
        return Filters.or(
                Filters.eq(MailDocument.USER_ID, BsonValues.id(user)),
                Filters.eq(MailDocument.ACCOUNT, BsonValues.id(user)),
                // An accepted invitation and its user have the same id.
                Filters.eq(MailDocument.ID, BsonValues.id(user)));
    }

    /** See {@link MailRows#exported}. */
    List<ObjectNode> exported(UserId user, @Nullable ObjectNode last, int limit) {
        List<Bson> filters = new ArrayList<>();
        filters.add(concerns(user));
        if (last != null) {
            filters.add(Filters.lt(
                    MailDocument.ID, BsonValues.id(last.path(MailDocument.ID).textValue())));
        }
        List<BsonDocument> found = mongo.call(() -> reads.find(Filters.and(filters))
                .projection(MailDocument.EXPORTED)
                .sort(Sorts.descending(MailDocument.ID))
                .limit(limit)
                .into(new ArrayList<>()));
        return found.stream()
                .map(document -> (ObjectNode) BsonJson.toJson(document))
                .toList();
    }

    long countQueued() {
        return mongo.call(
                () -> reads.countDocuments(Filters.eq(MailDocument.STATUS, new BsonString(MailStatus.QUEUED.text()))));
    }

    /**
     * Leases one of the rows that are due for the longest time. Rows of unknown kinds are left to nodes of a later
     * version. A row that cannot be read stays leased, so it delays no other row. Only one thread calls this method.
     *
     * @return empty if no row is due
     */
    Optional<MailRow> lease(Instant now, Instant until) {
        while (!candidates.isEmpty() || findCandidates(now)) {
            BsonDocument leased = lease(candidates.remove(), now, until, newId());
            if (leased == null) {
                continue; // another node has leased the row
            }
            Optional<MailRow> row = MailDocument.row(leased);
            if (row.isPresent()) {
                return row;
            }
            log.warn("The mail {} cannot be read and is not sent", leased.get(MailDocument.ID));
        }
        return Optional.empty();
    }

    /** Reads the ids of some due rows at once. Their order is random, so that two nodes seldom try to lease the same row. */
    private boolean findCandidates(Instant now) {
        List<BsonDocument> found = mongo.call(() -> reads.find(due(now))
                .projection(Projections.include(MailDocument.ID))
                .sort(Sorts.ascending(MailDocument.NEXT_AT))
                .limit(MAX_CANDIDATES)
                .into(new ArrayList<>()));
        Collections.shuffle(found);
        found.forEach(document -> candidates.add(document.get(MailDocument.ID, BsonNull.VALUE)));
        return !candidates.isEmpty();
    }

    /** @param lease identifies the attempt */
    private @Nullable BsonDocument lease(BsonValue id, Instant now, Instant until, String lease) {
        Bson leased = Updates.combine(
                Updates.set(MailDocument.NEXT_AT, BsonValues.time(until)),
                Updates.set(MailDocument.LEASE, new BsonString(lease)),
                Updates.inc(MailDocument.ATTEMPTS, 1));
        return mongo.call(() -> mails.findOneAndUpdate(all(Filters.eq(MailDocument.ID, id), due(now)), leased, AFTER));
    }

    private static Bson due(Instant now) {
        return all(
                Filters.eq(MailDocument.STATUS, new BsonString(MailStatus.QUEUED.text())),
                Filters.lte(MailDocument.NEXT_AT, BsonValues.time(now)),
                Filters.in(MailDocument.KIND, MailKind.texts()));
    }

    /** Makes a row due again whose attempt did not begin. */
    void release(MailRow row, Instant now) {
        change(row, Updates.set(MailDocument.NEXT_AT, BsonValues.time(now)), Updates.inc(MailDocument.ATTEMPTS, -1));
    }

    /** Records that the mail counts against the limits of its address. */
    void setCounted(MailRow row) {
        mongo.call(() -> mails.updateOne(leased(row), Updates.set(MailDocument.COUNTED, BsonBoolean.TRUE)));
    }

    /** Records the user of a request that names an address or a username only. */
    void setAccount(MailRow row, UserId user) {
        mongo.call(() -> mails.updateOne(leased(row), Updates.set(MailDocument.ACCOUNT, BsonValues.id(user))));
    }

    /** Ends an attempt; another attempt is due at the given time. */
    void retry(MailRow row, Instant nextAt, String error) {
        change(
                row,
                Updates.set(MailDocument.NEXT_AT, BsonValues.time(nextAt)),
                Updates.set(MailDocument.LAST_ERROR, new BsonString(error)));
    }

    /**
     * Ends the last attempt.
     *
     * @param to the address to which the mail was sent or should have been sent; null if it is not known
     */
    void finish(MailRow row, MailStatus status, @Nullable String to, @Nullable String error) {
        List<Bson> changes = new ArrayList<>();
        changes.add(Updates.set(MailDocument.STATUS, new BsonString(status.text())));
        changes.add(Updates.unset(MailDocument.NEXT_AT));
        changes.add(Updates.unset(MailDocument.USERNAME)); // a client may have sent a password as the name
        if (to != null) {
            changes.add(Updates.set(MailDocument.TO, new BsonString(to)));
        }
        changes.add(
                error == null
                        ? Updates.unset(MailDocument.LAST_ERROR)
                        : Updates.set(MailDocument.LAST_ERROR, new BsonString(error)));
        change(row, changes.toArray(Bson[]::new));
    }

    private void change(MailRow row, Bson... changes) {
        List<Bson> all = new ArrayList<>(List.of(changes));
        all.add(Updates.unset(MailDocument.LEASE));
        mongo.call(() -> mails.updateOne(leased(row), Updates.combine(all)));
    }

    /**
     * Makes a failed or waiting mail due now.
     *
     * @return the row after the change; empty if the mail is sent, void or expired, or if a node sends it now
     */
    Optional<MailRow> requeue(String id, Instant now) {
        Bson retryable = all(
                byId(id),
                Filters.in(
                        MailDocument.STATUS,
                        new BsonString(MailStatus.QUEUED.text()),
                        new BsonString(MailStatus.FAILED.text())),
                Filters.exists(MailDocument.LEASE, false),
                Filters.gt(MailDocument.EXPIRES_AT, BsonValues.time(now)));
        Bson queued = Updates.combine(
                Updates.set(MailDocument.STATUS, new BsonString(MailStatus.QUEUED.text())),
                Updates.set(MailDocument.NEXT_AT, BsonValues.time(now)));
        return Optional.ofNullable(mongo.call(() -> mails.findOneAndUpdate(retryable, queued, AFTER)))
                .flatMap(MailDocument::row);
    }

    /** Stores the hash of the proof in an invitation, while this node sends it. Returns false if the lease has ended. */
    boolean addProof(MailRow row, String hash) {
        Bson proof = Updates.set(MailDocument.PROOFS + "." + hash, BsonBoolean.TRUE);
        return mongo.call(() -> mails.updateOne(leased(row), proof)).getMatchedCount() > 0;
    }

    /** Returns the invitation with this proof; empty if it is unknown, used or expired. */
    Optional<MailRequest> findInvitation(String id, String hash, Instant now) {
        Bson valid = all(
                byId(id),
                Filters.eq(MailDocument.KIND, new BsonString(MailKind.INVITATION.text())),
                Filters.exists(MailDocument.PROOFS + "." + hash),
                Filters.exists(MailDocument.USED_AT, false),
                Filters.gt(MailDocument.EXPIRES_AT, BsonValues.time(now)));
        return mongo.findLinearizable(reads, valid).flatMap(MailDocument::request);
    }

    /** Records that the invitation was used. */
    void setUsed(String id, Instant now) {
        mongo.call(() -> mails.updateOne(byId(id), Updates.set(MailDocument.USED_AT, BsonValues.time(now))));
    }

    private static Bson leased(MailRow row) {
        return all(
                byId(row.request().id()), Filters.eq(MailDocument.LEASE, new BsonString(String.valueOf(row.lease()))));
    }

    /**
     * Matches documents that meet all conditions, each on another field. Some servers use the index of {@code _id} only
     * if the field is not inside {@code $and}.
     */
    private static Bson all(Bson... conditions) {
        BsonDocument all = new BsonDocument();
        for (Bson condition : conditions) {
            all.putAll(condition.toBsonDocument());
        }
        return all;
    }

    private static Bson byId(String id) {
        return Filters.eq(MailDocument.ID, BsonValues.id(id));
    }
}
