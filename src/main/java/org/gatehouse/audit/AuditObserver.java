package org.gatehouse.audit;

/** Is told of every event, also of one that cannot be stored, or of which there are too many; must be quick. */
public interface AuditObserver {
    AuditObserver NONE = event -> {};

    void happened(AuditEvent event);
}
