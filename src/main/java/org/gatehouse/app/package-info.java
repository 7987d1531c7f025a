/**
 * The application as a whole: its start and stop, the creation of its objects, and the registration of its resources.
 *
 * <p>May depend on every package; no other package depends on it. Start reading at {@link org.gatehouse.app.Gatehouse},
 * which lists all objects like a table of contents.
 */
@NullMarked
package org.gatehouse.app;

import org.jspecify.annotations.NullMarked;
