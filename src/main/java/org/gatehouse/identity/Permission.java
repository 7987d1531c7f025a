package org.gatehouse.identity;

import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The table of permissions: what a caller may do beyond the calls for its own account, and the roles that allow it. The
 * role {@link Roles#ADMIN} has all permissions.
 */
public enum Permission {
    USERS_READ("users:read", Roles.SUPPORT, Roles.AUDITOR),
    USERS_WRITE("users:write"),
    USERS_INVITE("users:invite"),
    USERS_IMPORT("users:import"),
    USERS_EXPORT("users:export"),
    SESSIONS_READ("sessions:read", Roles.SUPPORT),
    SESSIONS_END("sessions:end", Roles.SUPPORT),
    /** Allows the end of the sessions of all users in one call. */
    SESSIONS_END_ALL("sessions:end-all"),
    THROTTLE_READ("throttle:read", Roles.SUPPORT),
    THROTTLE_CLEAR("throttle:clear", Roles.SUPPORT),
    FACTORS_READ("factors:read"),
    FACTORS_REMOVE("factors:remove"),
    AUDIT_READ("audit:read", Roles.SUPPORT, Roles.AUDITOR),
    MAIL_READ("mail:read", Roles.SUPPORT),
    MAIL_RETRY("mail:retry", Roles.SUPPORT),
    MAIL_TEST("mail:test"),
    SERVICES_READ("services:read"),
    SERVICES_WRITE("services:write"),
    KEYS_READ("keys:read"),
    KEYS_WRITE("keys:write"),
    SETTINGS_READ("settings:read"),
    TOKENS_INTROSPECT("tokens:introspect", Roles.INTROSPECT),
    TOKENS_REVOKE("tokens:revoke", Roles.INTROSPECT);

    private final String text;

    @SuppressWarnings("ImmutableEnumChecker") // List.copyOf returns an immutable list
    private final List<String> roles;

    Permission(String text, String... rolesBesidesAdmin) {
        this.text = text;
        TreeSet<String> sorted = new TreeSet<>(List.of(rolesBesidesAdmin));
        sorted.add(Roles.ADMIN);
        this.roles = List.copyOf(sorted);
    }

    /** Returns the name in the API, such as {@code users:read}. */
    public String text() {
        return text;
    }

    /** Returns the roles that have this permission, in alphabetical order. */
    public List<String> roles() {
        return roles;
    }

    /** Returns whether one of these roles has this permission. */
    public boolean isHeldBy(Collection<String> held) {
        return !Collections.disjoint(roles, held);
    }

    /** Returns whether an account with the new roles has a permission that it does not have with the old ones. */
    public static boolean areAdded(Collection<String> oldRoles, Collection<String> newRoles) {
        return !of(oldRoles).containsAll(of(newRoles));
    }

    /** Returns all permissions of an account with these roles. */
    private static Set<Permission> of(Collection<String> held) {
        Set<Permission> permissions = EnumSet.allOf(Permission.class);
        permissions.removeIf(permission -> !permission.isHeldBy(held));
        return permissions;
    }
}
