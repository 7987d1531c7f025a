/**
 * Contains the second factors of users: TOTP devices, recovery codes and passkeys.
 *
 * <p>May depend on {@code user}, {@code mail}, {@code throttle}, {@code key}, {@code audit} and {@code store}, but not on
 * {@code login}, {@code account} and {@code transfer}, which use this package. Start reading at
 * {@link org.gatehouse.factor.SecondFactor}, then {@link org.gatehouse.factor.FactorService}.
 */
@NullMarked
package org.gatehouse.factor;

import org.jspecify.annotations.NullMarked;
