/**
 * Contains the settings: sources, types, bounds and defaults, and the message that lists missing and invalid settings.
 *
 * <p>This package may depend on {@code identity} only. Other packages receive typed values without their source. Start
 * reading at {@link org.gatehouse.config.Settings}, the catalog.
 */
@NullMarked
package org.gatehouse.config;

import org.jspecify.annotations.NullMarked;
