package org.gatehouse.user;

import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.Updates;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.conversions.Bson;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.jspecify.annotations.Nullable;

/** Changes users by a read and a conditional write, which are repeated after a concurrent write. */
final class MongoUserEdits {
    /** Limits the retries. Each conflict requires a successful concurrent write. */
    private static final int MAX_ATTEMPTS = 100;

    private static final FindOneAndUpdateOptions AFTER = new FindOneAndUpdateOptions()
            .returnDocument(ReturnDocument.AFTER)
            .projection(MongoUserDao.WITHOUT_PASSWORDS);

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;
    private final MongoCollection<BsonDocument> reads;

    MongoUserEdits(MongoConnection mongo, String collection) {
        this.mongo = mongo;
        this.users = mongo.collection(collection);
        this.reads = mongo.readOnly(collection);
    }

    /** One attempt to write; without updates, the write is not made. */
    record Attempt(Bson condition, List<Bson> updates) {
        static Attempt rejected() {
            return new Attempt(new BsonDocument(UserJson.ID, BsonBoolean.FALSE), List.of());
        }
    }

    /**
     * Reads the user and writes until no concurrent write intervenes.
     *
     * @param taken the failure if another user has a value that must be unique
     */
    Optional<User> retried(UserId id, ErrorCode taken, Function<BsonDocument, Attempt> prepare) {
        for (int count = 0; count < MAX_ATTEMPTS; count++) {
            BsonDocument document = read(id).orElse(null);
            if (document == null) {
                return Optional.empty();
            }
            Attempt attempt = prepare.apply(document);
            if (attempt.updates().isEmpty()) {
                return Optional.empty();
            }
            BsonDocument after = mongo.call(() -> rejectingDuplicates(attempt, taken));
            if (after != null) {
                return Optional.of(UserDocument.read(after));
            }
        }
        throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, Duration.ofSeconds(1), null);
    }

    private @Nullable BsonDocument rejectingDuplicates(Attempt attempt, ErrorCode taken) {
        try {
            return users.findOneAndUpdate(attempt.condition(), Updates.combine(attempt.updates()), AFTER);
        } catch (MongoException failed) {
            if (MongoUserDao.isDuplicate(failed)) {
                throw new GatehouseException(taken);
            }
            throw failed;
        }
    }

    /** Reads the document of a user, without credentials and sources. */
    Optional<BsonDocument> read(UserId id) {
        return mongo.findLinearizable(
                reads,
                Filters.eq(UserJson.ID, BsonValues.id(id)),
                Projections.exclude(UserDocument.PASSWORD_HASH, UserJson.PASSWORD, UserDocument.SOURCES));
    }
}
