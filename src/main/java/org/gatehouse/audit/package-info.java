/**
 * The audit log: who did what to whom, from where and when, kept for a while and shown to administrators.
 *
 * <p>Knows the store and what HTTP says of a request's origin; users and keys are ids in text here, so that every room
 * may record. Start at {@link org.gatehouse.audit.AuditLog} and {@link org.gatehouse.audit.AuditEvent}.
 */
@NullMarked
package org.gatehouse.audit;

import org.jspecify.annotations.NullMarked;
