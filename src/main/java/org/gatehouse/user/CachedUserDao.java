package org.gatehouse.user;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.gatehouse.auth.UserId;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.http.Json;

/**
 * A user DAO with a read-through cache before it: a single user is read from the cache where possible, and evicted after
 * every change.
 *
 * <p>What is cached is a {@link User}, which has no place for a password or a hash. With the cache away every call
 * behaves as without it.
 */
public final class CachedUserDao implements UserDao {
    private final UserDao store;
    private final DocumentCache cache;

    public CachedUserDao(UserDao store, DocumentCache cache) {
        this.store = store;
        this.cache = cache;
    }

    @Override
    public Optional<User> find(UserId id) {
        Optional<User> cached = cache.find(id.hex())
                .flatMap(UserJson::read)
                .filter(user -> user.id().equals(id));
        if (cached.isPresent()) {
            return cached;
        }
        Optional<User> stored = store.find(id);
        stored.ifPresent(user -> cache.store(id.hex(), Json.write(UserJson.write(user))));
        return stored;
    }

    @Override
    public List<User> list(UserQuery query) {
        return store.list(query);
    }

    @Override
    public User insert(NewUser user) {
        return store.insert(user);
    }

    @Override
    public Optional<User> update(UserId id, UnaryOperator<User> edit) {
        try {
            return store.update(id, edit);
        } finally {
            // Also after a failure: the store may have written before the answer was lost.
            cache.evict(id.hex());
        }
    }

    @Override
    public boolean delete(UserId id, Consumer<User> check) {
        try {
            return store.delete(id, check);
        } finally {
            cache.evict(id.hex());
        }
    }
}
