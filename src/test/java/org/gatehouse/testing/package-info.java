/**
 * Contains support for the tests of all packages: a clock, time limits, and an environment without settings of the
 * developer.
 */
@NullMarked
package org.gatehouse.testing;

import org.jspecify.annotations.NullMarked;
