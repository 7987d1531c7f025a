package org.gatehouse.service;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Sorts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.conversions.Bson;
import org.gatehouse.identity.ServiceId;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.jspecify.annotations.Nullable;

/** Stores service accounts in MongoDB, one document each. */
final class MongoServiceDao {
    private static final String COLLECTION = "services";

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> services;
    private final MongoCollection<BsonDocument> reads;

    MongoServiceDao(MongoConnection mongo) {
        this.mongo = mongo;
        this.services = mongo.collection(COLLECTION);
        this.reads = mongo.readOnly(COLLECTION);
    }

    static ServiceId newId() {
        return new ServiceId(BsonValues.newId().getValue().toHexString());
    }

    Optional<ServiceAccount> find(ServiceId id) {
        return mongo.findLinearizable(reads, byId(id)).map(ServiceDocument::read);
    }

    /** Returns one page of accounts, latest first, beginning after the account with the given id. */
    List<ServiceAccount> list(@Nullable ServiceId after, int limit) {
        Bson filter = after == null ? new BsonDocument() : Filters.lt(ServiceDocument.ID, BsonValues.id(after));
        List<BsonDocument> found = mongo.call(() -> reads.find(filter)
                .sort(Sorts.descending(ServiceDocument.ID))
                .limit(limit)
                .into(new ArrayList<>()));
        return found.stream().map(ServiceDocument::read).toList();
    }

    void insert(ServiceAccount service) {
        mongo.call(() -> services.insertOne(ServiceDocument.of(service)));
    }

    /**
     * Changes an account in one write.
     *
     * @param edit returns the account with the next version, or the same object to change nothing; runs again after a
     *     concurrent write
     * @return the account after the change; empty if it does not exist
     */
    Optional<ServiceAccount> update(ServiceId id, UnaryOperator<ServiceAccount> edit) {
        for (Optional<ServiceAccount> seen = find(id); seen.isPresent(); seen = find(id)) {
            ServiceAccount before = seen.get();
            ServiceAccount after = edit.apply(before);
            boolean written = after.version() == before.version()
                    || mongo.call(() -> services.replaceOne(unchanged(before), ServiceDocument.of(after)))
                                    .getMatchedCount()
                            > 0;
            if (written) {
                return Optional.of(after);
            }
        }
        return Optional.empty();
    }

    /** Deletes the account if it has not changed since it was read. */
    boolean delete(ServiceAccount seen) {
        return mongo.call(() -> services.deleteOne(unchanged(seen))).getDeletedCount() > 0;
    }

    private static Bson unchanged(ServiceAccount seen) {
        return Filters.and(byId(seen.id()), Filters.eq(ServiceDocument.VERSION, new BsonInt64(seen.version())));
    }

    private static Bson byId(ServiceId id) {
        return Filters.eq(ServiceDocument.ID, BsonValues.id(id));
    }
}
