/**
 * Settings: where they are read from, what type, bound and default each has, and the one message that lists all that is
 * missing or wrong.
 *
 * <p>Knows no other room; every other room receives typed values and never asks where they came from. Start at
 * {@link org.gatehouse.config.Settings}, the catalogue.
 */
@NullMarked
package org.gatehouse.config;

import org.jspecify.annotations.NullMarked;
