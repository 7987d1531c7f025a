package org.gatehouse.user;

import com.mongodb.MongoBulkWriteException;
import com.mongodb.bulk.BulkWriteError;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.BulkWriteOptions;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.UpdateOneModel;
import com.mongodb.client.model.Updates;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.bson.BsonDocument;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The names of documents with a {@link ReservedUsername}: several have one name, none can log in with it, and nobody else can
 * take it.
 *
 * <p>Once a single document is left it gets the name; that the name is still free is the unique index's to say.
 */
public final class ReservedUsernames {
    private static final Logger log = LoggerFactory.getLogger(ReservedUsernames.class);

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;
    private final MongoCollection<BsonDocument> reads;

    public ReservedUsernames(MongoConnection mongo, String collection) {
        this.mongo = mongo;
        this.users = mongo.collection(collection);
        this.reads = mongo.readOnly(collection);
    }

    /** True when there is none, so that nobody need ask for a name. */
    boolean isEmpty() {
        return mongo.call(() -> reads.withTimeout(MongoUserDao.LONG_READ_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                        .find(all())
                        .projection(Projections.include(UserJson.ID))
                        .first())
                == null;
    }

    /** True when a parked document other than this one has the folded name. */
    boolean hold(String name, UserId except) {
        BsonObjectId id = BsonValues.id(except);
        return mongo.call(() -> reads.find(Filters.and(named(name), Filters.ne(UserJson.ID, id)))
                        .projection(Projections.include(UserJson.ID))
                        .first())
                != null;
    }

    /**
     * Gives a name that somebody gave up to the parked document that is the last to have it, if there is one. It is tried
     * again at the next start where the store does not answer now: the caller's own change is made already.
     */
    void release(String name) {
        try {
            List<BsonDocument> left = mongo.call(() -> reads.find(named(name))
                    .projection(Projections.include(UserDocument.CANONICAL_USERNAME))
                    .limit(2)
                    .into(new ArrayList<>()));
            if (left.size() == 1 && claim(left).isEmpty()) {
                log.info(
                        "User {} is the only one left with its name, and can log in now", UserDocument.id(left.get(0)));
            }
        } catch (GatehouseException unreachable) {
            log.warn("Whether a name has become free for another user is seen at the next start");
        }
    }

    /**
     * Gives each of these parked documents its name.
     *
     * @return those whose name somebody else has
     */
    public List<BsonDocument> claim(List<BsonDocument> alone) {
        List<UpdateOneModel<BsonDocument>> claims = alone.stream()
                .map(document -> {
                    String name = ReservedUsername.name(UserDocument.key(document));
                    return new UpdateOneModel<BsonDocument>(
                            UserDocument.unchanged(document, UserDocument.CANONICAL_USERNAME),
                            Updates.set(UserDocument.CANONICAL_USERNAME, new BsonString(name)));
                })
                .toList();
        try {
            mongo.call(() -> users.bulkWrite(claims, new BulkWriteOptions().ordered(false)));
            return List.of();
        } catch (MongoBulkWriteException refused) {
            if (!refused.getWriteErrors().stream().allMatch(MongoUserDao::isDuplicate)) {
                throw refused;
            }
            Set<Integer> taken = refused.getWriteErrors().stream()
                    .map(BulkWriteError::getIndex)
                    .collect(Collectors.toSet());
            return taken.stream().sorted().map(alone::get).toList();
        }
    }

    /** Every parked document. */
    public static Bson all() {
        return between(ReservedUsername.first(), ReservedUsername.end());
    }

    private static Bson named(String name) {
        return between(ReservedUsername.first(name), ReservedUsername.end(name));
    }

    private static Bson between(String first, String end) {
        return Filters.and(
                Filters.gte(UserDocument.CANONICAL_USERNAME, new BsonString(first)),
                Filters.lt(UserDocument.CANONICAL_USERNAME, new BsonString(end)));
    }
}
