package org.gatehouse.audit;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.UserId;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened, as it is told to the {@link AuditLog}:
 *
 * <pre>{@code
 * audit.record(AuditEvent.of(AuditType.STATUS_CHANGED, origin)
 *         .by(caller.id())
 *         .on(user.id(), user.username())
 *         .with(AuditDetail.FROM, "active")
 *         .with(AuditDetail.TO, "disabled"));
 * }</pre>
 *
 * <p>What somebody typed as the name of a user is no part of it: people type their password there. A login of an
 * unknown user is recorded without the name, and any other event with the name that the store has.
 *
 * @param actor the user who did it; null if the caller proved no identity, or the service did it by itself
 * @param user the user it was done to
 * @param username how that user was called then, cut to {@value #MAX_USERNAME} characters
 * @param origin where the request came from; null if there was none
 * @param details texts, each cut to {@value #MAX_DETAIL} characters
 */
public record AuditEvent(
        AuditType type,
        @Nullable UserId actor,
        @Nullable UserId user,
        @Nullable String username,
        @Nullable ClientInfo origin,
        Map<AuditDetail, String> details) {
    /** New names are shorter; those of databases of the original service may have any length. */
    static final int MAX_USERNAME = 256;

    static final int MAX_DETAIL = 1_024;

    public AuditEvent {
        username = username == null ? null : cut(username, MAX_USERNAME);
        EnumMap<AuditDetail, String> bounded = new EnumMap<>(AuditDetail.class);
        details.forEach((detail, text) -> bounded.put(detail, cut(text, MAX_DETAIL)));
        details = Collections.unmodifiableMap(bounded);
    }

    /** Something that a request did or tried to do. */
    public static AuditEvent of(AuditType type, ClientInfo origin) {
        return new AuditEvent(type, null, null, null, origin, Map.of());
    }

    /** Something that the service did by itself. */
    public static AuditEvent ofService(AuditType type) {
        return new AuditEvent(type, null, null, null, null, Map.of());
    }

    /** A login that was refused. */
    public static AuditEvent loginFailed(LoginOutcome reason, ClientInfo origin) {
        return of(AuditType.LOGIN_FAILED, origin).with(AuditDetail.REASON, reason.text());
    }

    /** The same, done by this user. */
    public AuditEvent by(UserId actorId) {
        return new AuditEvent(type, actorId, user, username, origin, details);
    }

    /** The same, done to this user. */
    public AuditEvent on(UserId userId) {
        return new AuditEvent(type, actor, userId, username, origin, details);
    }

    /** The same, done to this user; the name, as the store has it, tells who that was also after a deletion. */
    public AuditEvent on(UserId userId, String storedName) {
        return new AuditEvent(type, actor, userId, storedName, origin, details);
    }

    /** The same with one more detail; never a password, hash, token or key. */
    public AuditEvent with(AuditDetail detail, String text) {
        EnumMap<AuditDetail, String> more = new EnumMap<>(AuditDetail.class);
        more.putAll(details);
        more.put(detail, text);
        return new AuditEvent(type, actor, user, username, origin, more);
    }

    boolean isThrottledLogin() {
        return type == AuditType.LOGIN_FAILED && LoginOutcome.THROTTLED.text().equals(details.get(AuditDetail.REASON));
    }

    /** Whether a client can cause such events as fast as it can send requests. */
    boolean isRefusal() {
        return type == AuditType.TOKEN_REJECTED || type == AuditType.ACCESS_DENIED;
    }

    private static String cut(String text, int length) {
        if (text.length() <= length) {
            return text;
        }
        // Half of a surrogate pair is no text.
        return text.substring(0, Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length);
    }
}
