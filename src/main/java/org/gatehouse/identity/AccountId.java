package org.gatehouse.identity;

/** The id of a user or of a service: the {@code sub} of its tokens. */
public sealed interface AccountId permits UserId, ServiceId {
    /** Returns the id: 24 hexadecimal digits in lower case. */
    String hex();
}
