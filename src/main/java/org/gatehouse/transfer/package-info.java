/**
 * Contains the import and export of users as newline-delimited JSON (NDJSON).
 *
 * <p>May depend on {@code user} and {@code factor}, which do not depend on this package. Start reading at
 * {@link org.gatehouse.transfer.UserImportResource}, then {@link org.gatehouse.transfer.UserImport}.
 */
@NullMarked
package org.gatehouse.transfer;

import org.jspecify.annotations.NullMarked;
