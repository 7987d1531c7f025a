package org.gatehouse.guard;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The setting {@code required-authentication}: paths, and for each the class or the maximum age of the authentication
 * (RFC 9470); see {@link PathRules}. If several rules match, the caller must satisfy each.
 */
final class RequiredAuthentication {
    private static final String ACR = "acr=";
    private static final String MAX_AGE = "max_age=";

    /** The classes of Gatehouse. Each satisfies itself and those before it. */
    private static final List<String> CLASSES = List.of("urn:gatehouse:1", "urn:gatehouse:2");

    /** Nine digits are about 31 years, and fit into an {@code int}. */
    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");

    /** Tokens contain the time in whole seconds, so the authentication may be up to one second later. */
    private static final Duration RESOLUTION = Duration.ofSeconds(1);

    private final PathRules<Rule> rules;

    private static final class Rule {
        private final @Nullable String acr;
        private final @Nullable Integer maxAge;

        Rule(@Nullable String acr, @Nullable Integer maxAge) {
            this.acr = acr;
            this.maxAge = maxAge;
        }

        static Rule parse(String rule, List<String> values) {
            String acr = null;
            Integer maxAge = null;
            for (String value : values) {
                String number = value.startsWith(MAX_AGE) ? value.substring(MAX_AGE.length()) : "";
                if (value.startsWith(ACR) && CLASSES.contains(value.substring(ACR.length())) && acr == null) {
                    acr = value.substring(ACR.length());
                } else if (SECONDS.matcher(number).matches() && maxAge == null) {
                    maxAge = Integer.valueOf(number);
                } else {
                    throw new IllegalArgumentException(
                            GuardSettings.REQUIRED_AUTHENTICATION + ": " + rule
                                    + " must have acr=urn:gatehouse:1 or acr=urn:gatehouse:2, and max_age in seconds, at most once each");
                }
            }
            return new Rule(acr, maxAge);
        }

        boolean allows(CallerAuthentication authentication, Instant now) {
            return hasClass(authentication.acr) && isRecent(authentication.time, now);
        }

        private boolean hasClass(@Nullable String present) {
            // A service has no class, and the lowest class requires none.
            int rank = present == null ? 0 : CLASSES.indexOf(present);
            return acr == null || CLASSES.indexOf(acr) <= Math.max(0, rank);
        }

        private boolean isRecent(@Nullable Instant time, Instant now) {
            if (maxAge == null) {
                return true;
            }
            return time != null
                    && !now.isAfter(time.plus(RESOLUTION).plusSeconds(maxAge).plus(SignedToken.CLOCK_SKEW));
        }
    }

    private RequiredAuthentication(PathRules<Rule> rules) {
        this.rules = rules;
    }

    /** @throws IllegalArgumentException if a rule has another value, or a path of another form */
    static RequiredAuthentication parse(@Nullable String text) {
        return new RequiredAuthentication(
                PathRules.parse(GuardSettings.REQUIRED_AUTHENTICATION, text, "acr or max_age", Rule::parse));
    }

    /** Returns whether a rule matches the path, so that a caller without a token must be rejected. */
    boolean appliesTo(String path) {
        return !rules.of(path).isEmpty();
    }

    /**
     * Checks all rules that match the path.
     *
     * @param path the decoded path within the web application, without path parameters
     * @throws Rejection 401 with the values of the first rule that the caller does not satisfy
     */
    void require(GuardPrincipal caller, String path, Clock clock) throws Rejection {
        for (Rule rule : rules.of(path)) {
            if (!rule.allows(caller.authentication(), clock.instant())) {
                throw Rejection.insufficientAuthentication(rule.maxAge, rule.acr);
            }
        }
    }
}
