package org.gatehouse.user;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonDocument;
import org.bson.conversions.Bson;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;

/** Finds the users whose planned deletion is due. */
public final class MongoLeavingUsers {
    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;
    private final MongoCollection<BsonDocument> reads;

    public MongoLeavingUsers(MongoConnection mongo, String collection) {
        this.mongo = mongo;
        this.users = mongo.collection(collection);
        this.reads = mongo.readOnly(collection);
    }

    /** Creates the missing indexes; several nodes may do this at the same time. */
    public void createIndexes() {
        mongo.ensureIndexes(
                users,
                List.of(new IndexModel(Indexes.ascending(UserDocument.LEAVING_TIME), new IndexOptions().sparse(true))));
    }

    /** Returns the leaving users who are due for deletion, those that are due for the longest time first. */
    public List<UserId> findDue(Instant now, int limit) {
        Bson due = Filters.and(
                UserDocument.hasLeaving(),
                Filters.lte(UserDocument.LEAVING_TIME, BsonValues.time(now)),
                MongoUserDao.SERVED);
        List<BsonDocument> found = mongo.call(() -> reads.find(due)
                .projection(MongoUserDao.WITHOUT_PASSWORDS)
                .sort(Sorts.ascending(UserDocument.LEAVING_TIME))
                .limit(limit)
                .into(new ArrayList<>()));
        List<UserId> ids = new ArrayList<>();
        for (BsonDocument document : found) {
            User user = UserDocument.read(document);
            if (user.status() == UserStatus.LEAVING) {
                ids.add(user.id());
            } else {
                forget(user);
            }
        }
        return ids;
    }

    /** Removes a planned deletion that is not valid, because a node of an earlier version has enabled the user. */
    private void forget(User user) {
        mongo.call(() -> users.updateOne(MongoUserDao.unchangedSince(user), Updates.unset(UserDocument.LEAVING)));
    }
}
