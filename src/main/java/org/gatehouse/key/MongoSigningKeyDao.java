package org.gatehouse.key;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Updates;
import com.mongodb.client.result.UpdateResult;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;

/** Stores signing keys in MongoDB, one document each. Callers encrypt the private parts before they call this class. */
final class MongoSigningKeyDao {
    private static final String COLLECTION = "signingKeys";
    private static final String ID = "_id";
    private static final String SEQUENCE = "round";
    private static final String ALGORITHM = "alg";
    private static final String PUBLIC_KEY = "publicKey";
    private static final String PRIVATE_KEY = "privateKey";
    private static final String ENCRYPTED_UNDER = "encryptedUnder";
    private static final String CREATED_AT = "createdAt";
    private static final String ACTIVE_FROM = "activeFrom";
    private static final String REVOKED_AT = "revokedAt";

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> keys;
    private final MongoCollection<BsonDocument> reads;

    public MongoSigningKeyDao(MongoConnection mongo) {
        this.mongo = mongo;
        this.keys = mongo.collection(COLLECTION);
        this.reads = mongo.readOnly(COLLECTION);
    }

    /** Creates the index if it is missing. The index lets only one node create a key with a given sequence number. */
    void createIndexes() {
        mongo.ensureIndexes(
                keys, List.of(new IndexModel(Indexes.ascending(SEQUENCE), new IndexOptions().unique(true))));
    }

    /** Returns all stored keys. The result includes every write that was acknowledged before the call. */
    List<StoredKey> all() {
        List<BsonDocument> documents = mongo.readLatest(() -> reads.find().into(new ArrayList<>()));
        return documents.stream().map(MongoSigningKeyDao::read).toList();
    }

    /** Stores a new key. Returns false if another node has already created a key with this sequence number. */
    boolean insert(StoredKey key) {
        BsonDocument document = new BsonDocument(ID, new BsonString(key.id()))
                .append(SEQUENCE, new BsonInt64(key.sequence()))
                .append(ALGORITHM, new BsonString(key.algorithm()))
                .append(PUBLIC_KEY, new BsonString(key.publicKey()))
                .append(ENCRYPTED_UNDER, new BsonString(key.encryptedUnder()))
                .append(CREATED_AT, BsonValues.time(key.createdAt()))
                .append(ACTIVE_FROM, BsonValues.time(key.activeFrom()));
        if (key.privateKey() != null) {
            document.append(PRIVATE_KEY, new BsonString(key.privateKey()));
        }
        return mongo.insertIfAbsent(keys, document);
    }

    /**
     * Marks a key as revoked and deletes its private part. A key that is already revoked keeps its earlier revocation
     * time.
     *
     * @return false if the key does not exist
     */
    boolean revoke(String id, Instant at) {
        // The update is sent even for a revoked key, because the acknowledgement means that a majority of the MongoDB
        // servers has stored the revocation.
        Bson revoked = Updates.combine(Updates.min(REVOKED_AT, BsonValues.time(at)), Updates.unset(PRIVATE_KEY));
        UpdateResult result = mongo.call(() -> keys.updateOne(byId(id), revoked));
        return result.getMatchedCount() > 0;
    }

    /** Replaces the encrypted private part of a key, unless the stored part differs from that of {@code before}. */
    void reencrypt(StoredKey before, String encrypted, String encryptedUnder) {
        Bson unchanged = Filters.and(byId(before.id()), Filters.eq(PRIVATE_KEY, before.privateKey()));
        mongo.call(() -> keys.updateOne(
                unchanged,
                Updates.combine(
                        Updates.set(PRIVATE_KEY, new BsonString(encrypted)),
                        Updates.set(ENCRYPTED_UNDER, new BsonString(encryptedUnder)))));
    }

    void delete(StoredKey key) {
        mongo.call(() -> keys.deleteOne(byId(key.id())));
    }

    private static StoredKey read(BsonDocument document) {
        return new StoredKey(
                document.getString(ID).getValue(),
                document.getNumber(SEQUENCE).longValue(),
                document.getString(ALGORITHM).getValue(),
                document.getString(PUBLIC_KEY).getValue(),
                document.containsKey(PRIVATE_KEY)
                        ? document.getString(PRIVATE_KEY).getValue()
                        : null,
                document.getString(ENCRYPTED_UNDER).getValue(),
                BsonValues.instant(document.getDateTime(CREATED_AT)),
                BsonValues.instant(document.getDateTime(ACTIVE_FROM)),
                document.containsKey(REVOKED_AT) ? BsonValues.instant(document.getDateTime(REVOKED_AT)) : null);
    }

    private static Bson byId(String id) {
        return Filters.eq(ID, new BsonString(id));
    }
}
