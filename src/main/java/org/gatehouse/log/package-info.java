/**
 * Contains the formats of the log (text and JSON), and the bridge from {@code java.util.logging}.
 *
 * <p>This package may depend on {@code json} and Logback. Start reading at {@link org.gatehouse.log.LogConfigurator}.
 */
@NullMarked
package org.gatehouse.log;

import org.jspecify.annotations.NullMarked;
