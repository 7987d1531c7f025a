/**
 * Contains the failures that are reported to callers. {@link org.gatehouse.error.ErrorCode} lists all failures, and
 * {@link org.gatehouse.error.GatehouseException} reports one failure.
 *
 * <p>This package does not depend on other packages. Only the status codes refer to HTTP. Start reading at
 * {@code ErrorCode}.
 */
@NullMarked
package org.gatehouse.error;

import org.jspecify.annotations.NullMarked;
