package org.gatehouse.auth;

import java.util.Optional;

/** Where {@link Authenticator} learns what a user may do now. */
public interface Accounts {
    /** The account; empty when there is none any more. */
    Optional<Account> find(UserId id);
}
