package org.gatehouse.user;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.CountOptions;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Sorts;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.jspecify.annotations.Nullable;

/** Lists users in MongoDB by the filters and orders that callers may choose, and creates the indexes for lists. */
public final class MongoUserLists {
    /**
     * Matches every status. With this condition, a filter by role alone can use the indexes that have the status before
     * the sort key. The server reads one ordered range of the index for each status, and merges the ranges.
     */
    private static final Bson ANY_STATUS = Filters.in(
            UserJson.STATUS,
            Arrays.stream(UserStatus.values())
                    .map(status -> new BsonString(status.stored()))
                    .distinct()
                    .toList());

    /** A time before the creation of every user. Some servers reject dates before year 1 or after year 9999. */
    private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");

    /** The limit of a count. Counting this many users takes some milliseconds. */
    static final int MAX_COUNT = 10_000;

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> reads;
    private final MongoCollection<BsonDocument> users;

    private final MongoUserSearch search;

    MongoUserLists(MongoConnection mongo, String collection, MongoUserSearch search) {
        this.search = search;
        this.mongo = mongo;
        this.reads = mongo.readOnly(collection);
        this.users = mongo.collection(collection);
    }

    /**
     * Creates the indexes that lists need. Repeated and concurrent calls are harmless.
     *
     * <p>Each filter has one index for each order. The index begins with the fields that are compared for equality. The
     * sort key follows. Only new users and changes of name, role or status cause index writes; logins and changes of
     * custom fields do not, except for the search fields.
     */
    void createIndexes() {
        List<IndexModel> indexes = new ArrayList<>(List.of(
                new IndexModel(Indexes.ascending(UserJson.CREATED_AT, UserJson.ID)),
                new IndexModel(Indexes.ascending(UserJson.STATUS, UserDocument.CANONICAL_USERNAME)),
                new IndexModel(Indexes.ascending(UserJson.STATUS, UserJson.CREATED_AT, UserJson.ID)),
                // These two indexes also serve a filter by role alone; see ANY_STATUS.
                new IndexModel(Indexes.ascending(UserJson.ROLES, UserJson.STATUS, UserDocument.CANONICAL_USERNAME)),
                new IndexModel(Indexes.ascending(UserJson.ROLES, UserJson.STATUS, UserJson.CREATED_AT, UserJson.ID))));
        indexes.addAll(search.indexes());
        mongo.ensureIndexes(users, indexes);
    }

    /**
     * Returns the users that match the query, in the order of the query. The result omits documents that another
     * service has written since the last start, because they lack the sort key. The next start adds the sort key.
     */
    List<ListedUser> list(UserQuery query) {
        // These fields define a total order, because names are unique and the id orders users with equal times.
        List<String> fields = query.sort().byTime()
                ? List.of(UserJson.CREATED_AT, UserJson.ID)
                : List.of(UserDocument.CANONICAL_USERNAME);
        Bson order = query.sort().ascending() ? Sorts.ascending(fields) : Sorts.descending(fields);
        List<Bson> conditions = conditions(query.filter());
        conditions.add(query.after() == null ? hasPlace(query.sort()) : beyond(query.after()));
        conditions.add(MongoUserDao.SERVED);
        List<BsonDocument> documents = mongo.call(() -> reads.find(Filters.and(conditions))
                .projection(MongoUserDao.WITHOUT_PASSWORDS)
                .sort(order)
                .limit(query.limit())
                .into(new ArrayList<>()));
        return documents.stream()
                .map(document -> new ListedUser(UserDocument.read(document), UserDocument.canonicalUsername(document)))
                .toList();
    }

    /**
     * Returns one page of the users that match the filter, in the order of their ids, which never change.
     *
     * @param after the last id of the previous page; null for the first page
     */
    public List<User> page(UserFilter filter, @Nullable UserId after, int limit) {
        List<Bson> conditions = conditions(filter);
        if (after != null) {
            conditions.add(Filters.gt(UserJson.ID, BsonValues.id(after)));
        }
        conditions.add(MongoUserDao.SERVED);
        List<BsonDocument> found = mongo.call(() -> reads.find(Filters.and(conditions))
                .projection(MongoUserDao.WITHOUT_PASSWORDS)
                .sort(Sorts.ascending(UserJson.ID))
                .limit(limit)
                .into(new ArrayList<>()));
        return found.stream().map(UserDocument::read).toList();
    }

    /**
     * Estimates how many users match the filter. The server knows the number of all users without counting. With a
     * filter, the server counts up to {@link #MAX_COUNT} users in an index. A result of {@link #MAX_COUNT} means that
     * at least {@link #MAX_COUNT} users match.
     */
    long estimatedCount(UserFilter filter) {
        if (filter.isAll()) {
            return mongo.call(reads::estimatedDocumentCount);
        }
        Bson conditions = Filters.and(conditions(filter));
        return mongo.call(() -> reads.countDocuments(conditions, new CountOptions().limit(MAX_COUNT)));
    }

    /** Returns the equality conditions, in the order of the fields in the indexes, then the range of names and the search. */
    private List<Bson> conditions(UserFilter filter) {
        List<Bson> conditions = new ArrayList<>();
        if (filter.role() != null) {
            conditions.add(Filters.eq(UserJson.ROLES, new BsonString(filter.role())));
        }
        if (filter.status() != null) {
            conditions.add(
                    Filters.eq(UserJson.STATUS, new BsonString(filter.status().stored())));
            if (filter.status() == UserStatus.LEAVING) {
                conditions.add(UserDocument.hasLeaving());
            } else if (filter.status() == UserStatus.DISABLED) {
                conditions.add(Filters.exists(UserDocument.LEAVING, false));
            }
        } else if (filter.role() != null) {
            conditions.add(ANY_STATUS);
        }
        if (filter.names() != null) {
            conditions.add(MongoUserSearch.within(UserDocument.CANONICAL_USERNAME, filter.names()));
        }
        if (filter.search() != null) {
            conditions.add(search.condition(filter.search()));
        }
        return conditions;
    }

    /** Matches every user that has the sort key of this order. */
    private static Bson hasPlace(UserQuery.Sort sort) {
        return sort.byTime()
                ? Filters.gte(UserJson.CREATED_AT, BsonValues.time(EARLIEST))
                : Filters.gte(UserDocument.CANONICAL_USERNAME, new BsonString(""));
    }

    /** Matches every user after the position. */
    private static Bson beyond(UserQuery.Position position) {
        boolean ascending = position.sort().ascending();
        if (!position.sort().byTime()) {
            BsonString name = new BsonString(position.value());
            return ascending
                    ? Filters.gt(UserDocument.CANONICAL_USERNAME, name)
                    : Filters.lt(UserDocument.CANONICAL_USERNAME, name);
        }
        String field = UserJson.CREATED_AT;
        BsonObjectId id = BsonValues.id(position.id());
        if (!ascending) {
            return BsonValues.before(field, position.time(), UserJson.ID, id);
        }
        BsonDateTime time = BsonValues.time(position.time());
        // The first condition is redundant, but it limits the scan of the index.
        return Filters.and(Filters.gte(field, time), Filters.or(Filters.gt(field, time), Filters.gt(UserJson.ID, id)));
    }
}
