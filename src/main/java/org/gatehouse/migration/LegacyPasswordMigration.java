package org.gatehouse.migration;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.UpdateOptions;
import com.mongodb.client.model.Updates;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.StoredPassword;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.user.UserDocument;
import org.gatehouse.user.UserJson;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes every {@code password} field of the legacy service, in the background. A plain password is replaced by its
 * Argon2id hash, a bcrypt hash moves to {@code passwordHash} unchanged, and an unusable password is deleted.
 *
 * <p>Each document changes in one write, on the condition that its password is unchanged. Concurrent logins, other
 * nodes and a stop at any moment are therefore harmless. A note in the collection {@code meta} says that passwords may
 * be left. Without the note, a start does not scan the documents. The note is deleted after a scan of all documents has
 * found no password. Passwords are hashed one at a time, and logins have priority.
 */
final class LegacyPasswordMigration implements AutoCloseable {
    private static final int BATCH = 100;
    private static final int MAX_LINES = 100;
    private static final Duration RETRY_INTERVAL = Duration.ofSeconds(1);

    /** The limit of consecutive scans that find passwords but replace none. Other nodes may cause a few such scans. */
    private static final int MAX_IDLE_ROUNDS = 5;

    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);
    private static final String REQUESTED = "requested";
    private static final Logger log = LoggerFactory.getLogger(LegacyPasswordMigration.class);

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;
    private final MongoCollection<BsonDocument> reads;
    private final MongoCollection<BsonDocument> meta;
    private final Bson note;
    private final PasswordHasher hasher;
    private final Thread thread = Threads.create("legacy-passwords", this::run);
    private volatile boolean stopped;
    private int hashed;
    private int moved;
    private int dropped;

    public LegacyPasswordMigration(MongoConnection mongo, String collection, PasswordHasher hasher) {
        this.mongo = mongo;
        this.users = mongo.collection(collection);
        // Passwords are not indexed, so a search may scan the whole collection.
        this.reads = users.withTimeout(Duration.ofHours(1).toMillis(), TimeUnit.MILLISECONDS);
        this.meta = mongo.collection("meta");
        this.note = Filters.eq(new BsonString("passwords of " + collection));
        this.hasher = hasher;
    }

    /** Stores the note that passwords may be left. Callers call this method before they turn documents into users. */
    void request() {
        Bson request = Updates.set(REQUESTED, BsonValues.newId());
        mongo.call(() -> meta.updateOne(note, request, new UpdateOptions().upsert(true)));
    }

    /** Starts the thread if the note exists. Does nothing if the thread has been started before. */
    public void start() {
        if (thread.getState() == Thread.State.NEW && requested().isPresent()) {
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
            while (continues && !stopped && !migrateAll()) {
                continues = Threads.sleep(RETRY_INTERVAL);
            }
        } catch (RuntimeException failed) {
            if (!stopped) {
                log.error(
                        "Not every password of the legacy service could be hashed; the next start tries again", failed);
            }
        }
    }

    /** Returns the value of the note; empty if it does not exist. Each {@link #request} sets a different value. */
    private Optional<BsonValue> requested() {
        return Optional.ofNullable(mongo.call(() -> meta.find(note).first())).map(found -> found.get(REQUESTED));
    }

    /** Returns true if no password is left, false if a temporary error requires a retry. */
    private boolean migrateAll() {
        try {
            for (Optional<BsonValue> request = requested(); request.isPresent(); request = requested()) {
                int idleRounds = 0;
                for (Round round = round(); round.found() > 0; round = round()) {
                    idleRounds = round.replaced() > 0 ? 0 : idleRounds + 1;
                    if (idleRounds > MAX_IDLE_ROUNDS) {
                        throw new IllegalStateException(round.found() + " passwords cannot be replaced");
                    }
                }
                Bson answered = Filters.and(note, Filters.eq(REQUESTED, request.get()));
                mongo.call(() -> meta.deleteOne(answered));
            }
        } catch (GatehouseException notNow) {
            log.debug("Hashing goes on later: {}", notNow.code());
            return false;
        }
        log.info(
                "All passwords of the legacy service are migrated; this node hashed {}, moved {} bcrypt hashes and"
                        + " removed {} unusable passwords",
                hashed,
                moved,
                dropped);
        return true;
    }

    private record Round(int found, int replaced) {}

    /** Scans all documents once, in the order of their ids. */
    private Round round() {
        int found = 0;
        int replaced = 0;
        BsonValue last = null;
        for (List<BsonDocument> batch = batch(last); !batch.isEmpty(); batch = batch(last)) {
            last = UserDocument.anyId(batch.get(batch.size() - 1));
            found += batch.size();
            Collections.shuffle(batch); // so that nodes seldom hash the same password
            for (BsonDocument document : batch) {
                replaced += isReplaced(UserDocument.anyId(document)) ? 1 : 0;
            }
        }
        return new Round(found, replaced);
    }

    private List<BsonDocument> batch(@Nullable BsonValue after) {
        Bson left = Filters.exists(UserJson.PASSWORD);
        Bson filter = after == null ? left : Filters.and(Filters.gt(UserJson.ID, after), left);
        return mongo.call(() -> reads.find(filter)
                .projection(Projections.include(UserJson.ID))
                .sort(Sorts.ascending(UserJson.ID))
                .limit(BATCH)
                .into(new ArrayList<>()));
    }

    private boolean isReplaced(BsonValue id) {
        if (stopped) {
            throw new GatehouseException(ErrorCode.BUSY); // the next start continues the migration
        }
        BsonDocument document = mongo.call(() -> users.find(Filters.eq(id))
                .projection(Projections.include(UserJson.PASSWORD, UserDocument.PASSWORD_HASH))
                .first());
        if (document == null || !document.containsKey(UserJson.PASSWORD)) {
            return false; // a login or another node has replaced the password
        }
        Bson same = UserDocument.unchanged(document, UserJson.PASSWORD, UserDocument.PASSWORD_HASH);
        Bson change = replacement(document);
        return mongo.call(() -> users.updateOne(same, change)).getModifiedCount() > 0;
    }

    private Bson replacement(BsonDocument document) {
        if (document.containsKey(UserDocument.PASSWORD_HASH)) {
            return Updates.unset(UserJson.PASSWORD); // because the existing passwordHash is newer
        }
        StoredPassword password = UserDocument.text(document, UserJson.PASSWORD)
                .flatMap(StoredPassword::ofLegacy)
                .orElse(null);
        if (password == null) {
            dropped++;
            if (dropped <= MAX_LINES) {
                log.warn(
                        "The password of {} is not a string, is empty or is too long, so it cannot be used to log in; it is removed,"
                                + " and an administrator must set a new one",
                        UserDocument.anyId(document));
            }
            return Updates.unset(UserJson.PASSWORD);
        }
        if (!password.plain()) {
            moved++;
            return UserDocument.replacePassword(password.text());
        }
        hashed++;
        return UserDocument.replacePassword(hasher.hashWhenIdle(password.text()));
    }
}
