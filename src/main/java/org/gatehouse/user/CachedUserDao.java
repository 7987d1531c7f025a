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
import org.gatehouse.mail.MailRequest;
import org.gatehouse.password.StoredPassword;

/**
 * Adds a read-through cache to a user DAO. {@link #findAsync} returns a user from the cache if the entry is valid.
 * Inserts, updates, deletions and password changes follow the write protocol of {@link DocumentCache}. All other
 * methods call the store directly.
 *
 * <p>A cached {@link User} contains neither a password nor a hash. If the cache is unavailable, calls return the same
 * results but take longer.
 */
final class CachedUserDao implements UserDao {
    private final UserDao store;
    private final DocumentCache<User> cache;

    public CachedUserDao(UserDao store, DocumentCache<User> cache) {
        this.store = store;
        this.cache = cache;
    }

    @Override
    public Supplier<Optional<User>> findAsync(UserId id) {
        return cache.getAsync(id.hex(), () -> store.findLinearizable(id));
    }

    @Override
    public Optional<User> findLinearizable(UserId id) {
        return store.findLinearizable(id);
    }

    @Override
    public Optional<Credential> findCredential(String typed) {
        return store.findCredential(typed);
    }

    @Override
    public Optional<Credential> findCredential(UserId id) {
        return store.findCredential(id);
    }

    @Override
    public List<UserId> activeAdministrators(int limit) {
        return store.activeAdministrators(limit);
    }

    @Override
    public User insert(NewUser user) {
        // The insert also follows the write protocol, because a cache entry may say that the user does not exist. Such
        // an entry exists if a client has requested this id before.
        return cache.write(user.id().hex(), () -> store.insert(user));
    }

    @Override
    public Set<UserId> insertAll(List<NewUser> users) {
        List<String> ids = users.stream().map(user -> user.id().hex()).toList();
        return cache.write(ids, () -> store.insertAll(users));
    }

    @Override
    public Optional<User> update(User seen, UnaryOperator<User> edit) {
        // A user with a version is not read again, because a cached user is usually current. A user without a version
        // is read again from the store, because another service may have changed the user.
        UserId id = seen.id();
        return cache.update(
                id.hex(),
                () -> seen.version() == 0 ? store.update(id, edit) : store.update(seen, edit),
                after -> after.version() > seen.version());
    }

    @Override
    public boolean resetPassword(UserId id, String newHash, List<MailRequest> mails) {
        return cache.write(id.hex(), () -> store.resetPassword(id, newHash, mails));
    }

    @Override
    public boolean changePassword(Credential current, String newHash, SessionId exempt, List<MailRequest> mails) {
        return cache.write(current.user().id().hex(), () -> store.changePassword(current, newHash, exempt, mails));
    }

    @Override
    public void replacePassword(UserId id, StoredPassword old, String hash) {
        store.replacePassword(id, old, hash);
    }

    @Override
    public Optional<User> recordLogin(Credential credential, UserLogin login) {
        return store.recordLogin(credential, login);
    }

    @Override
    public Optional<User> delete(UserId id, Consumer<User> check) {
        return cache.write(id.hex(), () -> store.delete(id, check));
    }
}
