package org.gatehouse.identity;

import java.util.Set;
import java.util.TreeSet;

/** The roles that Gatehouse itself uses in {@code @RolesAllowed}. Services that read tokens may use other roles. */
public final class Roles {
    /** Allows all actions on all users. */
    public static final String ADMIN = "admin";

    /** Allows the caller to check whether a token is valid. */
    public static final String INTROSPECT = "introspect";

    /** The only role of a new user if the creation does not name roles. */
    public static final String USER = "user";

    /** Every client has this role while registration is open, even without a token; otherwise, no client has it. */
    public static final String NEWCOMER = "newcomer";

    /** Every caller with a valid token has this role. Jakarta Servlet, section 13.8, defines the name. */
    public static final String ANY = "**";

    private Roles() {}

    /** Returns the roles in alphabetical order, separated by commas, as the audit log shows them. */
    public static String text(Set<String> roles) {
        return String.join(", ", new TreeSet<>(roles));
    }
}
