package org.gatehouse.audit;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.AccountId;
import org.gatehouse.identity.UserId;
import org.jspecify.annotations.Nullable;

/**
 * An event to record in the {@link AuditLog}:
 *
 * <pre>{@code
 * audit.record(AuditEvent.of(AuditType.STATUS_CHANGED, clientInfo)
 *         .by(administrator.id())
 *         .on(user.id(), user.username())
 *         .with(Detail.FROM, "active")
 *         .with(Detail.TO, "disabled"));
 * }</pre>
 *
 * <p>An event never contains a username as a client sent it, because users sometimes type a password into the username
 * field. A login of an unknown user is recorded without a username. Usernames in other events come from the store.
 *
 * @param actor the user or the service account that caused the event; null if the caller was not authenticated, or if
 *     Gatehouse itself caused the event
 * @param user the affected user
 * @param username the name of the affected user at that time, cut to {@value #MAX_USERNAME} characters
 * @param clientInfo the client that sent the request; null if Gatehouse itself caused the event
 * @param details texts, each cut to {@value #MAX_DETAIL} characters
 */
public record AuditEvent(
        AuditType type,
        @Nullable AccountId actor,
        @Nullable UserId user,
        @Nullable String username,
        @Nullable ClientInfo clientInfo,
        Map<Detail, String> details) {
    /** New usernames are shorter. Usernames from databases of the legacy service may have any length. */
    static final int MAX_USERNAME = 256;

    static final int MAX_DETAIL = 1_024;

    /**
     * The additional fields of an event.
     *
     * <p>The list is fixed, because readers of the audit log must not see passwords, hashes, tokens or keys. A new
     * field must not contain any of these.
     */
    public enum Detail {
        /** The cause of the event. */
        REASON("reason"),
        /** The value before the change. */
        FROM("from"),
        /** The value after the change. */
        TO("to"),
        /** The id of the session. */
        SESSION("session"),
        /** The id of the service. */
        SERVICE("service"),
        /** The id of the signing key. */
        KEY("kid"),
        /** The number of users for each result of an import. */
        COUNTS("counts"),
        /** Whether password hashes were included: yes or no. */
        HASHES("hashes"),
        /** An address of a mail. */
        EMAIL("email"),
        /** The type or the id of a second factor. */
        FACTOR("factor"),
        /** The method and the route of the request. */
        CALL("call");

        private final String field;

        Detail(String field) {
            this.field = field;
        }

        /** Returns the field name in the store and in responses. */
        String field() {
            return field;
        }
    }

    public AuditEvent {
        username = username == null ? null : cut(username, MAX_USERNAME);
        EnumMap<Detail, String> bounded = new EnumMap<>(Detail.class);
        details.forEach((detail, text) -> bounded.put(detail, cut(text, MAX_DETAIL)));
        details = Collections.unmodifiableMap(bounded);
    }

    /** Creates an event that a request caused. */
    public static AuditEvent of(AuditType type, ClientInfo clientInfo) {
        return new AuditEvent(type, null, null, null, clientInfo, Map.of());
    }

    /** Creates an event that the service itself caused. */
    public static AuditEvent ofService(AuditType type) {
        return new AuditEvent(type, null, null, null, null, Map.of());
    }

    /** Returns a copy with this actor. */
    public AuditEvent by(AccountId actorId) {
        return new AuditEvent(type, actorId, user, username, clientInfo, details);
    }

    /** Returns a copy with this affected user. */
    public AuditEvent on(UserId userId) {
        return new AuditEvent(type, actor, userId, username, clientInfo, details);
    }

    /** Returns a copy with this affected user. The stored name identifies the user even after the user is deleted. */
    public AuditEvent on(UserId userId, String storedName) {
        return new AuditEvent(type, actor, userId, storedName, clientInfo, details);
    }

    /** Returns a copy with one more detail, which must not be a password, hash, token or key. */
    public AuditEvent with(Detail detail, String text) {
        EnumMap<Detail, String> more = new EnumMap<>(Detail.class);
        more.putAll(details);
        more.put(detail, text);
        return new AuditEvent(type, actor, user, username, clientInfo, more);
    }

    private static String cut(String text, int length) {
        if (text.length() <= length) {
            return text;
        }
        // Half of a surrogate pair is not valid text.
        return text.substring(0, Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length);
    }
}
