/**
 * The audit log: which user did what to which user, from where and when, kept for a while and shown to administrators.
 *
 * <p>May depend on {@code identity}, {@code http}, {@code store} and {@code error}, so that every package above can
 * record events. Start reading at {@link org.gatehouse.audit.AuditLog} and {@link org.gatehouse.audit.AuditEvent}.
 */
@NullMarked
package org.gatehouse.audit;

import org.jspecify.annotations.NullMarked;
