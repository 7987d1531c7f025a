/**
 * The failures that are reported to callers: {@link org.gatehouse.error.ErrorCode} lists all of them, and
 * {@link org.gatehouse.error.GatehouseException} reports one of them.
 *
 * <p>Depends on no other package, and on nothing of HTTP except the status codes. Start at {@code ErrorCode}.
 */
@NullMarked
package org.gatehouse.error;

import org.jspecify.annotations.NullMarked;
