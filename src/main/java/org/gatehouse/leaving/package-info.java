/**
 * The end of accounts by their owners: the export of one's own data, and the deletion of leaving users.
 *
 * <p>Depends on {@code user}, {@code session}, {@code factor}, {@code mail} and {@code audit}. Start with
 * {@link org.gatehouse.leaving.LeavingModule}.
 */
@NullMarked
package org.gatehouse.leaving;

import org.jspecify.annotations.NullMarked;
