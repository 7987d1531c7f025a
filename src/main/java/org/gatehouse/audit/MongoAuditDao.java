package org.gatehouse.audit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Sorts;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.jspecify.annotations.Nullable;

/**
 * Inserts and lists the entries of the audit log in MongoDB, and never changes them.
 *
 * <p>Each entry contains its expiry time, after which the entry is not listed. The TTL index only frees storage. Its
 * definition does not depend on settings.
 */
final class MongoAuditDao {
    private static final String COLLECTION = "audit";

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> entries;
    private final MongoCollection<BsonDocument> reads;

    MongoAuditDao(MongoConnection mongo) {
        this.mongo = mongo;
        this.entries = mongo.collection(COLLECTION);
        this.reads = mongo.readOnly(COLLECTION);
    }

    void createIndexes() {
        List<IndexModel> indexes = List.of(
                new IndexModel(Indexes.ascending(AuditDocument.AT, AuditDocument.ID)),
                new IndexModel(Indexes.ascending(AuditDocument.USERS, AuditDocument.AT, AuditDocument.ID)),
                new IndexModel(Indexes.ascending(AuditDocument.TYPE, AuditDocument.AT, AuditDocument.ID)),
                new IndexModel(
                        Indexes.ascending(AuditDocument.EXPIRES_AT),
                        new IndexOptions().expireAfter(0L, TimeUnit.SECONDS)));
        mongo.ensureIndexes(entries, indexes);
    }

    void insert(AuditEvent event, Instant at, Instant expiresAt) {
        mongo.call(() -> entries.insertOne(AuditDocument.of(event, at, expiresAt)));
    }

    /** See {@link AuditLog#exported}. */
    List<ObjectNode> exported(UserId user, @Nullable ObjectNode last, int limit, Instant now) {
        List<Bson> filters = new ArrayList<>();
        filters.add(Filters.eq(AuditDocument.USERS, BsonValues.id(user)));
        if (last != null) {
            filters.add(BsonValues.before(
                    AuditDocument.AT,
                    Instant.parse(last.path(AuditDocument.AT).textValue()),
                    AuditDocument.ID,
                    BsonValues.id(last.path(AuditDocument.ID).textValue())));
        }
        filters.add(Filters.gt(AuditDocument.EXPIRES_AT, BsonValues.time(now)));
        List<BsonDocument> found = mongo.call(() -> reads.find(Filters.and(filters))
                .sort(Sorts.descending(AuditDocument.AT, AuditDocument.ID))
                .limit(limit)
                .into(new ArrayList<>()));
        return found.stream()
                .map(document -> AuditDocument.exported(document, user))
                .toList();
    }

    /** Returns the unexpired entries as JSON, newest first. {@code limit} replaces the limit of the query. */
    List<ObjectNode> list(AuditQuery query, int limit, Instant now) {
        List<Bson> filters = new ArrayList<>();
        if (query.user() != null) {
            filters.add(Filters.eq(AuditDocument.USERS, BsonValues.id(query.user())));
        }
        if (!query.types().isEmpty()) {
            filters.add(types(query.types()));
        }
        if (query.since() != null) {
            filters.add(Filters.gte(AuditDocument.AT, BsonValues.time(query.since())));
        }
        if (query.until() != null) {
            filters.add(Filters.lt(AuditDocument.AT, BsonValues.time(query.until())));
        }
        if (query.after() != null) {
            filters.add(BsonValues.before(
                    AuditDocument.AT,
                    query.after().time(),
                    AuditDocument.ID,
                    BsonValues.id(query.after().id())));
        }
        filters.add(Filters.gt(AuditDocument.EXPIRES_AT, BsonValues.time(now)));
        List<BsonDocument> found = mongo.call(() -> reads.find(Filters.and(filters))
                .sort(Sorts.descending(AuditDocument.AT, AuditDocument.ID))
                .limit(limit)
                .into(new ArrayList<>()));
        return found.stream().map(AuditDocument::json).toList();
    }

    /** A single type is compared by equality, so that every server can use the order of the index. */
    private static Bson types(Set<AuditType> types) {
        List<BsonString> names =
                types.stream().map(type -> new BsonString(type.name())).toList();
        return names.size() == 1 ? Filters.eq(AuditDocument.TYPE, names.get(0)) : Filters.in(AuditDocument.TYPE, names);
    }
}
