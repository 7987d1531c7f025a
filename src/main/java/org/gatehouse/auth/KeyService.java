package org.gatehouse.auth;

import java.util.List;
import org.gatehouse.audit.AuditDetail;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.user.Caller;

/** What an administrator may do with the signing keys. */
public final class KeyService {
    private final KeyRing keys;
    private final AuditLog audit;

    public KeyService(KeyRing keys, AuditLog audit) {
        this.keys = keys;
        this.audit = audit;
    }

    /** All keys, newest first. */
    List<KeyInfo> list() {
        return keys.list();
    }

    /** Publishes a new key now, which signs after the lead. */
    KeyInfo rotate(Caller caller) {
        KeyInfo made = keys.rotate();
        record(AuditType.KEY_ROTATED, caller, made.id());
        return made;
    }

    /** Has every node refuse a key, and every token signed with it, before it returns; takes a little over 2 s. */
    void revoke(String keyId, Caller caller) {
        keys.revoke(keyId);
        record(AuditType.KEY_REVOKED, caller, keyId);
    }

    private void record(AuditType type, Caller caller, String keyId) {
        audit.record(AuditEvent.of(type, caller.origin()).by(caller.userId()).with(AuditDetail.KEY, keyId));
    }
}
