package org.gatehouse.user;

import java.time.Instant;
import org.gatehouse.identity.EmailAddress;
import org.jspecify.annotations.Nullable;

/**
 * The user that a valid proof belongs to.
 *
 * @param address the address that received the proof
 * @param verifiedAt when the address was verified before a change; null for all purposes except {@code UNDO}
 */
public record ProvenUser(
        User user, EmailAddress address, @Nullable Instant verifiedAt) {}
