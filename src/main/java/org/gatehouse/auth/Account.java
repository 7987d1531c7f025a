package org.gatehouse.auth;

import java.util.Set;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.UserId;

/** A user as far as a caller's rights go, as the user is now. */
public interface Account {
    UserId id();

    String username();

    /** Whether the user may do anything at all. */
    boolean active();

    Set<String> roles();

    /** Which of the user's sessions have ended. */
    SessionEpoch epoch();
}
