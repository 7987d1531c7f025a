package org.gatehouse.store;

import com.mongodb.MongoCommandException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates missing indexes; several nodes may do this at the same time.
 *
 * <p>Existing indexes are not created again, because some MongoDB-compatible servers reject this. If a server does not
 * support TTL indexes, a plain index is created and a warning is logged. Requests do not depend on the removal of
 * expired documents.
 */
final class MongoIndexes {
    /** The timeout is long, because a new index over millions of documents takes longer than a request may. */
    private static final Duration INDEX_TIMEOUT = Duration.ofHours(1);

    /** The timeout for up to {@link #MAX_SMALL} documents. It is short, to detect a server that stops replying. */
    private static final Duration SMALL_INDEX_TIMEOUT = Duration.ofSeconds(30);

    private static final long MAX_SMALL = 50_000;
    private static final String KEY = "key";
    private static final String UNIQUE = "unique";
    private static final String TTL = "expireAfterSeconds";
    private static final Logger log = LoggerFactory.getLogger(MongoIndexes.class);

    private final MongoConnection mongo;

    MongoIndexes(MongoConnection mongo) {
        this.mongo = mongo;
    }

    /** See {@link MongoConnection#ensureIndexes}. */
    void ensure(MongoCollection<BsonDocument> collection, List<IndexModel> indexes) {
        List<BsonDocument> existing = existing(collection);
        List<IndexModel> missing = indexes.stream()
                .filter(index -> existing.stream().noneMatch(found -> isSame(found, index)))
                .toList();
        if (missing.isEmpty()) {
            return;
        }
        long documents = mongo.call(collection::estimatedDocumentCount);
        Duration timeout = documents > MAX_SMALL ? INDEX_TIMEOUT : SMALL_INDEX_TIMEOUT;
        MongoCollection<BsonDocument> withTimeout = collection.withTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
        if (missing.size() > 1 && createdTogether(withTimeout, missing)) {
            return;
        }
        missing.forEach(index -> ensureOne(withTimeout, index));
    }

    /** Creates all indexes in one pass over the documents; returns false if the server rejects an index. */
    private boolean createdTogether(MongoCollection<BsonDocument> collection, List<IndexModel> indexes) {
        try {
            mongo.call(() -> collection.createIndexes(indexes));
            return true;
        } catch (MongoCommandException oneByOne) {
            log.debug("The indexes of {} cannot be created at once", collection.getNamespace(), oneByOne);
            return false;
        }
    }

    private void ensureOne(MongoCollection<BsonDocument> collection, IndexModel index) {
        try {
            mongo.call(() -> collection.createIndexes(List.of(index)));
        } catch (MongoCommandException rejected) {
            List<BsonDocument> existing = existing(collection);
            if (existing.stream().anyMatch(found -> isSame(found, index))) {
                return; // another node has created the index
            }
            if (ttl(index) == null) {
                throw rejected;
            }
            if (existing.stream().noneMatch(found -> hasKeys(found, index))) {
                IndexOptions plain =
                        new IndexOptions().unique(index.getOptions().isUnique());
                mongo.call(() -> collection.createIndexes(List.of(new IndexModel(index.getKeys(), plain))));
            }
            log.warn(
                    "MongoDB does not remove expired documents from {}, because it rejects a TTL index: {}."
                            + " Remove them with a scheduled job, or use a server that supports TTL indexes",
                    collection.getNamespace(),
                    MongoErrors.summary(rejected));
        }
    }

    private List<BsonDocument> existing(MongoCollection<BsonDocument> collection) {
        return mongo.call(() -> collection.listIndexes(BsonDocument.class).into(new ArrayList<>()));
    }

    private static boolean isSame(BsonDocument found, IndexModel index) {
        Long ttl = ttl(index);
        return hasKeys(found, index)
                && index.getOptions().isUnique() == isUnique(found)
                && (ttl == null || (found.isNumber(TTL) && found.getNumber(TTL).longValue() == ttl));
    }

    /** Whether both indexes have equal keys in the same order. The types of numbers in the keys may differ. */
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

    private static @Nullable Long ttl(IndexModel index) {
        return index.getOptions().getExpireAfter(TimeUnit.SECONDS);
    }

    private static boolean isUnique(BsonDocument found) {
        return (found.isBoolean(UNIQUE) && found.getBoolean(UNIQUE).getValue())
                || (found.isNumber(UNIQUE) && found.getNumber(UNIQUE).intValue() != 0);
    }
}
