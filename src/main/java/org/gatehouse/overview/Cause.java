package org.gatehouse.overview;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A reason why a user cannot log in, or may fail to.
 *
 * @param since when the cause began
 * @param until when it ends without a change
 * @param source the address of the client that is affected; null if all are
 * @param count the number of failures, at most {@value LoginDiagnosis#MAX_EVENTS} for failures of the audit log
 * @param detail more about it, such as the error of a mail
 */
record Cause(
        Code code,
        Severity severity,
        String message,
        @Nullable Instant since,
        @Nullable Instant until,
        @Nullable String source,
        @Nullable Integer count,
        @Nullable String detail) {
    /** How much a cause matters, the worst first. */
    enum Severity {
        /** No login succeeds. */
        @JsonProperty("blocks")
        BLOCKS,
        /** Some logins fail. */
        @JsonProperty("may block")
        MAY_BLOCK,
        /** Logins succeed, but not as the user may expect. */
        @JsonProperty("information")
        INFORMATION
    }

    /** The kinds of causes. Clients branch on their names, so a name never changes. Messages are for people. */
    enum Code {
        STATUS_DISABLED(Severity.BLOCKS, "The account is disabled."),
        STATUS_LEAVING(
                Severity.BLOCKS,
                "The user has deleted the account. Until it is deleted, a login of the user can keep it."),
        NO_PASSWORD(Severity.BLOCKS, "The account has no password. A reset by mail or by an administrator sets one."),
        SOURCE_THROTTLED(
                Severity.MAY_BLOCK, "Too many wrong passwords came from this address, so its logins are rejected."),
        STRANGERS_THROTTLED(
                Severity.MAY_BLOCK,
                "Too many wrong passwords came from addresses without a recent login. Only addresses with a recent login"
                        + " are accepted."),
        FACTOR_THROTTLED(Severity.MAY_BLOCK, "Too many wrong codes were entered, so codes are rejected."),
        WRONG_PASSWORD(Severity.MAY_BLOCK, "The password was wrong at the latest logins."),
        WRONG_FACTOR(Severity.MAY_BLOCK, "The second factor was wrong at the latest logins."),
        FACTOR_ENROLMENT_REQUIRED(
                Severity.MAY_BLOCK,
                "A role requires a second factor. After the password, the user must add one before any other call."),
        ADDRESS_SHARED(
                Severity.MAY_BLOCK, "Another account has verified this address, so the address leads to that account."),
        ADDRESS_UNVERIFIED(
                Severity.MAY_BLOCK, "The address is not verified, so only the username can be used to log in."),
        MAIL_FAILED(Severity.MAY_BLOCK, "The latest mail with a link was not sent."),
        MAIL_PENDING(Severity.INFORMATION, "The latest mail with a link is not sent yet."),
        FACTOR_REQUIRED(Severity.INFORMATION, "After the password, the login requires a second factor.");

        private final Severity severity;
        private final String message;

        Code(Severity severity, String message) {
            this.severity = severity;
            this.message = message;
        }
    }

    static Cause of(Code code) {
        return new Cause(code, code.severity, code.message, null, null, null, null, null);
    }

    Cause with(Severity other) {
        return new Cause(code, other, message, since, until, source, count, detail);
    }

    Cause since(@Nullable Instant time) {
        return new Cause(code, severity, message, time, until, source, count, detail);
    }

    Cause until(@Nullable Instant time) {
        return new Cause(code, severity, message, since, time, source, count, detail);
    }

    Cause from(@Nullable String address) {
        return new Cause(code, severity, message, since, until, address, count, detail);
    }

    Cause times(int number) {
        return new Cause(code, severity, message, since, until, source, number, detail);
    }

    Cause detail(@Nullable String text) {
        return new Cause(code, severity, message, since, until, source, count, text);
    }
}
