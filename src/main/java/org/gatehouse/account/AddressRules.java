package org.gatehouse.account;

import java.util.List;
import java.util.Optional;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserProofs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides which account an address belongs to. */
final class AddressRules {
    private static final Logger log = LoggerFactory.getLogger(AddressRules.class);

    /** Each round removes the address from 20 accounts. */
    private static final int MAX_ROUNDS = 500;

    private final UserDao users;
    private final UserProofs proofs;

    AddressRules(UserDao users, UserProofs proofs) {
        this.users = users;
        this.proofs = proofs;
    }

    /**
     * Returns the account whose password the receiver of the address may replace: the account that has verified the
     * address; otherwise the only account with this address. Disabled accounts do not count. Leaving accounts do, because
     * an attacker may have deleted the account.
     */
    Optional<User> owner(EmailAddress address) {
        Optional<User> verified = proofs.findVerified(address);
        if (verified.isPresent()) {
            return verified.filter(User::mayAuthenticate);
        }
        List<User> holders = proofs.findHolders(address).stream()
                .filter(User::mayAuthenticate)
                .toList();
        return holders.size() == 1 && proofs.mayTakeOver(holders.get(0).id())
                ? Optional.of(holders.get(0))
                : Optional.empty();
    }

    /** Returns whether the receiver of the user's address may replace the password of the user. */
    boolean mayReset(User user) {
        if (!user.mayAuthenticate() || user.email().isEmpty()) {
            return false;
        }
        boolean verifiedByOther = proofs.findVerified(user.email().get())
                .filter(owner -> !owner.id().equals(user.id()))
                .isPresent();
        return user.emailVerified() != null || (!verifiedByOther && proofs.mayTakeOver(user.id()));
    }

    /**
     * Removes a verified address from all other accounts that have it unverified, because its mails never reach them.
     * If the store is unavailable, the other accounts keep an unverified address, which has no effect.
     */
    void release(EmailAddress address, UserId owner) {
        try {
            int released = 1;
            for (int round = 0; released > 0 && round < MAX_ROUNDS; round++) {
                released = releaseSome(address, owner);
            }
        } catch (GatehouseException unavailable) {
            log.debug("Unverified copies of an address remain", unavailable);
        }
    }

    private int releaseSome(EmailAddress address, UserId owner) {
        List<User> others = proofs.findHolders(address).stream()
                .filter(holder -> !holder.id().equals(owner))
                .filter(holder -> holder.emailVerified() == null)
                .toList();
        others.forEach(other -> {
            // Starts from the user in the store. A cached user may lack the address, and nothing would be written.
            var unused = users.update(other, user -> isCopy(user, address) ? user.withEmail(null, null) : user);
        });
        return others.size();
    }

    private static boolean isCopy(User user, EmailAddress address) {
        return user.emailVerified() == null && user.email().equals(Optional.of(address));
    }
}
