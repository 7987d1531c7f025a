package org.gatehouse.audit;

import java.util.Optional;

/** What can happen. The names are stored and shown, so a name that was once used keeps its meaning. */
public enum AuditType {
    LOGIN_SUCCEEDED,
    /** With the reason, see {@link AuditEvent#loginFailed}. */
    LOGIN_FAILED,
    LOGOUT,
    LOGOUT_EVERYWHERE,
    /** A refresh token came a second time, and ended its session. */
    TOKEN_REUSED,
    /** A session was ended by its owner or an administrator, other than by logging out of it. */
    SESSION_ENDED,
    /** By the user, who knew the old one. */
    PASSWORD_CHANGED,
    /** By an administrator. */
    PASSWORD_RESET,
    USER_CREATED,
    USER_DELETED,
    USERNAME_CHANGED,
    ROLES_CHANGED,
    STATUS_CHANGED,
    USERS_IMPORT_STARTED,
    /** The end of an import, whatever it ended by, with the counts. */
    USERS_IMPORTED,
    /** Written before the first user leaves, with whether hashes do. */
    USERS_EXPORTED,
    KEY_ROTATED,
    KEY_REVOKED,
    THROTTLE_CLEARED,
    /** A token that does not count, other than one that has expired; see {@link RefusalAudit}. */
    TOKEN_REJECTED,
    /** A call that the caller, known or unknown, is not allowed to make. */
    ACCESS_DENIED,
    /** A start with {@code ADMIN_RESET} made the user an active administrator with the password in the settings. */
    ADMINISTRATOR_RESET;

    static Optional<AuditType> parse(String text) {
        for (AuditType type : values()) {
            if (type.name().equals(text)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
