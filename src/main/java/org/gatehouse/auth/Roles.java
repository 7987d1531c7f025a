package org.gatehouse.auth;

/** The roles that Gatehouse itself gives a meaning; others are carried in tokens for the services that read them. */
public final class Roles {
    /** May do everything to every user. */
    public static final String ADMIN = "admin";

    /** What a user has when nobody said otherwise. */
    public static final String USER = "user";

    /** For {@code @RolesAllowed}: any caller with a valid token; the name is that of Jakarta Servlet, section 13.8. */
    public static final String ANY = "**";

    private Roles() {}
}
