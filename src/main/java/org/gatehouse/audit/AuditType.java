package org.gatehouse.audit;

import java.util.Optional;
import java.util.stream.Stream;

/** The types of audit events. Their names are stored and returned, so a name never changes its meaning. */
public enum AuditType {
    LOGIN_SUCCEEDED,
    /** A failed login with its reason. */
    LOGIN_FAILED,
    LOGOUT,
    LOGOUT_EVERYWHERE,
    /** A client used an old refresh token. Therefore the session was ended. */
    TOKEN_REUSED,
    /** The owner or an administrator ended one or several sessions without a logout. */
    SESSION_ENDED,
    /** An administrator ended the sessions of all users at once. */
    ALL_SESSIONS_ENDED,
    /** A user changed their own password and entered the old password. */
    PASSWORD_CHANGED,
    /** An administrator set the password of another user, or the user set it with a proof from a mail. */
    PASSWORD_RESET,
    USER_CREATED,
    USER_DELETED,
    /** A user deleted their own account. It is deleted after seven days. */
    USER_LEAVING,
    /** A leaving user logged in and kept the account. */
    USER_STAYED,
    USERNAME_CHANGED,
    ROLES_CHANGED,
    STATUS_CHANGED,
    /** A change of the address was requested. The old address stays in force until the new one is proved. */
    EMAIL_CHANGE_STARTED,
    /** The user proved the address. */
    EMAIL_VERIFIED,
    EMAIL_CHANGED,
    EMAIL_REMOVED,
    /** The receiver of a notice restored the old address. */
    EMAIL_UNDONE,
    /** A password was right, and the response asked for a second factor. */
    FACTOR_REQUIRED,
    /** A code or a passkey was wrong, with the type of the factor. */
    FACTOR_FAILED,
    FACTOR_ADDED,
    /** The owner or an administrator removed a factor. */
    FACTOR_REMOVED,
    RECOVERY_CODE_USED,
    RECOVERY_CODES_REPLACED,
    /** The counter of a passkey went back, so a copy of the passkey may exist. */
    PASSKEY_COUNTER_DECREASED,
    /** A user authenticated again in a session. */
    STEP_UP_SUCCEEDED,
    INVITATION_SENT,
    INVITATION_ACCEPTED,
    /** An administrator made a mail due at once. */
    MAIL_RETRIED,
    USERS_IMPORT_STARTED,
    /** The end of an import, successful or not, with the counts. */
    USERS_IMPORTED,
    /** An export, recorded before the first user is sent. A detail shows whether hashes are included. */
    USERS_EXPORTED,
    /** An export of the user's own data, recorded before it is sent. */
    OWN_DATA_EXPORTED,
    KEY_ROTATED,
    KEY_REVOKED,
    THROTTLE_CLEARED,
    SERVICE_CREATED,
    /** The name, the roles or the status of a service changed. */
    SERVICE_CHANGED,
    SERVICE_DELETED,
    SERVICE_SECRET_CREATED,
    /** All access tokens of a service were ended at once. */
    SERVICE_TOKENS_ENDED,
    /** A service could not be authenticated, with the reason. */
    CLIENT_REJECTED,
    /** A client sent an invalid token. Expired tokens are not recorded; see {@link RejectionAudit}. */
    TOKEN_REJECTED,
    /** The caller, authenticated or not, is not allowed to make the request. */
    ACCESS_DENIED,
    /** A start with {@code ADMIN_RESET} made the user an active administrator with the password from the settings. */
    ADMINISTRATOR_RESET;

    static Optional<AuditType> parse(String text) {
        return Stream.of(values()).filter(type -> type.name().equals(text)).findFirst();
    }
}
