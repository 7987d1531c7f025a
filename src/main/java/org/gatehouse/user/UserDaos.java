package org.gatehouse.user;

import org.gatehouse.cache.DocumentCache;
import org.gatehouse.cache.Generation;
import org.gatehouse.mail.MailOutbox;
import org.gatehouse.store.ModuleContext;

/**
 * The DAO of users, with and without the cache.
 *
 * @param stored the DAO without the cache; used by a starting node, which would otherwise wait for the cache
 * @param cached the DAO with the cache, for requests
 * @param proofs changes users with proofs
 * @param serverData changes data of users that other packages own
 * @param outbox the mails that changes of users requested
 */
public record UserDaos(
        MongoUserDao stored, UserDao cached, UserProofs proofs, ServerDataStore serverData, MailOutbox outbox) {
    public static UserDaos of(ModuleContext context, Generation generation) {
        MongoUserDao stored =
                new MongoUserDao(context.mongo(), context.settings().usersCollection(), context.clock());
        DocumentCache<User> cache = new DocumentCache<>(
                generation, "u", "users", context.settings().cacheExpiry(), UserJson.codec(), context.metrics());
        String collection = context.settings().usersCollection();
        MongoProofDao proofs = new MongoProofDao(context.mongo(), collection, context.clock());
        return new UserDaos(
                stored,
                new CachedUserDao(stored, cache),
                new UserProofs(proofs, new MongoAddressDao(context.mongo(), collection), cache),
                new ServerDataStore(context.mongo(), collection, proofs, cache),
                new MongoUserOutbox(context.mongo(), collection));
    }
}
