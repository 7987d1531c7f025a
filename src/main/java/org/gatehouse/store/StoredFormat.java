package org.gatehouse.store;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
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
    /** Incremented by each version that cannot run beside older versions. */
    static final int SUPPORTED = 1;

    private static final BsonString ID = new BsonString("format");
    private static final String READABLE_FROM = "readableFrom";

    private StoredFormat() {}

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
