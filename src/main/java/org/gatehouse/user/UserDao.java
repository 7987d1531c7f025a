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
import org.gatehouse.mail.MailRequest;
import org.gatehouse.password.StoredPassword;

/**
 * Reads and changes single users.
 *
 * <p>Only {@link #find} and {@link #findAsync} may read from a cache; all other reads use the store. Every method may
 * throw {@code STORE_UNAVAILABLE}. An empty result never means that the store could not be read.
 */
public interface UserDao {
    default Optional<User> find(UserId id) {
        return findAsync(id).get();
    }

    /** Starts to read the user, without blocking if the implementation supports it. The supplier waits for the user. */
    default Supplier<Optional<User>> findAsync(UserId id) {
        return () -> findLinearizable(id);
    }

    /** Reads the current state of the user from the store, never from a cache. */
    Optional<User> findLinearizable(UserId id);

    /**
     * Returns the user with the name that a client sent at login, and the stored password. If the name is an address,
     * the user who has verified the address takes precedence. A name has several possible stored forms. The response time
     * does not show which form is stored.
     */
    Optional<Credential> findCredential(String typed);

    /** Returns the user with this id, and the stored password. */
    Optional<Credential> findCredential(UserId id);

    /** Returns administrators who can log in, at most {@code limit} of them. */
    List<UserId> activeAdministrators(int limit);

    /**
     * Stores a new user.
     *
     * @throws GatehouseException {@code USERNAME_TAKEN}, {@code EMAIL_TAKEN}
     */
    User insert(NewUser user);

    /**
     * Stores several new users, each independently of the others.
     *
     * @return the ids of the users that were not stored because their name, id or verified address is taken
     * @throws GatehouseException {@code STORE_UNAVAILABLE}; some users may have been stored even then
     */
    Set<UserId> insertAll(List<NewUser> users);

    /**
     * Changes the current state of the user and increments the version by one. If the edit changes nothing, nothing is
     * written.
     *
     * @param edit receives the current state and returns the changed state; runs again after a concurrent write, and
     *     may throw to reject the change
     * @return the user after the change; empty if the user does not exist
     * @throws GatehouseException {@code USERNAME_TAKEN}, or any exception that {@code edit} throws
     */
    default Optional<User> update(UserId id, UnaryOperator<User> edit) {
        return find(id).flatMap(seen -> update(seen, edit));
    }

    /**
     * Changes a user like {@link #update(UserId, UnaryOperator)}, but starts from a user that was read earlier.
     *
     * @param seen the user with all fields; its version shows whether the user has changed since that read
     */
    Optional<User> update(User seen, UnaryOperator<User> edit);

    /**
     * In one write, changes a password and ends all sessions. Proofs in mails become void.
     *
     * @param mails the mails that the change requests
     * @return false if the user does not exist
     */
    boolean resetPassword(UserId id, String newHash, List<MailRequest> mails);

    /**
     * In one write, changes a password and ends all sessions except one. Proofs in mails become void.
     *
     * @param current the password and the epoch that must still be stored
     * @param exempt the session that does not end
     * @param mails the mails that the change requests
     * @return false if the user does not exist, or if another password or epoch is stored now
     */
    boolean changePassword(Credential current, String newHash, SessionId exempt, List<MailRequest> mails);

    /**
     * Replaces a stored password by a hash of the same password, unless the stored password has changed meanwhile. The
     * version does not change, because responses and cache entries do not contain the password.
     */
    void replacePassword(UserId id, StoredPassword old, String hash);

    /**
     * In one write, stores the time, the source and the device of a login, and the mails that it requests. The version
     * does not change, so a cached user may show an earlier login.
     *
     * @param credential the user as read for this login
     * @return the user with all fields, including every write that was acknowledged before this call; empty if the user
     *     does not exist any more, or if the login was without a factor and the user has one now
     */
    Optional<User> recordLogin(Credential credential, UserLogin login);

    /**
     * Deletes the user.
     *
     * @param check receives the current user; runs again after a concurrent write, and may throw to reject the deletion
     * @return the user before the deletion; empty if the user does not exist
     * @throws GatehouseException any exception that {@code check} throws
     */
    Optional<User> delete(UserId id, Consumer<User> check);
}
