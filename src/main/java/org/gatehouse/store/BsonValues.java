package org.gatehouse.store;

import com.mongodb.client.model.Filters;
import java.time.Instant;
import org.bson.BsonDateTime;
import org.bson.BsonObjectId;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.gatehouse.identity.AccountId;
import org.gatehouse.identity.UserId;

/** Converts times (in milliseconds) and ids to BSON and back, and filters lists that are sorted by time and id. */
public final class BsonValues {
    private BsonValues() {}

    public static BsonDateTime time(Instant instant) {
        return new BsonDateTime(instant.toEpochMilli());
    }

    /** Returns the time in a value of type date. */
    public static Instant instant(BsonValue time) {
        return Instant.ofEpochMilli(time.asDateTime().getValue());
    }

    /** Matches the entries after a position in a list that is sorted by time and then by id, both descending. */
    public static Bson before(String timeField, Instant time, String idField, BsonValue id) {
        BsonDateTime instant = time(time);
        // The first condition is redundant, but it limits the scan of the index.
        return Filters.and(
                Filters.lte(timeField, instant), Filters.or(Filters.lt(timeField, instant), Filters.lt(idField, id)));
    }

    public static BsonObjectId newId() {
        return new BsonObjectId(new ObjectId());
    }

    /** Returns the id with these 24 hexadecimal digits. */
    public static BsonObjectId id(String hex) {
        return new BsonObjectId(new ObjectId(hex));
    }

    public static BsonObjectId id(AccountId account) {
        return id(account.hex());
    }

    /** Returns the user id in a value of type ObjectId. */
    public static UserId userId(BsonValue id) {
        return new UserId(id.asObjectId().getValue().toHexString());
    }
}
