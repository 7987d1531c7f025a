package org.gatehouse.guard;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The setting {@code required-roles}: paths, and for each the roles of which a caller needs one; see {@link PathRules}.
 * If several rules match, the caller must satisfy each.
 */
final class RequiredRoles {
    /** A scope token (RFC 6749, section 3.3). */
    private static final Pattern SCOPE_TOKEN = Pattern.compile("[\\x21\\x23-\\x5B\\x5D-\\x7E]+");

    private final PathRules<Set<String>> rules;

    private RequiredRoles(PathRules<Set<String>> rules) {
        this.rules = rules;
    }

    /** @throws IllegalArgumentException if a rule has no role, or a path of another form */
    static RequiredRoles parse(@Nullable String text) {
        return new RequiredRoles(PathRules.parse(
                GuardSettings.REQUIRED_ROLES, text, "roles", (rule, roles) -> new LinkedHashSet<>(roles)));
    }

    /** Returns whether a rule matches the path, so that a caller without a token must be rejected. */
    boolean appliesTo(String path) {
        return !rules.of(path).isEmpty();
    }

    /**
     * Checks all rules that match the path.
     *
     * @param path the decoded path within the web application, without path parameters
     * @throws Rejection 403 with the roles of the first rule that the caller does not satisfy
     */
    void require(GuardPrincipal caller, String path) throws Rejection {
        for (Set<String> roles : rules.of(path)) {
            if (roles.stream().noneMatch(caller.roles()::contains)) {
                throw Rejection.insufficientScope(scope(roles));
            }
        }
    }

    private static @Nullable String scope(Set<String> roles) {
        boolean valid =
                roles.stream().allMatch(role -> SCOPE_TOKEN.matcher(role).matches());
        return valid ? String.join(" ", roles) : null;
    }
}
