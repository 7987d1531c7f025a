package org.gatehouse.overview;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.gatehouse.audit.AuditType;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.login.FailedLogins;
import org.gatehouse.login.FailedLogins.Failures;
import org.gatehouse.overview.Cause.Code;
import org.gatehouse.overview.Cause.Severity;
import org.gatehouse.user.User;
import org.gatehouse.user.UserStatus;
import org.jspecify.annotations.Nullable;

/** Finds the reasons why a user cannot log in. It reads nothing, so the same facts always have the same causes. */
final class LoginDiagnosis {
    /** The number of audit entries that are examined. An attack with more failures does not need an exact count. */
    static final int MAX_EVENTS = 100;

    /** The audit entries that show which passwords and factors were right or wrong. */
    static final Set<AuditType> EVENTS = EnumSet.of(
            AuditType.LOGIN_SUCCEEDED,
            AuditType.LOGIN_FAILED,
            AuditType.FACTOR_REQUIRED,
            AuditType.FACTOR_FAILED,
            AuditType.STEP_UP_SUCCEEDED,
            AuditType.PASSWORD_CHANGED,
            AuditType.PASSWORD_RESET);

    /** Returns the types of the entries that ended the status {@code active} of this user. */
    static Set<AuditType> endsOfActivity(User user) {
        return EnumSet.of(user.status() == UserStatus.LEAVING ? AuditType.USER_LEAVING : AuditType.STATUS_CHANGED);
    }

    static final Set<AuditType> FAILURES = EnumSet.of(AuditType.LOGIN_FAILED, AuditType.FACTOR_FAILED);

    /** After one of these, earlier wrong passwords do not matter. */
    private static final Set<AuditType> PASSWORD_KNOWN = EnumSet.of(
            AuditType.LOGIN_SUCCEEDED, AuditType.FACTOR_REQUIRED, AuditType.PASSWORD_CHANGED, AuditType.PASSWORD_RESET);

    private static final Set<AuditType> FACTOR_KNOWN =
            EnumSet.of(AuditType.LOGIN_SUCCEEDED, AuditType.STEP_UP_SUCCEEDED);

    /** The reason in the audit log if the password and the factor were right, but the user is leaving. */
    private static final String LEAVING = "leaving";

    /** The reasons of failed logins in the audit log that show that the password was right. */
    private static final Set<String> RIGHT_PASSWORD = Set.of("disabled", LEAVING);

    /** The mails whose link a user may wait for. Notices do not matter for a login. */
    private static final Set<String> LINKS = Set.of("reset", "verification", "change", "invitation");

    private static final String PASSKEY = "passkey";

    private final LoginFacts facts;
    private final User user;
    private final List<Cause> causes = new ArrayList<>();

    private LoginDiagnosis(LoginFacts facts) {
        this.facts = facts;
        this.user = facts.user();
    }

    /** Returns the causes, the worst first. */
    static List<Cause> causes(LoginFacts facts) {
        LoginDiagnosis diagnosis = new LoginDiagnosis(facts);
        diagnosis.status();
        diagnosis.password();
        diagnosis.throttles();
        diagnosis.failures();
        diagnosis.factors();
        diagnosis.address();
        diagnosis.mails();
        return diagnosis.causes.stream()
                .sorted(Comparator.comparing(Cause::severity).thenComparing(Cause::code))
                .toList();
    }

    private void status() {
        if (user.isActive()) {
            return;
        }
        Instant since = facts.statusChanges().stream()
                .findFirst()
                .filter(change -> !text(change, "/details/to").equals("active"))
                .map(LoginDiagnosis::time)
                .orElse(null);
        causes.add(
                user.status() == UserStatus.LEAVING
                        ? Cause.of(Code.STATUS_LEAVING).since(since).until(user.deletedAfter())
                        : Cause.of(Code.STATUS_DISABLED).since(since));
    }

    /** A passkey is enough for a login, so a user with a passkey may not need a password. */
    private void password() {
        if (!facts.hasPassword()) {
            Cause cause = Cause.of(Code.NO_PASSWORD);
            causes.add(facts.factors().contains(PASSKEY) ? cause.with(Severity.MAY_BLOCK) : cause);
        }
    }

    private void throttles() {
        FailedLogins failures = facts.failures();
        if (failures == null) {
            return;
        }
        failures.sources().forEach(source -> throttle(Code.SOURCE_THROTTLED, source));
        throttle(Code.STRANGERS_THROTTLED, failures.strangers());
        failures.factors().sources().forEach(source -> throttle(Code.FACTOR_THROTTLED, source));
        throttle(Code.FACTOR_THROTTLED, failures.factors().strangers());
    }

