package org.gatehouse.guard;

/** A token could not be checked, because Gatehouse did not give the necessary answer. */
final class IssuerException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean unreachable;

    private IssuerException(String message, boolean unreachable) {
        super(message, null, false, false);
        this.unreachable = unreachable;
    }

    /** Gatehouse did not respond in time, responded with an error, or is overloaded. */
    static IssuerException unreachable(String message) {
        return new IssuerException(message, true);
    }

    /**
     * The response of Gatehouse shows that the issuer address or the credentials are wrong. The setting
     * {@code unreachable} does not apply, because only the operator can correct this.
     */
    static IssuerException misconfigured(String message) {
        return new IssuerException(message, false);
    }

    boolean isUnreachable() {
        return unreachable;
    }

    String message() {
        return String.valueOf(getMessage());
    }
}
