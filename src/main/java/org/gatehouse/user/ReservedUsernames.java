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
import org.gatehouse.identity.Username;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Manages reserved usernames: those that several documents of the legacy service share, and those that are invalid. The
 * users of these documents cannot log in, and other users cannot take the names.
 *
 * <p>The {@code usernameKey} of such a document is a reserved form of its name. This form begins with a character that
 * canonical usernames do not contain. The document's id at the end makes the form unique without a query. The name is
 * in the middle, so documents that share a name are adjacent in the index.
 *
 * <p>When only one document with a name is left, that document gets the name, unless another user already has the name.
 */
public final class ReservedUsernames {
    private static final String MARK = "\u0001";
    private static final String BEYOND_MARK = "\u0002";

    private static final Logger log = LoggerFactory.getLogger(ReservedUsernames.class);

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;
    private final MongoCollection<BsonDocument> reads;

    public ReservedUsernames(MongoConnection mongo, String collection) {
        this.mongo = mongo;
        this.users = mongo.collection(collection);
        this.reads = mongo.readOnly(collection);
    }

    /**
     * Returns the reserved form of a document's name.
     *
     * @param name the canonical username; an empty text if the document has none
     * @param id unique among the documents
     */
    public static String reserve(String name, String id) {
        return MARK + name + MARK + id;
    }

    /** Returns the name in the middle of a reserved form. */
    public static String name(String reserved) {
        return reserved.substring(1, reserved.lastIndexOf(MARK));
    }

    /** Folds the name in a stored {@code usernameKey} by the current rules. A reserved form stays reserved. */
    public static String refold(String key) {
        return key.startsWith(MARK)
                ? reserve(Username.refold(name(key)), key.substring(key.lastIndexOf(MARK) + 1))
                : Username.refold(key);
    }

    /** Whether no document has a reserved name. If so, callers need not check single names. */
    boolean isEmpty() {
        return mongo.call(() -> reads.withTimeout(MongoUserDao.LONG_READ_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                        .find(all())
                        .projection(Projections.include(UserJson.ID))
                        .first())
                == null;
    }

    /** Whether another user's document has a reserved form of this canonical username. */
    boolean hold(String name, UserId except) {
        BsonObjectId id = BsonValues.id(except);
        return mongo.call(() -> reads.find(Filters.and(named(name), Filters.ne(UserJson.ID, id)))
                        .projection(Projections.include(UserJson.ID))
                        .first())
                != null;
    }

    /**
     * Assigns a free name to the document that has a reserved form of the name, if only one such document is left. If
     * the store is unavailable, this method does not throw, because the caller's own change is complete. The next start
     * then assigns the name.
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
            log.warn("The next start checks whether a name has become free for another user");
        }
    }

    /**
     * Replaces the reserved form by the name in each of these documents.
     *
     * @return the documents that stay reserved, because another user has the name
     */
    public List<BsonDocument> claim(List<BsonDocument> alone) {
        List<UpdateOneModel<BsonDocument>> claims = alone.stream()
                .map(document -> {
                    String name = name(UserDocument.canonicalUsername(document));
                    return new UpdateOneModel<BsonDocument>(
                            UserDocument.unchanged(document, UserDocument.CANONICAL_USERNAME),
                            Updates.set(UserDocument.CANONICAL_USERNAME, new BsonString(name)));
                })
                .toList();
        try {
            mongo.call(() -> users.bulkWrite(claims, new BulkWriteOptions().ordered(false)));
            return List.of();
        } catch (MongoBulkWriteException failed) {
            if (!failed.getWriteErrors().stream().allMatch(MongoUserDao::isDuplicate)) {
                throw failed;
            }
            Set<Integer> taken = failed.getWriteErrors().stream()
                    .map(BulkWriteError::getIndex)
                    .collect(Collectors.toSet());
            return taken.stream().sorted().map(alone::get).toList();
        }
    }

    /** Matches every reserved document. */
    public static Bson all() {
        return between(MARK, BEYOND_MARK);
    }

    private static Bson named(String name) {
        return between(MARK + name + MARK, MARK + name + BEYOND_MARK);
    }

    private static Bson between(String first, String end) {
        return Filters.and(
                Filters.gte(UserDocument.CANONICAL_USERNAME, new BsonString(first)),
                Filters.lt(UserDocument.CANONICAL_USERNAME, new BsonString(end)));
    }
}
