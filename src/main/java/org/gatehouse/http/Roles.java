package org.gatehouse.http;

/**
 * The roles that Gatehouse itself gives a meaning, as {@code @RolesAllowed} names them; others are the business of the
 * services that read tokens.
 */
public final class Roles {
    /** May do everything to every user. */
    public static final String ADMIN = "admin";

    /** May ask whether a token counts. */
    public static final String INTROSPECT = "introspect";

    /** What a user has when nobody said otherwise. */
    public static final String USER = "user";

    /** For {@code @RolesAllowed}: whoever comes to make an account, with a token or without, where registration is open. */
    public static final String NEWCOMER = "newcomer";

    /** For {@code @RolesAllowed}: any caller with a valid token; the name is that of Jakarta Servlet, section 13.8. */
    public static final String ANY = "**";

    private Roles() {}
}
