package org.gatehouse.auth;

import java.time.Duration;
import java.time.Instant;
import java.util.regex.Pattern;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Authentication;
import org.gatehouse.user.StepUp;
import org.jspecify.annotations.Nullable;

/**
 * The authentication that a proxy requires of a caller (RFC 9470, section 4).
 *
 * @param acr a value of {@link Authentication#ACR_VALUES}; null for any
 * @param maxAge the maximum age of the authentication; null for any
 */
record RequiredAuthentication(
        @Nullable String acr, @Nullable Duration maxAge) {
    static final String ACR = "acr";
    static final String MAX_AGE = "max_age";

    /** Nine digits are about 31 years, and fit into an {@code int}. */
    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");

    /** Parses the query parameters, which may be absent. Adds each violation to the errors. */
    static RequiredAuthentication parse(@Nullable String acr, @Nullable String maxAge, FieldErrors errors) {
        if (acr != null && !Authentication.ACR_VALUES.contains(acr)) {
            errors.add(ACR, "must be " + String.join(" or ", Authentication.ACR_VALUES));
        }
        if (maxAge == null) {
            return new RequiredAuthentication(acr, null);
        }
        if (!SECONDS.matcher(maxAge).matches()) {
            errors.add(MAX_AGE, "must be a number of seconds from 0 to 999999999");
            return new RequiredAuthentication(acr, null);
        }
        return new RequiredAuthentication(acr, Duration.ofSeconds(Integer.parseInt(maxAge)));
    }

    boolean isEmpty() {
        return acr == null && maxAge == null;
    }

    /** @throws GatehouseException {@code INSUFFICIENT_USER_AUTHENTICATION} with the required values */
    void require(Authentication authentication, Instant now) {
        boolean recent = maxAge == null || authentication.isWithin(maxAge, now);
        if (!recent || (acr != null && !authentication.satisfies(acr))) {
            throw StepUp.insufficient(maxAge, acr);
        }
    }
}
