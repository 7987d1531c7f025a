package org.gatehouse.guard;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The setting {@code required-roles}: paths, and for each the roles of which a caller needs one.
 *
 * <p>A rule is {@code path=role,role}; rules are separated by semicolons or line breaks. A path is exact, or ends with
 * {@code /*} and then includes its subpaths. Roles without a path apply to all paths. If several rules match, the caller
 * must satisfy each.
 */
final class RequiredRoles {
    private static final Pattern SLASHES = Pattern.compile("/{2,}");
    private static final Pattern PATH = Pattern.compile("/[^*]*|/([^*]*/)?\\*");

    /** A scope token (RFC 6749, section 3.3). */
    private static final Pattern SCOPE_TOKEN = Pattern.compile("[\\x21\\x23-\\x5B\\x5D-\\x7E]+");

    private final List<Rule> rules;

    private static final class Rule {
        private final String path;
        private final Set<String> roles;

        Rule(String path, Set<String> roles) {
            this.path = normalized(path);
            this.roles = roles;
        }

        boolean matches(String requested) {
            if (!path.endsWith("/*")) {
                return requested.equals(path);
            }
            String folder = path.substring(0, path.length() - 2);
            return requested.equals(folder) || requested.startsWith(folder + "/");
        }
    }

    private RequiredRoles(List<Rule> rules) {
        this.rules = rules;
    }

    /** @throws IllegalArgumentException if a rule has no role, or a path of another form */
    static RequiredRoles parse(@Nullable String text) {
        List<Rule> rules = new ArrayList<>();
        for (String rule : words(text == null ? "" : text, "[;\\r\\n]").toList()) {
            int separator = rule.startsWith("/") ? rule.indexOf('=') : -1;
            if (rule.startsWith("/") && separator < 0) {
                throw new IllegalArgumentException("required-roles: " + rule + " has no roles");
            }
            String path = separator < 0 ? "/*" : rule.substring(0, separator).strip();
            if (!PATH.matcher(path).matches()) {
                throw new IllegalArgumentException("required-roles: " + path + " is neither a path nor ends with /*");
            }
            Set<String> roles =
                    words(rule.substring(separator + 1), ",").collect(Collectors.toCollection(LinkedHashSet::new));
            if (roles.isEmpty()) {
                throw new IllegalArgumentException("required-roles: " + rule + " has no roles");
            }
            rules.add(new Rule(path, roles));
        }
        return new RequiredRoles(rules);
    }

    private static Stream<String> words(String text, String separator) {
        return Stream.of(text.split(separator)).map(String::strip).filter(word -> !word.isEmpty());
    }

    /** Returns whether a rule matches the path, so that a caller without a token must be rejected. */
    boolean appliesTo(String path) {
        String requested = normalized(path);
        return rules.stream().anyMatch(rule -> rule.matches(requested));
    }

    /**
     * Checks all rules that match the path.
     *
     * @param path the decoded path within the web application, without path parameters
     * @throws Rejection 403 with the roles of the first rule that the caller does not satisfy
     */
    void require(GuardPrincipal caller, String path) throws Rejection {
        if (rules.isEmpty()) {
            return;
        }
        String requested = normalized(path);
        for (Rule rule : rules) {
            if (rule.matches(requested) && rule.roles.stream().noneMatch(caller.roles()::contains)) {
                throw Rejection.insufficientScope(scope(rule.roles));
            }
        }
    }

    /** Containers keep repeated slashes, and frameworks ignore a final slash. Both select the same resource. */
    private static String normalized(String path) {
        String single = path.contains("//") ? SLASHES.matcher(path).replaceAll("/") : path;
        return single.length() > 1 && single.endsWith("/") ? single.substring(0, single.length() - 1) : single;
    }

    private static @Nullable String scope(Set<String> roles) {
        boolean valid =
                roles.stream().allMatch(role -> SCOPE_TOKEN.matcher(role).matches());
        return valid ? String.join(" ", roles) : null;
    }
}
