package org.gatehouse.factor;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.identity.Authentication.Method;

/** The types of second factors. */
public enum FactorType {
    /** A device that computes time-based codes (RFC 6238). */
    TOTP(Method.OTP),
    /** One of the codes that a user keeps for the loss of all devices. */
    RECOVERY(Method.OTP),
    /** A credential of Web Authentication. */
    PASSKEY(Method.HWK);

    private final Method method;

    FactorType(Method method) {
        this.method = method;
    }

    /** Returns the name in requests and responses. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the type with this name. */
    public static Optional<FactorType> parse(String text) {
        return Arrays.stream(values()).filter(type -> type.text().equals(text)).findFirst();
    }

    /** Returns the methods of an authentication with a password and this factor. */
    public Set<Method> afterPassword() {
        return Set.of(Method.PWD, method, Method.MFA);
    }
}
