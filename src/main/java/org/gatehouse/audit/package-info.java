/**
 * Records security events with actor, affected user, client and time, and lists them for administrators.
 *
 * <p>May depend on {@code identity}, {@code http}, {@code store}, {@code metrics} and {@code error}, but not on
 * packages that record events. Start reading at {@link org.gatehouse.audit.AuditLog} and
 * {@link org.gatehouse.audit.AuditEvent}.
 */
@NullMarked
package org.gatehouse.audit;

import org.jspecify.annotations.NullMarked;
