package org.gatehouse.store;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.function.Supplier;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lock that one thread of one node holds at a time; its document exists while the lock is held.
 *
 * <p>The lock protects rules about several documents, which a single write cannot enforce. If a node dies, its lock
 * expires after {@link #LEASE}. Therefore the task must end well before this time, and the clocks of the nodes must
 * agree within seconds.
 */
public final class MongoLock {
    /** The lease is several times as long as a few writes that all take their full timeout. */
    private static final Duration LEASE = Duration.ofSeconds(30);

    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration RETRY_INTERVAL = Duration.ofMillis(20);
    private static final String HOLDER = "holder";
    private static final String UNTIL = "until";

    private static final Logger log = LoggerFactory.getLogger(MongoLock.class);

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> meta;
    private final BsonString id;
    private final Clock clock;

    /** @param name the {@code _id} of the document in the collection {@code meta} */
    public MongoLock(MongoConnection mongo, String name, Clock clock) {
        this.mongo = mongo;
        this.meta = mongo.collection("meta");
        this.id = new BsonString(name);
        this.clock = clock;
    }

    /**
     * Executes a task while no other thread or node has the lock of this name.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} if the lock is not free in time; then the task was not
     *     executed
     */
    public <T> T exclusively(Supplier<T> task) {
        BsonString holder = new BsonString(UUID.randomUUID().toString());
        long deadline = System.nanoTime() + WAIT_TIMEOUT.toNanos();
        try {
            while (!acquired(holder)) {
                if (System.nanoTime() > deadline || !Threads.sleep(RETRY_INTERVAL)) {
                    throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, Duration.ofSeconds(1), null);
                }
            }
            return task.get();
        } finally {
            release(holder); // always, because the lock may be held although the reply was lost
        }
    }

    private void release(BsonString holder) {
        try {
            mongo.call(() -> meta.deleteOne(Filters.and(Filters.eq(id), Filters.eq(HOLDER, holder))));
        } catch (GatehouseException unreachable) {
            log.warn("The lock {} could not be released; it expires by itself", id.getValue());
        }
    }

    private boolean acquired(BsonString holder) {
        Instant now = clock.instant();
        BsonDocument lock =
                new BsonDocument("_id", id).append(HOLDER, holder).append(UNTIL, BsonValues.time(now.plus(LEASE)));
        BsonDateTime expired = BsonValues.time(now);
        if (mongo.insertIfAbsent(meta, lock)) {
            return true;
        }
        mongo.call(() -> meta.deleteOne(Filters.and(Filters.eq(id), Filters.lt(UNTIL, expired))));
        return false;
    }
}
