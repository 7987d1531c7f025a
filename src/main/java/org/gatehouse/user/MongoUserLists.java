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
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.MongoIndexes;

/** Users in MongoDB as lists of many: what a caller may filter and sort by, and the indexes for that. */
final class MongoUserLists {
    /**
     * Selects nothing, but lets a role alone use the indexes that have the status before what is sorted by: the server
     * reads as many stretches of the index as there are statuses, each in order, and merges them.
     */
    private static final Bson ANY_STATUS = Filters.in(
            UserJson.STATUS,
            Arrays.stream(UserStatus.values())
                    .map(status -> new BsonString(status.text()))
                    .toList());

    /** Before every user. Not every server that speaks the protocol accepts dates before the year 1 or after 9999. */
    private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");

    /** A page counts up to here, within some milliseconds. */
    static final int MAX_COUNT = 10_000;

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> reads;
    private final MongoCollection<BsonDocument> users;

    /**
     * Makes lists of the users of a collection.
     *
     * @param reads the same collection with the time limit of a request
     */
    MongoUserLists(MongoConnection mongo, MongoCollection<BsonDocument> reads, MongoCollection<BsonDocument> users) {
        this.mongo = mongo;
        this.reads = reads;
        this.users = users;
    }

    /**
     * Makes the indexes that lists rest on; harmless when they exist or another node makes them too.
     *
     * <p>Each filter of a list has one for each order: equal values first, then what is sorted by. None of their fields
     * changes at a login or with own fields, so only new users, and changes of name, role or status, pay for them.
     */
    void createIndexes() {
        List<IndexModel> indexes = List.of(
                new IndexModel(Indexes.ascending(UserJson.CREATED_AT, UserJson.ID)),
                new IndexModel(Indexes.ascending(UserJson.STATUS, UserDocument.CANONICAL_USERNAME)),
                new IndexModel(Indexes.ascending(UserJson.STATUS, UserJson.CREATED_AT, UserJson.ID)),
                // Also for a role alone, together with every status there is.
                new IndexModel(Indexes.ascending(UserJson.ROLES, UserJson.STATUS, UserDocument.CANONICAL_USERNAME)),
                new IndexModel(Indexes.ascending(UserJson.ROLES, UserJson.STATUS, UserJson.CREATED_AT, UserJson.ID)));
        new MongoIndexes(mongo).ensure(users, indexes);
    }

    /**
     * The users that the query asks for, in its order. A document that another service has written since the start is
     * among them after the next start, which gives it the fields that a list rests on.
     */
    List<ListedUser> list(UserQuery query) {
        // Each order is that of an index: names are unique, equal times are told apart by id.
        List<String> fields = query.sort().byTime()
                ? List.of(UserJson.CREATED_AT, UserJson.ID)
                : List.of(UserDocument.CANONICAL_USERNAME);
        Bson order = query.sort().ascending() ? Sorts.ascending(fields) : Sorts.descending(fields);
        List<Bson> conditions = conditions(query.filter());
        conditions.add(query.after().map(MongoUserLists::beyond).orElseGet(() -> hasPlace(query.sort())));
        conditions.add(MongoUserDao.SERVED);
        List<BsonDocument> documents = mongo.call(() -> reads.find(Filters.and(conditions))
                .projection(MongoUserDao.WITHOUT_PASSWORDS)
                .sort(order)
                .limit(query.limit())
                .into(new ArrayList<>()));
        return documents.stream()
                .map(document -> new ListedUser(UserDocument.read(document), UserDocument.key(document)))
                .toList();
    }

    /**
     * About how many users the filter lets through. Of all users it is what the server knows without counting; else
     * they are counted in an index, up to {@link #MAX_COUNT}, which then means so many or more.
     */
    long estimatedCount(UserFilter filter) {
        if (filter.isAll()) {
            return mongo.call(reads::estimatedDocumentCount);
        }
        Bson conditions = Filters.and(conditions(filter));
        return mongo.call(() -> reads.countDocuments(conditions, new CountOptions().limit(MAX_COUNT)));
    }

    /** Equal values in the order of the indexes, and the range of names. */
    private static List<Bson> conditions(UserFilter filter) {
        List<Bson> conditions = new ArrayList<>();
        filter.role().ifPresent(role -> conditions.add(Filters.eq(UserJson.ROLES, new BsonString(role))));
        filter.status()
                .map(status -> Filters.eq(UserJson.STATUS, new BsonString(status.text())))
                .or(() -> filter.role().map(role -> ANY_STATUS))
                .ifPresent(conditions::add);
        filter.names().ifPresent(names -> {
            conditions.add(Filters.gte(UserDocument.CANONICAL_USERNAME, new BsonString(names.first())));
            names.end()
                    .ifPresent(end -> conditions.add(Filters.lt(UserDocument.CANONICAL_USERNAME, new BsonString(end))));
        });
        return conditions;
    }

    /** Everything that has a place in this order at all. */
    private static Bson hasPlace(UserQuery.Sort sort) {
        return sort.byTime()
                ? Filters.gte(UserJson.CREATED_AT, BsonValues.time(EARLIEST))
                : Filters.gte(UserDocument.CANONICAL_USERNAME, new BsonString(""));
    }

    /** Everything after the place. */
    private static Bson beyond(UserQuery.Place place) {
        boolean ascending = place.sort().ascending();
        if (!place.sort().byTime()) {
            BsonString name = new BsonString(place.value());
            return ascending
                    ? Filters.gt(UserDocument.CANONICAL_USERNAME, name)
                    : Filters.lt(UserDocument.CANONICAL_USERNAME, name);
        }
        String field = UserJson.CREATED_AT;
        BsonDateTime time = BsonValues.time(place.time());
        BsonObjectId id = BsonValues.id(place.id());
        // The first bound repeats what the second implies, for the sake of the index.
        return ascending
                ? Filters.and(
                        Filters.gte(field, time), Filters.or(Filters.gt(field, time), Filters.gt(UserJson.ID, id)))
                : Filters.and(
                        Filters.lte(field, time), Filters.or(Filters.lt(field, time), Filters.lt(UserJson.ID, id)));
    }
}
