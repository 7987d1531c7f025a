package org.gatehouse.store;

import com.mongodb.MongoCommandException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonValue;
import org.gatehouse.error.GatehouseException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes indexes that are not there yet; harmless if another node makes them too.
 *
 * <p>Indexes that exist are not asked for again, because not every server that speaks the protocol accepts that. A server
 * without TTL indexes gets plain ones and a warning: they only remove expired documents, which no request depends on.
 */
public final class MongoIndexes {
    /** A first index over millions of documents takes longer than any request may. */
    private static final Duration LIMIT = Duration.ofHours(1);

    /** For a collection of up to {@link #SMALL} documents, so that a server that stops answering is noticed. */
    private static final Duration SHORT_LIMIT = Duration.ofSeconds(30);

    private static final long SMALL = 50_000;
    private static final String KEY = "key";
    private static final String UNIQUE = "unique";
    private static final String TTL = "expireAfterSeconds";
    private static final Logger log = LoggerFactory.getLogger(MongoIndexes.class);

    private final MongoConnection mongo;

    public MongoIndexes(MongoConnection mongo) {
        this.mongo = mongo;
    }

    /**
     * Makes those of the indexes that the collection lacks.
     *
     * @throws MongoCommandException if the server refuses one, such as a unique index because of the documents
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    public void ensure(MongoCollection<BsonDocument> collection, List<IndexModel> indexes) {
        List<BsonDocument> present = present(collection);
        List<IndexModel> missing = indexes.stream()
                .filter(index -> present.stream().noneMatch(found -> isSame(found, index)))
                .toList();
        if (missing.isEmpty()) {
            return;
        }
        long documents = mongo.call(collection::estimatedDocumentCount);
        Duration limit = documents > SMALL ? LIMIT : SHORT_LIMIT;
        MongoCollection<BsonDocument> patient = collection.withTimeout(limit.toMillis(), TimeUnit.MILLISECONDS);
        if (missing.size() > 1 && isMade(patient, missing)) {
            return;
        }
        missing.forEach(index -> ensureOne(patient, index));
    }

    /** All at once, which takes one pass over the documents; false if the server refuses one of them. */
    private boolean isMade(MongoCollection<BsonDocument> collection, List<IndexModel> indexes) {
        try {
            mongo.call(() -> collection.createIndexes(indexes));
            return true;
        } catch (MongoCommandException oneByOne) {
            log.debug("Not all indexes of {} can be made at once", collection.getNamespace(), oneByOne);
            return false;
        }
    }

    private void ensureOne(MongoCollection<BsonDocument> collection, IndexModel index) {
        try {
            mongo.call(() -> collection.createIndexes(List.of(index)));
        } catch (MongoCommandException refused) {
            if (present(collection).stream().anyMatch(found -> isSame(found, index))) {
                return; // another node has made it meanwhile
            }
            if (ttl(index).isEmpty()) {
                throw refused;
            }
            ensurePlain(collection, index);
            log.warn(
                    "MongoDB does not remove expired documents from {} by itself, because it refuses a TTL index: {}."
                            + " Remove them with a job of your own, or use a server with TTL indexes",
                    collection.getNamespace(),
                    MongoErrors.summary(refused));
        }
    }

    private void ensurePlain(MongoCollection<BsonDocument> collection, IndexModel index) {
        if (present(collection).stream().noneMatch(found -> hasKeys(found, index))) {
            IndexOptions plain = new IndexOptions().unique(index.getOptions().isUnique());
            mongo.call(() -> collection.createIndexes(List.of(new IndexModel(index.getKeys(), plain))));
        }
    }

    private List<BsonDocument> present(MongoCollection<BsonDocument> collection) {
        return mongo.call(() -> collection.listIndexes(BsonDocument.class).into(new ArrayList<>()));
    }

    private static boolean isSame(BsonDocument found, IndexModel index) {
        return hasKeys(found, index)
                && index.getOptions().isUnique() == isTrue(found.get(UNIQUE))
                && (ttl(index).isEmpty() || ttl(index).equals(number(found.get(TTL))));
    }

    /** The order of the fields counts, the types of their numbers do not. */
    private static boolean hasKeys(BsonDocument found, IndexModel index) {
        return keys(found.getDocument(KEY, new BsonDocument()))
                .equals(keys(index.getKeys().toBsonDocument()));
    }

    private static List<Map.Entry<String, BsonValue>> keys(BsonDocument keys) {
        return keys.entrySet().stream()
                .map(entry -> Map.entry(
                        entry.getKey(),
                        entry.getValue().isNumber()
                                ? new BsonInt32(entry.getValue().asNumber().intValue())
                                : entry.getValue()))
                .toList();
    }

    private static Optional<Long> ttl(IndexModel index) {
        return Optional.ofNullable(index.getOptions().getExpireAfter(TimeUnit.SECONDS));
    }

    private static Optional<Long> number(@Nullable BsonValue value) {
        return value != null && value.isNumber() ? Optional.of(value.asNumber().longValue()) : Optional.empty();
    }

    private static boolean isTrue(@Nullable BsonValue value) {
        return value != null
                && ((value.isBoolean() && value.asBoolean().getValue())
                        || (value.isNumber() && value.asNumber().intValue() != 0));
    }
}
