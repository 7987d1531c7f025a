/**
 * Shows operators what they need to help: one user with all details and the reasons why a login
 * may fail, and the settings of a node.
 *
 * <p>This package may depend on all packages that own the data, and only {@code app} depends on it. Start reading at
 * {@link org.gatehouse.overview.UserOverview} and {@link org.gatehouse.overview.LoginDiagnosis}.
 */
@NullMarked
package org.gatehouse.overview;

import org.jspecify.annotations.NullMarked;
