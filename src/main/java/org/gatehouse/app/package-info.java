/**
 * Starts and stops the application, creates its objects, and registers its resources.
 *
 * <p>This package may depend on every package. Other packages do not depend on it. Start reading at
 * {@link org.gatehouse.app.Gatehouse}, which creates all objects.
 */
@NullMarked
package org.gatehouse.app;

import org.jspecify.annotations.NullMarked;
