package org.gatehouse.identity;

import java.util.Set;
import java.util.TreeSet;

/** The roles that have a meaning in Gatehouse, for {@code @RolesAllowed}. Services that read tokens define others. */
public final class Roles {
    /** Allows all actions on all users. */
    public static final String ADMIN = "admin";

    /** Allows the caller to check whether a token is valid. */
    public static final String INTROSPECT = "introspect";

    /** The role of a user that was created without roles. */
    public static final String USER = "user";

    /** Any client, with or without a token, if registration is open; otherwise none. */
    public static final String NEWCOMER = "newcomer";

    /** Any caller with a valid token; Jakarta Servlet, section 13.8, defines the name. */
    public static final String ANY = "**";

    private Roles() {}

    /** Returns the roles in alphabetical order, separated by commas, as the audit log shows them. */
    public static String text(Set<String> roles) {
        return String.join(", ", new TreeSet<>(roles));
    }
}
