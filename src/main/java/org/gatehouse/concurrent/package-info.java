/**
 * Contains threads, interruptible waits, and values that are trusted for a limited time.
 *
 * <p>This package may depend on {@code error} only. Start reading at {@link org.gatehouse.concurrent.LeasedValue}.
 */
@NullMarked
package org.gatehouse.concurrent;

import org.jspecify.annotations.NullMarked;
