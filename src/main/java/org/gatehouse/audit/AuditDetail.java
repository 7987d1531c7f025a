package org.gatehouse.audit;

/**
 * The additional fields of an audit event.
 *
 * <p>The list is closed, because readers of the audit log may not see passwords, hashes, tokens or keys. A new constant
 * must not be able to hold one.
 */
public enum AuditDetail {
    /** The cause of the event. */
    REASON("reason"),
    /** The value before the change. */
    FROM("from"),
    /** The value after the change. */
    TO("to"),
    /** The id of the session. */
    SESSION("session"),
    /** The id of the signing key. */
    KEY("kid"),
    /** The number of users for each result. */
    COUNTS("counts"),
    /** Whether password hashes were included: yes or no. */
    HASHES("hashes"),
    /** The method and the route of the request. */
    CALL("call");

    private final String field;

    AuditDetail(String field) {
        this.field = field;
    }

    /** Returns the field name in the store and in responses. */
    String field() {
        return field;
    }
}
