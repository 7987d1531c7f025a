package org.gatehouse.login;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Permission;
import org.gatehouse.json.JsonBody;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.user.Caller;
import org.gatehouse.user.Credential;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;
import org.gatehouse.user.UserService;

/**
 * Changes passwords. A user must send the current password. An administrator who resets another user's password does
 * not need that password. The write of the new password also ends the user's sessions except the caller's.
 */
final class PasswordService {
    static final String CURRENT = StepUp.CURRENT_PASSWORD;
    static final String NEW = "newPassword";

    /** A write fails if a concurrent login has rehashed the password since the check, which happens once at most. */
    private static final int MAX_ATTEMPTS = 3;

    private final UserService users;
    private final PasswordPolicy policy;
    private final PasswordStepUp stepUp;
    private final AuditLog audit;

    public PasswordService(UserService users, PasswordPolicy policy, PasswordStepUp stepUp, AuditLog audit) {
        this.users = users;
        this.policy = policy;
        this.stepUp = stepUp;
        this.audit = audit;
    }

    /**
     * Changes a password.
     *
     * @param id the user's id, or {@code me}
     * @throws GatehouseException {@code USER_NOT_FOUND}; {@code FORBIDDEN}; {@code VALIDATION_FAILED}, also if the
     *     current password is wrong; {@code LOGIN_THROTTLED}; {@code SESSION_ENDED} if the caller's session has ended
     *     meanwhile; {@code INSUFFICIENT_USER_AUTHENTICATION}; {@code BUSY}
     */
    public void change(Caller caller, String id, JsonBody body) {
        User user = users.find(caller, id, Permission.USERS_WRITE);
        boolean own = caller.is(user.id());
        FieldErrors errors = new FieldErrors();
        String newPassword = body.requiredText(NEW, errors);
        String currentPassword = own ? body.requiredText(CURRENT, errors) : unused(body, errors);
        body.rejectUnknown(List.of(CURRENT, NEW), errors);
        if (!errors.hasErrorFor(NEW)) {
            policy.violation(newPassword, user.username()).ifPresent(violation -> errors.add(NEW, violation));
        }
        errors.throwIfAny();
        if (own) {
            changeOwn(caller.requireUser(), currentPassword, newPassword);
        } else {
            reset(caller, user, newPassword);
        }
        audit.record(caller.auditEvent(own ? AuditType.PASSWORD_CHANGED : AuditType.PASSWORD_RESET)
                .on(user.id(), user.username()));
    }

    private void reset(Caller caller, User user, String newPassword) {
        stepUp.require(caller);
        if (!users.resetPassword(user, newPassword, caller.clientInfo())) {
            throw new GatehouseException(ErrorCode.USER_NOT_FOUND);
        }
    }

    private void changeOwn(UserCaller caller, String currentPassword, String newPassword) {
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            Credential credential = stepUp.requirePassword(caller, currentPassword);
            if (users.changePassword(caller, credential, newPassword)) {
                return;
            }
        }
        throw PasswordStepUp.wrong();
    }

    /** Ignores the current password, because an administrator need not send it. Rejects a value of the wrong type. */
    private static String unused(JsonBody body, FieldErrors errors) {
        JsonNode value = body.node().path(CURRENT);
        if (!value.isMissingNode() && !value.isNull() && !value.isTextual()) {
            errors.add(CURRENT, "must be a string");
        }
        return "";
    }
}
