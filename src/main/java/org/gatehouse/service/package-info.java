/**
 * Contains the service accounts: programs that authenticate with an id and a secret (RFC 6749, section 2.3.1).
 *
 * <p>Start reading at {@link org.gatehouse.service.ServiceAccounts}.
 */
@NullMarked
package org.gatehouse.service;

import org.jspecify.annotations.NullMarked;
