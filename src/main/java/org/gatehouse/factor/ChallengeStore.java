package org.gatehouse.factor;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.Updates;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Sha256;
import org.gatehouse.user.User;
import org.jspecify.annotations.Nullable;

/**
 * Stores challenges: random values that permit a few attempts and one success, from the source that requested them. Only
 * the hash of a challenge is stored. A slow hash is not needed, because the value has 256 random bits.
 */
final class ChallengeStore {
    static final Duration LIFETIME = Duration.ofMinutes(5);

    static final int MAX_ATTEMPTS = 5;

    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{43}");
    private static final int BYTES = 32;

    private static final String ID = "_id";
    private static final String PURPOSE = "purpose";
    private static final String USER_ID = "userId";
    private static final String EPOCH = "epoch";
    private static final String BINDING = "binding";
    private static final String SOURCE = "source";
    private static final String ATTEMPTS = "attempts";
    private static final String USED_AT = "usedAt";
    private static final String EXPIRES_AT = "expiresAt";

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> challenges;
    private final SecureRandom random;
    private final Clock clock;

    ChallengeStore(MongoConnection mongo, SecureRandom random, Clock clock) {
        this.mongo = mongo;
        this.challenges = mongo.collection("challenges");
        this.random = random;
        this.clock = clock;
    }

    /**
     * A stored challenge.
     *
     * @param hash the hash of the value
     * @param userId the account; null if any account may respond
     * @param epoch the number of the account's session epoch at the request; another number ends the challenge
     * @param binding what else the challenge belongs to, such as a session; an empty text if nothing
     */
    record Challenge(
            String hash, ChallengePurpose purpose, @Nullable UserId userId, long epoch, String binding) {}

    /** Creates the missing indexes; several nodes may do this at the same time. */
    void createIndexes() {
        // MongoDB uses this index only to delete expired challenges. The expiry is compared with the current time.
        mongo.ensureIndexes(
                challenges,
                List.of(new IndexModel(
                        Indexes.ascending(EXPIRES_AT), new IndexOptions().expireAfter(0L, TimeUnit.SECONDS))));
    }

    /**
     * Stores a new challenge.
     *
     * @param user the account; null if any account may respond
     * @return 43 characters of base64url
     */
    String create(ChallengePurpose purpose, @Nullable User user, String binding, ClientInfo client) {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        String value = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        BsonDocument document = new BsonDocument(ID, new BsonString(Sha256.hex(value)))
                .append(PURPOSE, new BsonString(purpose.text()))
                .append(BINDING, new BsonString(binding))
                .append(SOURCE, new BsonString(source(client)))
                .append(ATTEMPTS, new BsonInt32(0))
                .append(EXPIRES_AT, BsonValues.time(clock.instant().plus(LIFETIME)));
        if (user != null) {
            document.append(USER_ID, BsonValues.id(user.id()));
            document.append(EPOCH, new BsonInt64(user.epoch().number()));
        }
        mongo.call(() -> challenges.insertOne(document));
        return value;
    }

    /**
     * Uses one attempt of a challenge.
     *
     * @param value the text from the client, of any length
     * @param binding what the challenge must be bound to; null to accept any binding
     * @return empty if the challenge is unknown, used, expired or exhausted, or has another purpose, binding or
     *     source
     */
    Optional<Challenge> attempt(
            String value, Set<ChallengePurpose> purposes, @Nullable String binding, ClientInfo client) {
        if (!FORM.matcher(value).matches()) {
            return Optional.empty();
        }
        Instant now = clock.instant();
        Bson open = Filters.and(
                Filters.eq(ID, Sha256.hex(value)),
                Filters.in(
                        PURPOSE, purposes.stream().map(ChallengePurpose::text).toList()),
                binding == null ? Filters.exists(BINDING) : Filters.eq(BINDING, binding),
                Filters.eq(SOURCE, source(client)),
                Filters.lt(ATTEMPTS, MAX_ATTEMPTS),
                Filters.exists(USED_AT, false),
                Filters.gt(EXPIRES_AT, BsonValues.time(now)));
        FindOneAndUpdateOptions after = new FindOneAndUpdateOptions().returnDocument(ReturnDocument.AFTER);
        return Optional.ofNullable(mongo.call(() -> challenges.findOneAndUpdate(open, Updates.inc(ATTEMPTS, 1), after)))
                .map(ChallengeStore::read);
    }

    /**
     * Marks a challenge as used.
     *
     * @return false if another call has used it
     */
    boolean consume(Challenge challenge) {
        Bson unused = Filters.and(Filters.eq(ID, challenge.hash()), Filters.exists(USED_AT, false));
        Bson use = Updates.set(USED_AT, BsonValues.time(clock.instant()));
        return mongo.call(() -> challenges.updateOne(unused, use)).getModifiedCount() == 1;
    }

    private static Challenge read(BsonDocument document) {
        String purpose = document.getString(PURPOSE).getValue();
        return new Challenge(
                document.getString(ID).getValue(),
                ChallengePurpose.parse(purpose),
                document.containsKey(USER_ID) ? BsonValues.userId(document.getObjectId(USER_ID)) : null,
                document.getNumber(EPOCH, new BsonInt64(0)).longValue(),
                document.getString(BINDING).getValue());
    }

    private static String source(ClientInfo client) {
        return Sha256.hex(client.source());
    }
}
