package org.gatehouse.user;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * Where users are kept.
 *
 * <p>Every operation may throw {@code STORE_UNAVAILABLE}; empty and false always mean that there is no such user.
 */
public interface UserDao {
    Optional<User> find(UserId id);

    /** Asks without waiting, where that can be done; what is got is the user, as of now or later. */
    default Supplier<Optional<User>> ask(UserId id) {
        return () -> find(id);
    }

    /** The users that the query asks for, in its order. */
    List<ListedUser> list(UserQuery query);

    /**
     * Stores a new user under a new id.
     *
     * @throws GatehouseException {@code USERNAME_TAKEN}
     */
    User insert(NewUser user);

    /**
     * Stores several new users, each or not by itself.
     *
     * @return the ids of those that were not stored because their name or id is taken
     * @throws GatehouseException {@code STORE_UNAVAILABLE}: then some may have been stored
     */
    Set<UserId> insertAll(List<NewUser> users);

    /**
     * Changes a user as it is stored now, raising its version by one; a change that changes nothing writes nothing.
     *
     * @param edit makes the new user of the current one; may run several times when others write too, and may throw to
     *     refuse
     * @return the user after the change
     * @throws GatehouseException {@code USERNAME_TAKEN}, or what {@code edit} throws
     */
    Optional<User> update(UserId id, UnaryOperator<User> edit);

    /**
     * Gives a user another password, ending all sessions but one in the same write.
     *
     * @param current the password and the epoch that must still be stored; empty when they do not matter
     * @param sparing the session that goes on
     * @return false when there is no such user, or another password or epoch is stored now
     */
    boolean changePassword(UserId id, Optional<Credential> current, String newHash, Optional<SessionId> sparing);

    /**
     * Deletes a user as it is stored now.
     *
     * @param check looks at the current user; may run several times when others write too, and may throw to refuse
     * @return the user as it was; empty when there is none
     * @throws GatehouseException what {@code check} throws
     */
    Optional<User> delete(UserId id, Consumer<User> check);
}
