/**
 * Import and export of users as newline-delimited JSON (NDJSON).
 *
 * <p>May depend on {@code user}, which does not depend on it. Start reading at
 * {@link org.gatehouse.transfer.UserImportResource}, then {@link org.gatehouse.transfer.UserImport}.
 */
@NullMarked
package org.gatehouse.transfer;

import org.jspecify.annotations.NullMarked;
