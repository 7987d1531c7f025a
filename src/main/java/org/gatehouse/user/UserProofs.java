package org.gatehouse.user;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Predicate;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.jspecify.annotations.Nullable;

/**
 * Changes users with proofs that only the receiver of a mail knows, and finds users by address.
 *
 * <p>All reads use the store. All changes follow the write protocol of {@link DocumentCache}.
 */
public final class UserProofs {
    private final MongoProofDao store;
    private final MongoAddressDao addresses;
    private final DocumentCache<User> cache;

    UserProofs(MongoProofDao store, MongoAddressDao addresses, DocumentCache<User> cache) {
        this.store = store;
        this.addresses = addresses;
        this.cache = cache;
    }

    /** Returns the user of a valid proof; empty if the proof is unknown, used, void or expired. */
    public Optional<ProvenUser> find(UserId id, ProofPurpose purpose, String hash) {
        return store.find(id, purpose, hash);
    }

    /**
     * A proof that is about to be stored.
     *
     * @param hash the SHA-256 of the proof in hexadecimal digits
     * @param address the address that receives the proof
     * @param verifiedAt when the address was verified, for {@code UNDO}
     * @param version the version of the user at the request, for {@code CHANGE} and {@code UNDO}
     */
    public record NewProof(
            ProofPurpose purpose,
            String hash,
            EmailAddress address,
            @Nullable Instant verifiedAt,
            long version,
            Instant expiresAt) {}

    /**
     * Stores a proof for a user, if the user still meets the condition.
     *
     * @return the user; empty if the user does not exist or does not meet the condition
     */
    public Optional<User> issue(UserId id, NewProof proof, Predicate<User> condition) {
        // Neither responses nor cache entries contain proofs, so the cache is not involved.
        return store.issue(id, proof, condition);
    }

    /**
     * Changes a user with a proof, and removes the proof, in one write.
     *
     * @param edit receives the user; runs again after a concurrent write, and may throw to reject the change
     * @return the user after the change; empty if the proof is not valid
     * @throws GatehouseException {@code EMAIL_TAKEN}, or any exception that {@code edit} throws
     */
    public Optional<User> use(UserId id, ProofPurpose purpose, String hash, Function<ProvenUser, UserEdit> edit) {
        return cache.write(id.hex(), () -> retriedIfStale(edit, observed -> store.use(id, purpose, hash, observed)));
    }

    /**
     * Changes a user without a proof.
     *
     * @param edit receives the user; runs again after a concurrent write, and may throw to reject the change
     * @return the user after the change; empty if the user does not exist, or if the edit changes nothing
     * @throws GatehouseException {@code EMAIL_TAKEN}, or any exception that {@code edit} throws
     */
    public Optional<User> change(UserId id, Function<User, UserEdit> edit) {
        return cache.write(id.hex(), () -> retriedIfStale(edit, observed -> store.change(id, observed)));
    }

    /** Calls the write again if another user only seemed to have the address; see {@link MongoAddressDao#releaseStale}. */
    private <T> Optional<User> retriedIfStale(
            Function<T, UserEdit> edit, Function<Function<T, UserEdit>, Optional<User>> write) {
        AtomicReference<@Nullable EmailAddress> address = new AtomicReference<>();
        Function<T, UserEdit> observed = user -> {
            UserEdit made = edit.apply(user);
            address.set(made.after().verifiedEmail().orElse(null));
            return made;
        };
        try {
            return write.apply(observed);
        } catch (GatehouseException taken) {
            EmailAddress wanted = address.get();
            if (taken.code() != ErrorCode.EMAIL_TAKEN || wanted == null) {
                throw taken;
            }
            addresses.releaseStale(wanted);
            return write.apply(observed);
        }
    }

    /**
     * Returns whether the receiver of an unverified address may replace the password of a user. If the user had a
     * verified address a short time ago, the account may have been stolen, or its creator may still be able to restore
     * the old address. The user also has a verified address if another service has replaced it.
     */
    public boolean mayTakeOver(UserId id) {
        return store.mayTakeOver(id);
    }

    /** Returns the user who has verified this address. */
    public Optional<User> findVerified(EmailAddress address) {
        return addresses.findVerified(address);
    }

    /** Returns the users with this address, verified or not; at most 20. */
    public List<User> findHolders(EmailAddress address) {
        return addresses.findHolders(address);
    }
}
