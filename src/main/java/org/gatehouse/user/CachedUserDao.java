package org.gatehouse.user;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * A user DAO with a read-through cache before it: a single user is read from the cache where that may be believed, and
 * every change goes through the cache's protocol.
 *
 * <p>What is cached is a {@link User}, which has no place for a password or a hash. With the cache away every call
 * answers the same, slower.
 */
public final class CachedUserDao implements UserDao {
    private final MongoUserDao store;
    private final DocumentCache<User> cache;

    public CachedUserDao(MongoUserDao store, DocumentCache<User> cache) {
        this.store = store;
        this.cache = cache;
    }

    @Override
    public Optional<User> find(UserId id) {
        return ask(id).get();
    }

    @Override
    public Supplier<Optional<User>> ask(UserId id) {
        return cache.ask(id.hex(), () -> store.find(id));
    }

    @Override
    public List<ListedUser> list(UserQuery query) {
        return store.list(query);
    }

    @Override
    public User insert(NewUser user) {
        // Somebody may have asked for this id before, and "there is none" is cached too.
        return cache.write(user.id().hex(), () -> store.insert(user));
    }

    @Override
    public Set<UserId> insertAll(List<NewUser> users) {
        List<String> ids = users.stream().map(user -> user.id().hex()).toList();
        return cache.write(ids, () -> store.insertAll(users));
    }

    @Override
    public Optional<User> update(UserId id, UnaryOperator<User> edit) {
        // Most often nobody has changed what the cache has, so it need not be read from the store first.
        // Without a version, though, it may be as another service has changed it since.
        return find(id).flatMap(seen ->
                cache.write(id.hex(), () -> seen.version() == 0 ? store.update(id, edit) : store.update(seen, edit)));
    }

    @Override
    public boolean changePassword(
            UserId id, Optional<Credential> current, String newHash, Optional<SessionId> sparing) {
        return cache.write(id.hex(), () -> store.changePassword(id, current, newHash, sparing));
    }

    @Override
    public Optional<User> delete(UserId id, Consumer<User> check) {
        return cache.write(id.hex(), () -> store.delete(id, check));
    }
}
