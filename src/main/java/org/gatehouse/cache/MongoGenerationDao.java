package org.gatehouse.cache;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.util.List;
import java.util.Optional;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.gatehouse.store.MongoConnection;

/** Stores the current generation of cache entries in the document {@code cache} of the collection {@code meta}. */
final class MongoGenerationDao {
    private static final BsonString ID = new BsonString("cache");
    private static final String GENERATION = "generation";
    private static final String RUN_IDS = "redisRunIds";

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> meta;
    private final MongoCollection<BsonDocument> reads;

    MongoGenerationDao(MongoConnection mongo) {
        this.mongo = mongo;
        this.meta = mongo.collection("meta");
        this.reads = mongo.readOnly("meta");
    }

    /**
     * The state that all nodes share.
     *
     * @param generation the current generation, incremented when older entries must not be trusted any more
     * @param redisRunIds the run id of the Redis whose entries are current, or the sorted run ids of all masters of a
     *     Cluster; empty if Redis was unavailable
     */
    record State(long generation, List<String> redisRunIds) {}

    Optional<State> find() {
        return mongo.findLinearizable(reads, Filters.eq(ID))
                .map(found -> new State(
                        found.getNumber(GENERATION).longValue(),
                        found.getArray(RUN_IDS).stream()
                                .map(id -> id.asString().getValue())
                                .filter(id -> !id.isEmpty())
                                .toList()));
    }

    /** Creates the document unless it exists. */
    void create(State first) {
        BsonDocument document = new BsonDocument("_id", ID)
                .append(GENERATION, new BsonInt64(first.generation()))
                .append(RUN_IDS, runIds(first.redisRunIds()));
        var unused = mongo.insertIfAbsent(meta, document);
    }

    /**
     * Increments the generation unconditionally. An increment by another node moments ago is not enough, because an
     * entry may have missed an invalidation since then.
     */
    void increment() {
        mongo.call(() -> meta.updateOne(Filters.eq(ID), Updates.inc(GENERATION, 1L)));
    }

    /** Increments the generation and names another Redis, unless another node has incremented the generation. */
    void claim(State from, List<String> redisRunIds) {
        mongo.call(() -> meta.updateOne(
                Filters.and(Filters.eq(ID), Filters.eq(GENERATION, from.generation())),
                Updates.combine(Updates.inc(GENERATION, 1L), Updates.set(RUN_IDS, runIds(redisRunIds)))));
    }

    private static BsonArray runIds(List<String> runIds) {
        return new BsonArray(runIds.stream().map(BsonString::new).toList());
    }
}
