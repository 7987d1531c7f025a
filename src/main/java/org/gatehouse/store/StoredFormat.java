package org.gatehouse.store;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import java.util.Optional;
import org.bson.BsonDocument;
import org.bson.BsonNumber;
import org.bson.BsonString;
import org.gatehouse.error.GatehouseException;

/**
 * Whether this version understands what is stored: what a newer one says of it in the document {@code format} of the
 * collection {@code meta}.
 *
 * <p>Nobody writes that document as long as nodes of every version can work side by side. A version whose documents older
 * ones would misread writes {@code {_id: "format", readableFrom: <number>}} before it writes the first of them; then an
 * older one does not start any more, and says why.
 */
public final class StoredFormat {
    /** Raised by a version that older ones cannot work beside. */
    static final int UNDERSTOOD = 1;

    private static final BsonString ID = new BsonString("format");
    private static final String READABLE_FROM = "readableFrom";

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> reads;

    public StoredFormat(MongoConnection mongo) {
        this.mongo = mongo;
        this.reads = mongo.readOnly("meta");
    }

    /**
     * Refuses to go on beside what this version would misread.
     *
     * @throws UnusableStoreException when only newer versions can read the database
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    public void requireUnderstood() {
        Optional<BsonNumber> needed = mongo.findLinearizable(reads, Filters.eq(ID))
                .filter(format -> format.isNumber(READABLE_FROM))
                .map(format -> format.getNumber(READABLE_FROM));
        if (needed.filter(number -> number.longValue() > UNDERSTOOD).isPresent()) {
            throw new UnusableStoreException("A newer Gatehouse has changed the database "
                    + reads.getNamespace().getDatabaseName() + " so that this version cannot read it: it is in format "
                    + needed.get().longValue() + ", and this version understands " + UNDERSTOOD
                    + ". Start the newer version, or restore a backup from before the change");
        }
    }
}
