package org.gatehouse.audit;

/**
 * What more can be said of an event.
 *
 * <p>A closed list, because the log is read by people who may not know a password, a hash, a token or a key: what is
 * added here must not be able to hold one.
 */
public enum AuditDetail {
    /** Why it came to this. */
    REASON("reason"),
    /** What it was before the change. */
    FROM("from"),
    /** What it is after the change. */
    TO("to"),
    /** The id of the session concerned. */
    SESSION("session"),
    /** The id of the signing key concerned. */
    KEY("kid"),
    /** How many users it concerned, and what became of them. */
    COUNTS("counts"),
    /** Whether password hashes were in it: yes or no. */
    HASHES("hashes"),
    /** The method and the route of the call. */
    CALL("call");

    private final String field;

    AuditDetail(String field) {
        this.field = field;
    }

    /** The name under which it is stored and shown. */
    String field() {
        return field;
    }
}
