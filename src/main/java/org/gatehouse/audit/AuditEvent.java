package org.gatehouse.audit;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gatehouse.http.Origin;

/**
 * Something that happened, as it is told to the {@link AuditLog}:
 *
 * <pre>{@code
 * audit.record(AuditEvent.of(AuditType.STATUS_CHANGED, origin)
 *         .by(caller.id().hex())
 *         .on(user.id().hex(), user.username())
 *         .with(AuditDetail.FROM, "active")
 *         .with(AuditDetail.TO, "disabled"));
 * }</pre>
 *
 * <p>What somebody typed as the name of a user is no part of it: people type their password there. A login of an
 * unknown user is recorded without the name, and any other event with the name that the store has.
 *
 * @param actor the id of the user who did it; empty when the caller proved no identity, or the service did it by itself
 * @param user the id of the user it was done to; empty when there is none
 * @param username how that user was called then, cut to {@value #MAX_USERNAME} characters
 * @param origin where the request came from; empty when there was none
 * @param details texts, each cut to {@value #MAX_DETAIL} characters
 */
public record AuditEvent(
        AuditType type,
        Optional<String> actor,
        Optional<String> user,
        Optional<String> username,
        Optional<Origin> origin,
        Map<AuditDetail, String> details) {
    /** New names are shorter; those of databases of the original service may have any length. */
    static final int MAX_USERNAME = 256;

    static final int MAX_DETAIL = 1_024;

    private static final Pattern USER_ID = Pattern.compile("[0-9a-f]{24}");

    public AuditEvent {
        if (!actor.stream().allMatch(AuditEvent::isUserId) || !user.stream().allMatch(AuditEvent::isUserId)) {
            throw new IllegalArgumentException("a user is named by its id");
        }
        username = username.map(name -> cut(name, MAX_USERNAME));
        EnumMap<AuditDetail, String> bounded = new EnumMap<>(AuditDetail.class);
        details.forEach((detail, text) -> bounded.put(detail, cut(text, MAX_DETAIL)));
        details = Collections.unmodifiableMap(bounded);
    }

    /** Something that a request did or tried to do. */
    public static AuditEvent of(AuditType type, Origin origin) {
        return of(type, Optional.of(origin));
    }

    /** Something that the service did by itself. */
    public static AuditEvent ofService(AuditType type) {
        return of(type, Optional.empty());
    }

    /** A login that was refused. */
    public static AuditEvent loginFailed(LoginFailure failure, Origin origin) {
        return of(AuditType.LOGIN_FAILED, origin).with(AuditDetail.REASON, failure.text());
    }

    /** The same, done by this user. */
    public AuditEvent by(String userId) {
        return new AuditEvent(type, Optional.of(userId), user, username, origin, details);
    }

    /** The same, done to this user. */
    public AuditEvent on(String userId) {
        return new AuditEvent(type, actor, Optional.of(userId), username, origin, details);
    }

    /** The same, done to this user; the name, as the store has it, tells who that was also after a deletion. */
    public AuditEvent on(String userId, String storedName) {
        return new AuditEvent(type, actor, Optional.of(userId), Optional.of(storedName), origin, details);
    }

    /** The same with one more detail; never a password, hash, token or key. */
    public AuditEvent with(AuditDetail detail, String text) {
        EnumMap<AuditDetail, String> more = new EnumMap<>(AuditDetail.class);
        more.putAll(details);
        more.put(detail, text);
        return new AuditEvent(type, actor, user, username, origin, more);
    }

    boolean isThrottledLogin() {
        return type == AuditType.LOGIN_FAILED && LoginFailure.THROTTLED.text().equals(details.get(AuditDetail.REASON));
    }

    /** Whether a client can cause such events as fast as it can send requests. */
    boolean isRefusal() {
        return type == AuditType.TOKEN_REJECTED || type == AuditType.ACCESS_DENIED;
    }

    /** Whether this is the text of a user's id: 24 hexadecimal digits in lower case. */
    static boolean isUserId(String text) {
        return USER_ID.matcher(text).matches();
    }

    private static AuditEvent of(AuditType type, Optional<Origin> origin) {
        return new AuditEvent(type, Optional.empty(), Optional.empty(), Optional.empty(), origin, Map.of());
    }

    private static String cut(String text, int length) {
        if (text.length() <= length) {
            return text;
        }
        // Half of a surrogate pair is no text.
        return text.substring(0, Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length);
    }
}
