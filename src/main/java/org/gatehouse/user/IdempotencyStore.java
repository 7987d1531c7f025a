package org.gatehouse.user;

import com.mongodb.MongoWriteException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.UpdateOptions;
import com.mongodb.client.model.Updates;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.jspecify.annotations.Nullable;

/**
 * Stores the user id for each idempotency key, in the collection {@code idempotencyKeys}.
 *
 * <p>An entry is stored before its user is created. {@code createdAt} is set when the user has been created. The
 * fingerprint is the only stored data about the body.
 */
final class IdempotencyStore {
    /** How long a key is stored. */
    static final Duration RETENTION = Duration.ofHours(24);

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private static final String ID = "_id";
    private static final String FINGERPRINT = "fingerprint";
    private static final String USER_ID = "userId";
    private static final String CREATED_AT = "createdAt";
    private static final String EXPIRES_AT = "expiresAt";

    /** Only nodes of an earlier version read this field and {@link #HELD_UNTIL}. The values do not block such nodes. */
    private static final String HOLDER = "holder";

    private static final String HELD_UNTIL = "heldUntil";

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> keys;
    private final MongoCollection<BsonDocument> reads;
    private final Clock clock;

    /**
     * The stored entry of a key.
     *
     * @param key the key as stored
     * @param fingerprint the fingerprint of the request
     * @param userId the id of the user that the request creates
     * @param createdAt when the user was created; null until this time is recorded
     */
    record Entry(
            String key,
            String fingerprint,
            UserId userId,
            @Nullable Instant createdAt) {}

    public IdempotencyStore(MongoConnection mongo, Clock clock) {
        this.mongo = mongo;
        this.keys = mongo.collection("idempotencyKeys");
        this.reads = mongo.readOnly("idempotencyKeys");
        this.clock = clock;
    }

    /** Creates the index by which the store deletes expired entries. {@link #find} ignores expired entries. */
    public void createIndexes() {
        IndexOptions atThatTime = new IndexOptions().expireAfter(0L, TimeUnit.SECONDS);
        mongo.ensureIndexes(keys, List.of(new IndexModel(Indexes.ascending(EXPIRES_AT), atThatTime)));
    }

    /** Returns the entry of this key; empty if the entry is absent or has expired. */
    Optional<Entry> find(String key) {
        long now = clock.millis();
        return mongo.findLinearizable(reads, byKey(key))
                .filter(document -> document.getDateTime(EXPIRES_AT).getValue() > now)
                .map(IdempotencyStore::read);
    }

    /**
     * Stores an entry with a new user id, unless another request has already stored an entry for the key.
     *
     * @return the new entry of this request, or the entry that the other request has stored
     * @throws GatehouseException {@code IDEMPOTENCY_KEY_IN_USE} if another request frees the key during this call
     */
    Entry begin(String key, String fingerprint) {
        BsonDocument entry = unfinished(fingerprint)
                .append(ID, new BsonString(key))
                .append(USER_ID, BsonValues.id(UserDocument.newId()));
        Bson expired = Filters.and(byKey(key), Filters.lte(EXPIRES_AT, BsonValues.time(clock.instant())));
        mongo.call(() -> keys.deleteOne(expired));
        if (mongo.insertIfAbsent(keys, entry)) {
            return read(entry);
        }
        return find(key)
                .orElseThrow(() -> GatehouseException.temporary(ErrorCode.IDEMPOTENCY_KEY_IN_USE, RETRY_AFTER, null));
    }

    /** Records that the user was created, even if another request has freed the key meanwhile. */
    void finish(Entry entry, Instant createdAt) {
        Bson finished = Updates.combine(
                Updates.set(CREATED_AT, BsonValues.time(createdAt)),
                Updates.setOnInsert(unfinished(entry.fingerprint())));
        try {
            mongo.call(() -> keys.updateOne(ofUser(entry), finished, new UpdateOptions().upsert(true)));
        } catch (MongoWriteException failed) {
            if (!MongoUserDao.isDuplicate(failed)) { // another request has stored another entry under the key
                throw failed;
            }
        }
    }

    /** Frees the key, unless the user of the entry was created. */
    void forget(Entry entry) {
        mongo.call(() -> keys.deleteOne(Filters.and(ofUser(entry), Filters.exists(CREATED_AT, false))));
    }

    private BsonDocument unfinished(String fingerprint) {
        Instant now = clock.instant();
        return new BsonDocument(FINGERPRINT, new BsonString(fingerprint))
                .append(HOLDER, new BsonString(""))
                .append(HELD_UNTIL, BsonValues.time(now))
                .append(EXPIRES_AT, BsonValues.time(now.plus(RETENTION)));
    }

    private static Entry read(BsonDocument document) {
        return new Entry(
                document.getString(ID).getValue(),
                document.getString(FINGERPRINT).getValue(),
                BsonValues.userId(document.getObjectId(USER_ID)),
                document.containsKey(CREATED_AT) ? BsonValues.instant(document.get(CREATED_AT)) : null);
    }

    private static Bson byKey(String key) {
        return Filters.eq(new BsonString(key));
    }

    private static Bson ofUser(Entry entry) {
        return Filters.and(byKey(entry.key()), Filters.eq(USER_ID, BsonValues.id(entry.userId())));
    }
}
