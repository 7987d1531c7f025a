package org.gatehouse.session;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.util.Optional;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.store.MongoConnection;
import org.jspecify.annotations.Nullable;

/** Stores the epoch of the sessions of all users in the document {@code sessions} of the collection {@code meta}. */
final class MongoSessionEpochDao {
    private static final String ID = "_id";
    private static final BsonString NAME = new BsonString("sessions");
    private static final String EPOCH = "epoch";
    private static final String EXEMPT = "exempt";

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> meta;
    private final MongoCollection<BsonDocument> reads;

    MongoSessionEpochDao(MongoConnection mongo) {
        this.mongo = mongo;
        this.meta = mongo.collection("meta");
        this.reads = mongo.readOnly("meta");
    }

    /** Creates the document unless it exists, because only an existing document is copied to the near cache. */
    void create() {
        var unused = mongo.insertIfAbsent(meta, new BsonDocument(ID, NAME).append(EPOCH, new BsonInt64(0)));
    }

    Optional<SessionEpoch> find() {
        return mongo.findLinearizable(reads, Filters.eq(ID, NAME)).map(MongoSessionEpochDao::read);
    }

    /** Replaces the epoch. Returns false if it has changed since it was read. */
    boolean replace(SessionEpoch from, long number, @Nullable SessionId exempt) {
        return mongo.call(() -> meta.updateOne(
                                Filters.and(Filters.eq(ID, NAME), Filters.eq(EPOCH, new BsonInt64(from.number()))),
                                Updates.combine(
                                        Updates.set(EPOCH, new BsonInt64(number)),
                                        exempt == null
                                                ? Updates.unset(EXEMPT)
                                                : Updates.set(EXEMPT, new BsonString(exempt.text())))))
                        .getMatchedCount()
                > 0;
    }

    private static SessionEpoch read(BsonDocument document) {
        return new SessionEpoch(
                document.getNumber(EPOCH).longValue(),
                document.isString(EXEMPT)
                        ? new SessionId(document.getString(EXEMPT).getValue())
                        : null);
    }
}
