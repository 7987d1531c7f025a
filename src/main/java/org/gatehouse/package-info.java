/**
 * The application as a whole: how it starts and stops, what it is made of, and everything it shows over HTTP.
 *
 * <p>Knows every room; no room knows it. Start at {@link org.gatehouse.Gatehouse}, which reads like a table of contents.
 */
@NullMarked
package org.gatehouse;

import org.jspecify.annotations.NullMarked;
