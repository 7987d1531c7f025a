/**
 * The format of the log: text or JSON, and records of {@code java.util.logging}.
 *
 * <p>Depends on Logback, and on nothing that logs. Start at {@link org.gatehouse.log.JsonLogEncoder} and
 * {@code logback.xml}.
 */
@NullMarked
package org.gatehouse.log;

import org.jspecify.annotations.NullMarked;
