package org.gatehouse.user;

import com.mongodb.ErrorCategory;
import com.mongodb.MongoWriteException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Updates;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.MongoIndexes;

/**
 * Which user a key stands for, in the collection {@code idempotencyKeys}: noted before the user is made, and when that was
 * done. Nothing of the user or the request is in it but a fingerprint.
 *
 * <p>A creation is in the hands of one thread of one node at a time, which loses it after {@link #LEASE}; so nodes whose
 * clocks agree to within seconds do not work at the same one, and nothing goes wrong if they do: both make the same user.
 */
public final class MongoCreations {
    /** For how long a key is known. */
    static final Duration KEPT = Duration.ofHours(24);

    /** Several times what creating a user may take at its time limits. */
    static final Duration LEASE = Duration.ofSeconds(30);

    private static final String ID = "_id";
    private static final String FINGERPRINT = "fingerprint";
    private static final String USER_ID = "userId";
    private static final String HOLDER = "holder";
    private static final String HELD_UNTIL = "heldUntil";
    private static final String CREATED_AT = "createdAt";
    private static final String EXPIRES_AT = "expiresAt";

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> creations;
    private final MongoCollection<BsonDocument> reads;
    private final Clock clock;

    /**
     * What is noted of a key.
     *
     * @param key its name in the store
     * @param fingerprint of the request
     * @param userId whom the request creates
     * @param createdAt when that was done; empty as long as it is not known to be
     * @param holder whose hands it is in, or was
     * @param held whether it still is
     */
    record Creation(
            String key, String fingerprint, UserId userId, Optional<Instant> createdAt, String holder, boolean held) {}

    public MongoCreations(MongoConnection mongo, Clock clock) {
        this.mongo = mongo;
        this.creations = mongo.collection("idempotencyKeys");
        this.reads = mongo.readOnly("idempotencyKeys");
        this.clock = clock;
    }

    /** Lets the store tidy up; that a key has expired is seen here, whether it does or not. */
    public void createIndexes() {
        IndexOptions atThatTime = new IndexOptions().expireAfter(0L, TimeUnit.SECONDS);
        new MongoIndexes(mongo).ensure(creations, List.of(new IndexModel(Indexes.ascending(EXPIRES_AT), atThatTime)));
    }

    /** What is noted of this key, unless it has expired. */
    Optional<Creation> find(String key) {
        long now = clock.millis();
        return mongo.findLinearizable(reads, byKey(key))
                .filter(document -> document.getDateTime(EXPIRES_AT).getValue() > now)
                .map(document -> read(document, now));
    }

    /** Notes a key that nobody has used; empty when somebody has. */
    Optional<Creation> begin(String key, String fingerprint, UserId userId) {
        long now = clock.millis();
        String holder = newHolder();
        BsonDocument document = new BsonDocument(ID, new BsonString(key))
                .append(FINGERPRINT, new BsonString(fingerprint))
                .append(USER_ID, BsonValues.id(userId))
                .append(HOLDER, new BsonString(holder))
                .append(HELD_UNTIL, time(now + LEASE.toMillis()))
                .append(EXPIRES_AT, time(now + KEPT.toMillis()));
        try {
            mongo.call(() -> creations.deleteOne(Filters.and(byKey(key), Filters.lte(EXPIRES_AT, time(now)))));
            mongo.call(() -> creations.insertOne(document));
            return Optional.of(read(document, now));
        } catch (MongoWriteException refused) {
            if (refused.getError().getCategory() != ErrorCategory.DUPLICATE_KEY) {
                throw refused;
            }
            return Optional.empty();
        }
    }

    /** Takes a creation out of hands that hold it no more; empty when somebody else did. */
    Optional<Creation> takeOver(Creation left) {
        long now = clock.millis();
        String holder = newHolder();
        Bson asLeft =
                Filters.and(ofHolder(left), Filters.lte(HELD_UNTIL, time(now)), Filters.exists(CREATED_AT, false));
        Bson taken = Updates.combine(
                Updates.set(HOLDER, new BsonString(holder)), Updates.set(HELD_UNTIL, time(now + LEASE.toMillis())));
        return mongo.call(() -> creations.updateOne(asLeft, taken)).getMatchedCount() == 0
                ? Optional.empty()
                : Optional.of(
                        new Creation(left.key(), left.fingerprint(), left.userId(), left.createdAt(), holder, true));
    }

    /** Notes that the user was created, whoever has it in hands now. */
    void finish(Creation creation, Instant createdAt) {
        Bson ofUser = Filters.and(byKey(creation.key()), Filters.eq(USER_ID, BsonValues.id(creation.userId())));
        mongo.call(() -> creations.updateOne(ofUser, Updates.set(CREATED_AT, time(createdAt.toEpochMilli()))));
    }

    /** Forgets the key: nothing was created, and nothing will be. */
    void forget(Creation creation) {
        mongo.call(() -> creations.deleteOne(ofHolder(creation)));
    }

    /** Lets go: whether the user was created is not known. */
    void release(Creation creation) {
        mongo.call(() -> creations.updateOne(ofHolder(creation), Updates.set(HELD_UNTIL, time(clock.millis()))));
    }

    private static Creation read(BsonDocument document, long now) {
        return new Creation(
                document.getString(ID).getValue(),
                document.getString(FINGERPRINT).getValue(),
                BsonValues.userId(document.getObjectId(USER_ID)),
                document.containsKey(CREATED_AT)
                        ? Optional.of(Instant.ofEpochMilli(
                                document.getDateTime(CREATED_AT).getValue()))
                        : Optional.empty(),
                document.getString(HOLDER).getValue(),
                document.getDateTime(HELD_UNTIL).getValue() > now);
    }

    private static String newHolder() {
        return UUID.randomUUID().toString();
    }

    private static Bson byKey(String key) {
        return Filters.eq(new BsonString(key));
    }

    private static Bson ofHolder(Creation creation) {
        return Filters.and(byKey(creation.key()), Filters.eq(HOLDER, new BsonString(creation.holder())));
    }

    private static BsonDateTime time(long millis) {
        return new BsonDateTime(millis);
    }
}
