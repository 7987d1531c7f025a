package org.gatehouse.user;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.password.StoredPassword;
import org.jspecify.annotations.Nullable;

/**
 * The users: the only way to read and change them.
 *
 * <p>Only {@link #find} and {@link #findAsync} may read from a cache; all other reads are from the store. Every operation
 * may throw {@code STORE_UNAVAILABLE}; empty and false always mean that there is no such user.
 */
public interface UserDao {
    default Optional<User> find(UserId id) {
        return findAsync(id).get();
    }

    /** Starts to read the user, without waiting if the implementation can; the supplier waits. */
    default Supplier<Optional<User>> findAsync(UserId id) {
        return () -> findLinearizable(id);
    }

    /** The user as stored now; never from a cache. */
    Optional<User> findLinearizable(UserId id);

    /**
     * The user whose name a client sent to log in, and what proves the password. The time does not depend on which of the
     * possible forms of the name is stored.
     */
    Optional<Credential> findCredential(String typed);

    /** The user of this id, and what proves the password. */
    Optional<Credential> findCredential(UserId id);

    /** The users that the query asks for, in its order. */
    List<ListedUser> list(UserQuery query);

    /** About how many users match the filter; see {@link MongoUserLists#estimatedCount}. */
    long estimatedCount(UserFilter filter);

    /** Some of the administrators who can log in, at most as many as the limit. */
    List<UserId> activeAdministrators(int limit);

    /** The users that have one of these folded names. */
    List<ListedUser> findNamed(Collection<String> keys);

    /** Those of these ids that belong to a user. */
    Set<UserId> taken(Collection<UserId> ids);

    /** Whether no name at all is reserved because several users of the legacy service share it. */
    boolean hasNoParkedNames();

    /** Whether this name is reserved and this user cannot have it, because several users of the legacy service share it. */
    boolean isParked(Username name, UserId id);

    /**
     * The users in the order of their ids, which never change.
     *
     * @param after the last id of the page before; null for the first page
     * @param withPasswords whether what is stored of a password is read too
     */
    List<Credential> page(@Nullable UserId after, int limit, boolean withPasswords);

    /**
     * Stores a new user.
     *
     * @throws GatehouseException {@code USERNAME_TAKEN}
     */
    User insert(NewUser user);

    /**
     * Stores several new users, each independently of the others.
     *
     * @return the ids of those that were not stored because their name or id is taken
     * @throws GatehouseException {@code STORE_UNAVAILABLE}: then some may have been stored
     */
    Set<UserId> insertAll(List<NewUser> users);

    /**
     * Changes a user as it is stored now, raising its version by one; a change that changes nothing writes nothing.
     *
     * @param edit makes the new user of the current one; may run several times if others write too, and may throw to
     *     refuse
     * @return the user after the change
     * @throws GatehouseException {@code USERNAME_TAKEN}, or what {@code edit} throws
     */
    default Optional<User> update(UserId id, UnaryOperator<User> edit) {
        return find(id).flatMap(seen -> update(seen, edit));
    }

    /**
     * The same, beginning with the user as it was read some time ago.
     *
     * @param seen all of its fields; its version tells whether it has changed since
     */
    Optional<User> update(User seen, UnaryOperator<User> edit);

    /** Changes the password of a user, ending all sessions in the same write; false if there is no such user. */
    boolean resetPassword(UserId id, String newHash);

    /**
     * Changes a password, ending all sessions but one in the same write.
     *
     * @param current the password and the epoch that must still be stored
     * @param exempt the session that goes on
     * @return false if there is no such user, or another password or epoch is stored now
     */
    boolean changePassword(Credential current, String newHash, SessionId exempt);

    /**
     * Replaces what was stored of a password by a hash of the same password, unless it has changed meanwhile. What clients
     * see and what is cached does not change, so the version stays.
     */
    void replacePassword(UserId id, StoredPassword old, String hash);

    /**
     * Stores the time and the source of a login. This does not change what is cached, so the version stays.
     *
     * @param credential the user as read for this login
     */
    void recordLogin(Credential credential, String source, Instant at);

    /**
     * Deletes a user as it is stored now.
     *
     * @param check looks at the current user; may run several times if others write too, and may throw to refuse
     * @return the user as it was; empty if there is none
     * @throws GatehouseException what {@code check} throws
     */
    Optional<User> delete(UserId id, Consumer<User> check);
}
