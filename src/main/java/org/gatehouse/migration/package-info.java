/**
 * Migrates a database of the legacy service: adds the missing fields of its users, and hashes their plain-text
 * passwords.
 *
 * <p>May depend on {@code user}, {@code password} and {@code store}. Runs at startup and serves no requests. Start
 * reading at {@link org.gatehouse.migration.LegacyUserMigration}.
 */
@NullMarked
package org.gatehouse.migration;

import org.jspecify.annotations.NullMarked;
