package org.gatehouse.migration;

import com.mongodb.MongoException;
import com.mongodb.client.ListIndexesIterable;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.UpdateOptions;
import com.mongodb.client.model.Updates;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.UnusableStoreException;
import org.gatehouse.user.MongoUserDao;
import org.gatehouse.user.UserDocument;

/**
 * The unique index on {@code usernameKey}, which makes usernames unique. Once the index exists, every value of this
 * field is from Gatehouse, not from a client of the legacy service.
 *
 * <p>A note in the collection {@code meta} says that the index was created. If the documents are restored without the
 * index, the start fails. Otherwise, users of Gatehouse would be treated as legacy documents.
 */
final class UsernameIndex {
    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> meta;
    private final BsonString note;

    /** The collection with a timeout of one hour, because an index over millions of users takes a long time. */
    private final MongoCollection<BsonDocument> users;

    UsernameIndex(MongoConnection mongo, String collection) {
        this.mongo = mongo;
        this.meta = mongo.collection("meta");
        this.note = new BsonString("index of " + collection);
        this.users =
                mongo.collection(collection).withTimeout(Duration.ofHours(1).toMillis(), TimeUnit.MILLISECONDS);
    }

    boolean exists() {
        ListIndexesIterable<BsonDocument> indexes = users.listIndexes(BsonDocument.class);
        return mongo.call(() -> indexes.into(new ArrayList<>())).stream()
                .anyMatch(index -> index.getDocument("key").containsKey(UserDocument.CANONICAL_USERNAME));
    }

    /**
     * Fails if users of Gatehouse cannot be distinguished from legacy documents.
     *
     * @throws UnusableStoreException if the index was created before and is now missing although users exist
     */
    void requireNotLost() {
        // The note is read before the index, because another node may be creating both.
        boolean wasMade = mongo.findLinearizable(meta, Filters.eq(note)).isPresent();
        if (wasMade && !exists() && hasKeys()) {
            throw new UnusableStoreException("The collection " + users.getNamespace() + " has lost its unique index on "
                    + UserDocument.CANONICAL_USERNAME
                    + ", so users of Gatehouse cannot be distinguished from those of the legacy service."
                    + " Restore it with its indexes; or, if everything in it comes from the legacy service, delete"
                    + " {_id: \"" + note.getValue() + "\"} from the collection " + meta.getNamespace());
        }
    }

    private boolean hasKeys() {
        return mongo.findLinearizable(users, Filters.exists(UserDocument.CANONICAL_USERNAME))
                .isPresent();
    }

    /**
     * Creates the index and the note. Repeated and concurrent calls are harmless.
     *
     * @return false if the index cannot be created because several documents lack a {@code usernameKey} or share one
     */
    boolean make() {
        try {
            mongo.ensureIndexes(
                    users,
                    List.of(new IndexModel(
                            Indexes.ascending(UserDocument.CANONICAL_USERNAME), new IndexOptions().unique(true))));
        } catch (MongoException failed) {
            if (MongoUserDao.isDuplicate(failed)) {
                return false;
            }
            throw failed;
        }
        mongo.call(() -> meta.updateOne(Filters.eq(note), Updates.set("made", true), new UpdateOptions().upsert(true)));
        return true;
    }
}
