package org.gatehouse.store;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.UpdateOptions;
import com.mongodb.client.model.Updates;
import org.bson.BsonDocument;
import org.bson.BsonString;

/**
 * Reads the document {@code format} of the collection {@code meta}, to check that this version can read the database.
 *
 * <p>The document does not exist while all versions can run side by side. Before a version writes documents that older
 * versions would misread, it writes {@code {_id: "format", readableFrom: <number>}}. Older versions then do not start,
 * and their message gives the reason.
 */
final class StoredFormat {
    /**
     * Incremented by each version that cannot run beside older versions. Format 2 has second factors, which version 0.1.0
     * would not ask for.
     */
    static final int SUPPORTED = 2;

    private static final BsonString ID = new BsonString("format");
    private static final String READABLE_FROM = "readableFrom";

    private StoredFormat() {}

    /** Stores that a reader must understand {@link #SUPPORTED}. The stored number never decreases. */
    static void requireReaders(MongoConnection mongo) {
        MongoCollection<BsonDocument> meta = mongo.collection("meta");
        var unused = mongo.call(() -> meta.updateOne(
                Filters.eq(ID), Updates.max(READABLE_FROM, SUPPORTED), new UpdateOptions().upsert(true)));
    }

    /** See {@link MongoConnection#requireSupported}. */
    static void requireSupported(MongoConnection mongo) {
        MongoCollection<BsonDocument> reads = mongo.readOnly("meta");
        mongo.findLinearizable(reads, Filters.eq(ID))
                .filter(format -> format.isNumber(READABLE_FROM))
                .map(format -> format.getNumber(READABLE_FROM).longValue())
                .filter(needed -> needed > SUPPORTED)
                .ifPresent(needed -> {
                    throw new UnusableStoreException("A newer Gatehouse has changed the database "
                            + reads.getNamespace().getDatabaseName()
                            + " so that this version cannot read it: it is in format " + needed
                            + ", and this version understands " + SUPPORTED
                            + ". Start the newer version, or restore a backup from before the change");
                });
    }
}
