package org.gatehouse.identity;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * When and how a user proved the identity. Tokens contain it as {@code auth_time}, {@code amr} and {@code acr} (OpenID
 * Connect Core 1.0, section 2).
 *
 * @param time the time of the latest complete authentication
 */
public record Authentication(Instant time, Set<Method> methods) {
    /** The {@code acr} of an authentication without a factor. */
    public static final String ACR_PASSWORD = "urn:gatehouse:1";

    /** The {@code acr} of an authentication with a factor. It satisfies requests for {@link #ACR_PASSWORD}, too. */
    public static final String ACR_FACTOR = "urn:gatehouse:2";

    /** All values of {@code acr}. */
    public static final List<String> ACR_VALUES = List.of(ACR_PASSWORD, ACR_FACTOR);

    /** The methods of RFC 8176. */
    public enum Method {
        PWD("pwd"),
        /** A TOTP code or a recovery code. */
        OTP("otp"),
        /** A passkey. */
        HWK("hwk"),
        /** More than one factor. */
        MFA("mfa");

        private final String text;

        Method(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }

        /** Returns the method with this name; empty for a name that Gatehouse does not use. */
        public static Optional<Method> parse(String text) {
            return Arrays.stream(values())
                    .filter(method -> method.text.equals(text))
                    .findFirst();
        }
    }

    public Authentication {
        methods = Set.copyOf(methods);
    }

    /** Returns an authentication with a password only. */
    public static Authentication password(Instant time) {
        return new Authentication(time, Set.of(Method.PWD));
    }

    /** Returns the authentication of a service, to which the methods of users do not apply. */
    public static Authentication service(Instant time) {
        return new Authentication(time, Set.of());
    }

    /** Returns an authentication with these methods. Unknown names are ignored. */
    public static Authentication of(Instant time, List<String> names) {
        Set<Method> methods = EnumSet.noneOf(Method.class);
        names.forEach(name -> Method.parse(name).ifPresent(methods::add));
        return new Authentication(time, methods);
    }

    /** Whether a second factor, or a passkey, was part of the authentication. */
    public boolean withFactor() {
        return methods.contains(Method.MFA);
    }

    /**
     * Whether the authentication is at most this old. Tokens contain the time in whole seconds, so an authentication
     * counts as if it had happened at the end of its second.
     */
    public boolean isWithin(Duration maxAge, Instant now) {
        Instant latest = time.truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
        return !now.isAfter(latest.plus(maxAge));
    }

    /** Whether the authentication satisfies a request for this class. */
    public boolean satisfies(String requiredAcr) {
        return requiredAcr.equals(ACR_PASSWORD) || (requiredAcr.equals(ACR_FACTOR) && withFactor());
    }

    public String acr() {
        return withFactor() ? ACR_FACTOR : ACR_PASSWORD;
    }

    /** Returns the names of the methods in alphabetical order. */
    public List<String> amr() {
        TreeSet<String> names = new TreeSet<>();
        methods.forEach(method -> names.add(method.text()));
        return List.copyOf(names);
    }
}
