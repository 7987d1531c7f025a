package org.gatehouse.store;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import org.bson.BsonDocument;
import org.bson.BsonString;

/**
 * Checks that this version can read the database, from the document {@code format} in the collection {@code meta}.
 *
 * <p>The document does not exist as long as all versions can run side by side. A version whose documents older versions
 * would misread first writes {@code {_id: "format", readableFrom: <number>}}. From then on older versions do not start,
 * and their message gives the reason.
 */
final class StoredFormat {
    /** Incremented by a version that older ones cannot run beside. */
    static final int SUPPORTED = 1;

    private static final BsonString ID = new BsonString("format");
    private static final String READABLE_FROM = "readableFrom";

    private StoredFormat() {}

    /** As {@link MongoConnection#requireSupported}. */
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
