/** Contains tests that use the pages in a browser. Only the profile {@code browser} compiles and runs them. */
@NullMarked
package org.gatehouse.pages;

import org.jspecify.annotations.NullMarked;
