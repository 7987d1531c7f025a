package org.gatehouse.auth;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/** The {@code scope} of a token: names of roles, separated by spaces (RFC 6749, section 3.3). */
final class Scope {
    private Scope() {}

    /** Returns the roles in alphabetical order. */
    static String text(Set<String> roles) {
        return String.join(" ", new TreeSet<>(roles));
    }

    /**
     * Returns the roles that a client requests.
     *
     * @param requested empty to request all roles
     * @throws GatehouseException {@code SCOPE_INVALID} if the scope contains anything else than roles of the client
     */
    static Set<String> of(String requested, Set<String> roles) {
        if (requested.isEmpty()) {
            return roles;
        }
        Set<String> scope = Set.copyOf(new TreeSet<>(Arrays.asList(requested.split(" ", -1))));
        if (!roles.containsAll(scope)) {
            throw new GatehouseException(ErrorCode.SCOPE_INVALID);
        }
        return scope;
    }
}
