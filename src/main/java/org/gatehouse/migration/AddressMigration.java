package org.gatehouse.migration;

import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.BulkWriteOptions;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.UpdateOneModel;
import com.mongodb.client.model.UpdateOptions;
import com.mongodb.client.model.Updates;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDocument;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonType;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.user.MongoUserDao;
import org.gatehouse.user.UserDocument;
import org.gatehouse.user.UserJson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores the canonical form of each address that the legacy service or Gatehouse 0.1.0 stored, in the background. A
 * search by address then finds these users in every spelling.
 *
 * <p>The documents are read once, in the order of their ids. A note in the collection {@code meta} has the last id, so
 * a later start continues there. It then reads only documents that were created since. Each document changes in one
 * write, on the condition that its address is unchanged. Concurrent changes, other nodes and a stop at any moment are
 * therefore harmless. Versions do not change, because neither responses nor cache entries contain the canonical form.
 */
final class AddressMigration implements AutoCloseable {
    private static final int BATCH = 500;
    private static final Duration RETRY_INTERVAL = Duration.ofSeconds(1);
    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

    /** Differs with each request, so that a node does not continue a pass that has become obsolete. */
    private static final String REQUESTED = "requested";

    private static final String AFTER = "after";

    /** Smaller than every id. */
    private static final BsonObjectId BEGINNING = new BsonObjectId(new ObjectId(new byte[12]));

    private static final Logger log = LoggerFactory.getLogger(AddressMigration.class);

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;
    private final MongoCollection<BsonDocument> meta;
    private final Bson note;
    private final Thread thread = Threads.create("addresses", this::run);
    private volatile boolean stopped;
    private int stored;

    AddressMigration(MongoConnection mongo, String collection) {
        this.mongo = mongo;
        this.users = mongo.collection(collection)
                .withTimeout(LegacyUserMigration.BATCH_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        this.meta = mongo.collection("meta");
        this.note = Filters.eq(new BsonString("addresses of " + collection));
    }

    /** Requests a pass over all documents. Callers call this method before they turn documents into users. */
    void request() {
        Bson request = Updates.combine(Updates.set(REQUESTED, BsonValues.newId()), Updates.set(AFTER, BEGINNING));
        upsert(request);
    }

    /** Starts the thread. Does nothing if the thread has been started before. */
    void start() {
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
    }

    @Override
    public void close() {
        stopped = true;
        // The thread is not interrupted at first, because the driver would report the interrupt as an outage.
        Threads.join(thread, PROBE_TIMEOUT);
        thread.interrupt();
        Threads.join(thread, STOP_TIMEOUT);
    }

    private void run() {
        try {
            boolean continues = true;
            while (continues && !stopped && !isComplete()) {
                continues = Threads.sleep(RETRY_INTERVAL);
            }
        } catch (RuntimeException failed) {
            if (!stopped) {
                log.error("Not every address could be prepared for searches; the next start continues", failed);
            }
        }
    }

    /** Returns true after a complete pass, false if a temporary error requires a retry. */
    private boolean isComplete() {
        try {
            boolean continues = true;
            while (continues && !stopped) {
                continues = migrateBatch();
            }
        } catch (GatehouseException notNow) {
            log.debug("The pass over the addresses goes on later: {}", notNow.code());
            return false;
        }
        if (stored > 0) {
            log.info("This node prepared {} addresses of earlier versions for searches", stored);
        }
        return true;
    }

    /** Migrates the next documents. Returns false if there are none. */
    private boolean migrateBatch() {
        BsonDocument position = position();
        List<BsonDocument> batch = mongo.call(() -> users.find(Filters.and(
                        Filters.gt(UserJson.ID, position.getObjectId(AFTER)),
                        Filters.type(UserJson.ID, BsonType.OBJECT_ID)))
                .projection(Projections.include(UserJson.EMAIL, UserDocument.ADDRESS))
                .sort(Sorts.ascending(UserJson.ID))
                .limit(BATCH)
                .into(new ArrayList<>()));
        if (batch.isEmpty()) {
            return false;
        }
        List<UpdateOneModel<BsonDocument>> changes = batch.stream()
                .map(AddressMigration::change)
                .flatMap(Optional::stream)
                .toList();
        if (!changes.isEmpty()) {
            stored += mongo.call(() -> users.bulkWrite(changes, new BulkWriteOptions().ordered(false)))
                    .getModifiedCount();
        }
        Bson samePass = Filters.and(note, Filters.eq(REQUESTED, position.get(REQUESTED)));
        Bson progress = Updates.max(AFTER, UserDocument.anyId(batch.get(batch.size() - 1)));
        mongo.call(() -> meta.updateOne(samePass, progress));
        return true;
    }

    /** Returns the note, which is created if it is missing. */
    private BsonDocument position() {
        BsonDocument present = mongo.call(() -> meta.find(note).first());
        if (present != null) {
            return present;
        }
        upsert(Updates.combine(
                Updates.setOnInsert(REQUESTED, BsonValues.newId()), Updates.setOnInsert(AFTER, BEGINNING)));
        return Objects.requireNonNull(mongo.call(() -> meta.find(note).first()));
    }

    private void upsert(Bson update) {
        try {
            mongo.call(() -> meta.updateOne(note, update, new UpdateOptions().upsert(true)));
        } catch (MongoException failed) {
            if (!MongoUserDao.isDuplicate(failed)) {
                throw failed;
            }
            mongo.call(() -> meta.updateOne(note, update)); // another node has just created the note
        }
    }

    private static Optional<UpdateOneModel<BsonDocument>> change(BsonDocument document) {
        Bson unchanged = Filters.and(
                UserDocument.unchanged(document, UserJson.EMAIL), Filters.exists(UserDocument.ADDRESS, false));
        return UserDocument.text(document, UserJson.EMAIL)
                .filter(email -> !UserDocument.hasAddress(document))
                .flatMap(EmailAddress::parse)
                .map(address -> Updates.set(UserDocument.ADDRESS, new BsonString(address.canonical())))
                .map(update -> new UpdateOneModel<>(unchanged, update));
    }
}
