package org.gatehouse.user;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bson.BsonDocument;
import org.bson.conversions.Bson;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.identity.UserId;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;

/**
 * Reads and changes data in the documents of users that other packages own. All names of this data begin with
 * {@link UserDocument#SERVER_DATA}; neither responses nor the cache contain the data itself.
 */
public final class ServerDataStore {
    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;
    private final MongoCollection<BsonDocument> reads;
    private final MongoProofDao edits;
    private final DocumentCache<User> cache;

    ServerDataStore(MongoConnection mongo, String collection, MongoProofDao edits, DocumentCache<User> cache) {
        this.mongo = mongo;
        this.users = mongo.collection(collection);
        this.reads = mongo.readOnly(collection);
        this.edits = edits;
        this.cache = cache;
    }

    /**
     * A user and the server data, read at the same time.
     *
     * @param data the document at {@link UserDocument#SERVER_DATA}; empty if there is none
     */
    public record Found(User user, BsonDocument data) {
        static Found read(BsonDocument document) {
            return new Found(UserDocument.read(document), UserDocument.serverData(document));
        }
    }

    /**
     * A change of server data.
     *
     * @param updates the updates of paths below {@link UserDocument#SERVER_DATA}
     */
    public record Change(List<Bson> updates) {
        static final Change NONE = new Change(List.of());

        public Change {
            updates = List.copyOf(updates);
        }
    }

    /** Reads the user and the server data from the store. */
    public Optional<Found> find(UserId id) {
        return mongo.findLinearizable(reads, byId(id)).map(Found::read);
    }

    /** Returns whether a user meets a condition, such as a value of the server data. */
    public boolean exists(Bson condition) {
        return mongo.findLinearizable(reads, condition).isPresent();
    }

    /**
     * Changes server data that neither responses nor the cache show. The version of the user does not change.
     *
     * @param condition what must still be true of the document
     * @param mails the mails that the change requests
     * @return false if the user does not exist or does not meet the condition
     */
    public boolean write(UserId id, Bson condition, List<Bson> updates, List<MailRequest> mails) {
        Bson filter = Filters.and(byId(id), condition);
        List<Bson> all = new ArrayList<>(updates);
        all.addAll(UserDocument.mails(mails));
        return mongo.call(() -> users.updateOne(filter, Updates.combine(all))).getMatchedCount() == 1;
    }

    /**
     * Changes a user and the server data in one write. All nodes see the change when this method returns.
     *
     * @param change receives the current state; runs again after a concurrent write, and may throw to reject the change
     * @return the user after the change; empty if the user does not exist, or if nothing changes
     * @throws org.gatehouse.error.GatehouseException {@code STORE_UNAVAILABLE}, {@code CREDENTIAL_INVALID} if
     *     another user has the id of a new credential, or any exception that {@code change} throws
     */
    public Optional<User> change(UserId id, Function<Found, UserEdit> change) {
        return cache.write(id.hex(), () -> edits.changeServerData(id, change));
    }

    private static Bson byId(UserId id) {
        return Filters.eq(UserJson.ID, BsonValues.id(id));
    }
}
