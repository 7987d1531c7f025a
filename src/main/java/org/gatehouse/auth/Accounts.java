package org.gatehouse.auth;

import java.util.Optional;
import java.util.function.Supplier;
import org.gatehouse.identity.UserId;

/** Where {@link Authenticator} learns what a user may do now. */
public interface Accounts {
    /** The account; empty when there is none any more. */
    default Optional<Account> find(UserId id) {
        return ask(id).get();
    }

    /** Asks without waiting; what is got is the same, as of now or later. */
    Supplier<Optional<Account>> ask(UserId id);
}
