package org.gatehouse.user;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.store.MongoConnection;

/** Finds users by address. */
final class MongoAddressDao {
    /** No account that users create by hand shares its address with more accounts. */
    private static final int MAX_HOLDERS = 20;

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;
    private final MongoCollection<BsonDocument> reads;

    MongoAddressDao(MongoConnection mongo, String collection) {
        this.mongo = mongo;
        this.users = mongo.collection(collection);
        this.reads = mongo.readOnly(collection);
    }

    /** Returns the user who has verified this address. */
    Optional<User> findVerified(EmailAddress address) {
        return mongo.findLinearizable(reads, UserDocument.byVerifiedAddress(address), MongoUserDao.WITHOUT_PASSWORDS)
                .map(UserDocument::read)
                .filter(user -> user.emailVerified() != null);
    }

    /** Returns some users with this address, verified or not. */
    List<User> findHolders(EmailAddress address) {
        Bson filter = Filters.and(
                MongoUserDao.SERVED,
                Filters.or(
                        Filters.eq(UserDocument.ADDRESS, new BsonString(address.canonical())),
                        Filters.in(
                                UserJson.EMAIL, new BsonString(address.typed()), new BsonString(address.canonical()))));
        List<BsonDocument> found = mongo.call(() -> reads.find(filter)
                .projection(MongoUserDao.WITHOUT_PASSWORDS)
                .limit(MAX_HOLDERS)
                .into(new ArrayList<>()));
        return found.stream()
                .map(UserDocument::read)
                .filter(user -> user.email().equals(Optional.of(address)))
                .toList();
    }

    /**
     * Removes the verification of an address that its user does not have any more. An earlier version and other services
     * change the field {@code email} only.
     */
    void releaseStale(EmailAddress address) {
        mongo.findLinearizable(reads, UserDocument.byVerifiedAddress(address), MongoUserDao.WITHOUT_PASSWORDS)
                .filter(document -> UserDocument.read(document).emailVerified() == null)
                .ifPresent(document -> {
                    Bson stale = Filters.and(
                            UserDocument.unchanged(document, UserJson.EMAIL), UserDocument.byVerifiedAddress(address));
                    Bson released = Updates.combine(
                            Updates.unset(UserDocument.VERIFIED_ADDRESS), Updates.unset(UserDocument.VERIFIED_AT));
                    mongo.call(() -> users.updateOne(stale, released));
                });
    }
}
