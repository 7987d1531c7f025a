/**
 * The settings: their sources, types, bounds and defaults, and the message that lists all missing and invalid ones.
 *
 * <p>Depends on no other package; other packages receive typed values and do not know their source. Start at
 * {@link org.gatehouse.config.Settings}, the catalog.
 */
@NullMarked
package org.gatehouse.config;

import org.jspecify.annotations.NullMarked;
