package org.gatehouse.store;

import com.mongodb.client.model.Filters;
import java.time.Instant;
import org.bson.BsonDateTime;
import org.bson.BsonObjectId;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.gatehouse.identity.UserId;

/** Times and ids to BSON and back, and the filter for a list in their order. A stored time has milliseconds. */
public final class BsonValues {
    private BsonValues() {}

    public static BsonDateTime time(Instant instant) {
        return new BsonDateTime(instant.toEpochMilli());
    }

    /** The time in a value of type date. */
    public static Instant instant(BsonValue time) {
        return Instant.ofEpochMilli(time.asDateTime().getValue());
    }

    /** Matches the entries after this one in a list that is sorted by time and then by id, both descending. */
    public static Bson before(String timeField, Instant time, String idField, BsonValue id) {
        BsonDateTime instant = time(time);
        // The first condition follows from the second, but bounds the scan of an index.
        return Filters.and(
                Filters.lte(timeField, instant), Filters.or(Filters.lt(timeField, instant), Filters.lt(idField, id)));
    }

    public static BsonObjectId newId() {
        return new BsonObjectId(new ObjectId());
    }

    /** The id of these 24 hexadecimal digits. */
    public static BsonObjectId id(String hex) {
        return new BsonObjectId(new ObjectId(hex));
    }

    public static BsonObjectId id(UserId user) {
        return id(user.hex());
    }

    /** The id in a value of type ObjectId. */
    public static UserId userId(BsonValue id) {
        return new UserId(id.asObjectId().getValue().toHexString());
    }
}
