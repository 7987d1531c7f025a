package org.gatehouse.factor;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDocument;
import org.bson.BsonObjectId;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.user.UserDocument;
import org.gatehouse.user.UserJson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encrypts the secrets of all TOTP devices under {@code AUTH_KEY} that are still encrypted under
 * {@code AUTH_KEY_PREVIOUS}, in the background.
 *
 * <p>Each secret changes in one write, on the condition that it is unchanged. Concurrent logins, other nodes and a stop
 * at any moment are therefore harmless. With {@code AUTH_KEY_PREVIOUS}, a node reads all users that have factors at its
 * start and every 10 minutes, because other nodes may still store secrets under the earlier key.
 */
final class MongoTotpReencryption implements AutoCloseable {
    private static final int BATCH = 100;
    private static final Duration RETRY_INTERVAL = Duration.ofSeconds(1);

    /**
     * Not shorter after changes, because nodes whose keys are exchanged replace each other's secrets during a restart of
     * all nodes.
     */
    private static final Duration PASS_INTERVAL = Duration.ofMinutes(10);

    /** Factors are not indexed, so a search may scan the whole collection. */
    private static final Duration SCAN_TIMEOUT = Duration.ofHours(1);

    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

    /** Smaller than every id. */
    private static final BsonObjectId BEGINNING = new BsonObjectId(new ObjectId(new byte[12]));

    private static final Logger log = LoggerFactory.getLogger(MongoTotpReencryption.class);

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;
    private final TotpCipher cipher;
    private final Thread thread = Threads.create("totp-secrets", this::run);
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Duration interval;
    private BsonValue after = BEGINNING;
    private int changed;
    private int unreadable;

    MongoTotpReencryption(MongoConnection mongo, String collection, TotpCipher cipher) {
        this(mongo, collection, cipher, PASS_INTERVAL);
    }

    MongoTotpReencryption(MongoConnection mongo, String collection, TotpCipher cipher, Duration interval) {
        this.mongo = mongo;
        this.users = mongo.collection(collection).withTimeout(SCAN_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        this.cipher = cipher;
        this.interval = interval;
    }

    /** Starts the thread. Does nothing if the thread has been started before. */
    void start() {
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
    }

    @Override
    public void close() {
        stop.countDown();
        // The thread is not interrupted at first, because the driver would report the interrupt as an outage.
        Threads.join(thread, PROBE_TIMEOUT);
        thread.interrupt();
        Threads.join(thread, STOP_TIMEOUT);
    }

    private void run() {
        while (!isStopped()) {
            Duration pause = pass();
            boolean unused = Threads.await(stop, pause);
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
        }
    }

    private boolean isStopped() {
        return stop.getCount() == 0;
    }

    /** Reads all users, or goes on after a temporary error. Returns the time until the next call. */
    private Duration pass() {
        try {
            boolean continues = true;
            while (continues && !isStopped()) {
                continues = reencryptBatch();
            }
        } catch (GatehouseException notNow) {
            log.debug("The pass over the TOTP secrets goes on later: {}", notNow.code());
            return RETRY_INTERVAL;
        } catch (RuntimeException failed) {
            if (!isStopped()) {
                log.error(
                        "Not every TOTP secret could be encrypted under AUTH_KEY; the next pass repeats this", failed);
            }
            restart();
            return interval;
        }
        if (isStopped()) {
            return Duration.ZERO;
        }
        report();
        restart();
        return interval;
    }

    private void restart() {
        after = BEGINNING;
        changed = 0;
        unreadable = 0;
    }

    /** Operators wait for the line with 0 before they remove {@code AUTH_KEY_PREVIOUS}. */
    private void report() {
        if (unreadable > 0) {
            log.warn("{} TOTP secrets can be decrypted neither with AUTH_KEY nor with AUTH_KEY_PREVIOUS", unreadable);
        }
        if (changed > 0) {
            log.info("This node has encrypted {} TOTP secrets under AUTH_KEY, and reads all again later", changed);
        } else {
            log.info("0 TOTP secrets remain to be encrypted under AUTH_KEY");
        }
    }

    /** Encrypts the secrets of the next users. Returns false if there are none. */
    private boolean reencryptBatch() {
        BsonValue position = after;
        List<BsonDocument> batch = mongo.call(() -> users.find(Filters.and(
                        Filters.gt(UserJson.ID, position),
                        Filters.type(UserJson.ID, BsonType.OBJECT_ID),
                        Filters.exists(UserDocument.FACTORS)))
                .projection(Projections.include(UserDocument.FACTORS))
                .sort(Sorts.ascending(UserJson.ID))
                .limit(BATCH)
                .into(new ArrayList<>()));
        for (BsonDocument document : batch) {
            reencrypt(document);
            after = UserDocument.anyId(document);
        }
        return !batch.isEmpty();
    }

    /** Reads no more of a factor than the secret, so an entry that cannot be read does not stop the pass. */
    private void reencrypt(BsonDocument document) {
        UserId user = BsonValues.userId(UserDocument.anyId(document));
        FactorDocument.documents(UserDocument.serverData(document), UserDocument.FACTORS)
                .forEach((id, factor) -> FactorDocument.secret(factor)
                        .filter(secret -> !cipher.isCurrent(secret))
                        .ifPresent(secret -> reencrypt(user, id, secret)));
    }

    private void reencrypt(UserId user, String factorId, String secret) {
        Optional<String> renewed = cipher.renewed(user, factorId, secret);
        if (renewed.isEmpty()) {
            unreadable++;
            return;
        }
        if (isStopped()) {
            throw new GatehouseException(ErrorCode.BUSY); // the next start continues
        }
        String path = FactorDocument.path(factorId, FactorDocument.SECRET);
        Bson unchanged = Filters.and(Filters.eq(UserJson.ID, BsonValues.id(user)), Filters.eq(path, secret));
        changed += (int) mongo.call(() -> users.updateOne(unchanged, Updates.set(path, renewed.get())))
                .getModifiedCount();
    }
}
