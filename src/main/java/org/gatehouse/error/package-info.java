/**
 * What can go wrong, as data: {@link org.gatehouse.error.ErrorCode} is the list of every failure a caller can be told
 * of, {@link org.gatehouse.error.GatehouseException} the one exception that carries one.
 *
 * <p>Knows nothing of HTTP beyond the status each code answers with, and nothing of the other rooms. Start at
 * {@code ErrorCode}.
 */
@NullMarked
package org.gatehouse.error;

import org.jspecify.annotations.NullMarked;