    private void throttle(Code code, Failures failures) {
        if (failures.areFull()) {
            causes.add(Cause.of(code)
                    .from(failures.source())
                    .until(failures.endsAt())
                    .times(failures.failures()));
        }
    }

    private void failures() {
        List<ObjectNode> passwords = wrongSince(
                AuditType.LOGIN_FAILED,
                event -> isOf(event, PASSWORD_KNOWN) || RIGHT_PASSWORD.contains(reason(event)),
                event -> reason(event).equals("wrong password"));
        add(Code.WRONG_PASSWORD, passwords, null);
        List<ObjectNode> codes = wrongSince(
                AuditType.FACTOR_FAILED,
                event -> isOf(event, FACTOR_KNOWN) || reason(event).equals(LEAVING),
                event -> !reason(event).equals("throttled"));
        add(Code.WRONG_FACTOR, codes, codes.isEmpty() ? null : text(codes.get(0), "/details/factor"));
    }

    private void add(Code code, List<ObjectNode> failures, @Nullable String detail) {
        if (!failures.isEmpty()) {
            causes.add(Cause.of(code)
                    .since(time(failures.get(failures.size() - 1)))
                    .times(failures.size())
                    .detail(detail));
        }
    }

    /** Returns the failures of a type that happened after the latest success. */
    private List<ObjectNode> wrongSince(
            AuditType type, Predicate<ObjectNode> succeeded, Predicate<ObjectNode> isWrong) {
        return facts.events().stream()
                .takeWhile(succeeded.negate())
                .filter(event -> isOf(event, Set.of(type)) && isWrong.test(event))
                .toList();
    }

    private void factors() {
        if (user.hasFactor()) {
            causes.add(Cause.of(Code.FACTOR_REQUIRED)
                    .detail(facts.factors().isEmpty() ? null : String.join(", ", facts.factors())));
        } else if (facts.mustEnrol()) {
            causes.add(Cause.of(Code.FACTOR_ENROLMENT_REQUIRED));
        }
    }

    private void address() {
        EmailAddress address = user.email().orElse(null);
        if (address == null || user.emailVerified() != null) {
            return;
        }
        if (facts.addressOwner() != null) {
            causes.add(Cause.of(Code.ADDRESS_SHARED).detail(facts.addressOwner().hex()));
        } else if (!isUsername(address)) {
            causes.add(Cause.of(Code.ADDRESS_UNVERIFIED));
        }
    }

    /** Whether the username is the address itself, so that a login with the address succeeds. */
    private boolean isUsername(EmailAddress address) {
        return EmailAddress.parse(user.username()).equals(Optional.of(address));
    }

    private void mails() {
        ObjectNode mail = facts.mails().stream()
                .filter(candidate -> LINKS.contains(text(candidate, "/kind")))
                .findFirst()
                .orElse(null);
        if (mail == null || isObsolete(mail)) {
            return;
        }
        String error = text(mail, "/lastError");
        Instant created = Instant.parse(text(mail, "/createdAt"));
        switch (text(mail, "/status")) {
            case "queued" ->
                causes.add(Cause.of(Code.MAIL_PENDING)
                        .since(created)
                        .until(mail.has("nextAt") ? Instant.parse(text(mail, "/nextAt")) : null)
                        .detail(error.isEmpty() ? null : error));
            case "failed", "void", "expired" ->
                causes.add(Cause.of(Code.MAIL_FAILED).since(created).detail(error.isEmpty() ? null : error));
            default -> {} // it was sent
        }
    }

    /** Whether the user does not wait for the mail any more. */
    private boolean isObsolete(ObjectNode mail) {
        if (text(mail, "/kind").equals("verification")) {
            return user.emailVerified() != null;
        }
        Instant lastLogin = user.lastLogin();
        return lastLogin != null && !lastLogin.isBefore(Instant.parse(text(mail, "/createdAt")));
    }

    private static boolean isOf(ObjectNode event, Set<AuditType> types) {
        return types.stream().anyMatch(type -> type.name().equals(text(event, "/type")));
    }

    private static String reason(ObjectNode event) {
        return text(event, "/details/reason");
    }

    private static Instant time(ObjectNode event) {
        return Instant.parse(text(event, "/at"));
    }

    private static String text(ObjectNode json, String path) {
        return json.at(path).asText("");
    }
}
