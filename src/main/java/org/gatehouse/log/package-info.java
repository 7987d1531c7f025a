/**
 * What a line of the log looks like: text, or JSON by a setting.
 *
 * <p>Knows Logback, and nothing of what is logged. Start at {@link org.gatehouse.log.JsonLines} and
 * {@code logback.xml}.
 */
@NullMarked
package org.gatehouse.log;

import org.jspecify.annotations.NullMarked;
