package org.gatehouse.identity;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The roles that Gatehouse itself uses. {@link Permission} lists what they allow. Services that read tokens may use other
 * roles.
 */
public final class Roles {
    /** Has all permissions. */
    public static final String ADMIN = "admin";

    /** Reads users, sessions, failed logins, mails and the audit log; ends sessions, and helps users to log in again. */
    public static final String SUPPORT = "support";

    /** Reads users and the audit log. */
    public static final String AUDITOR = "auditor";

    /** Checks whether a token is valid, and ends tokens. */
    public static final String INTROSPECT = "introspect";

    /** The only role of a new user if the creation does not name roles. */
    public static final String USER = "user";

    /** Every client has this role while registration is open, even without a token; otherwise, no client has it. */
    public static final String NEWCOMER = "newcomer";

    /** Every caller with a valid token has this role. Jakarta Servlet, section 13.8, defines the name. */
    public static final String ANY = "**";

    /** The format of a role's name. */
    public static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_-]{0,31}");

    private static final int MAX_ROLES = 16;

    private Roles() {}

    /** Returns why an account cannot have these roles; empty if it can. */
    public static Optional<String> violation(List<String> roles) {
        if (!roles.stream().allMatch(role -> NAME.matcher(role).matches())) {
            return Optional.of("must be names of at most 32 characters (a-z, 0-9, - and _) that begin with a letter");
        }
        return roles.size() > MAX_ROLES ? Optional.of("must have at most " + MAX_ROLES + " roles") : Optional.empty();
    }

    /** Returns the roles in alphabetical order, separated by commas, as the audit log shows them. */
    public static String text(Set<String> roles) {
        return String.join(", ", new TreeSet<>(roles));
    }
}
