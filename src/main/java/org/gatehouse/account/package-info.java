/**
 * The calls with which users prove addresses: forgotten passwords, verification, change of address and invitations. Also
 * the calls with which administrators see the queue of mails, because {@code mail} does not depend on users.
 *
 * <p>This package determines the receivers of mails, and uses the proofs in their links. It may depend on {@code user},
 * {@code mail}, {@code auth} and the packages below them, but not on {@code login} and {@code session}. Start reading at
 * {@link org.gatehouse.account.AddressService}.
 */
@NullMarked
package org.gatehouse.account;

import org.jspecify.annotations.NullMarked;
