/**
 * Contains changes of many users in one call: disable, enable, end of sessions, roles.
 *
 * <p>May depend on {@code user} and {@code session}, which do not depend on this package. Start reading at
 * {@link org.gatehouse.bulk.BulkResource}, then {@link org.gatehouse.bulk.BulkRun}.
 */
@NullMarked
package org.gatehouse.bulk;

import org.jspecify.annotations.NullMarked;
