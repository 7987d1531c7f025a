package org.gatehouse.user;

import java.time.Instant;
import java.util.Optional;

/**
 * The metadata of a user imported from another database; an empty value means that of a new user.
 *
 * @param sameId whether the id is the earlier one, in which case earlier sessions must stay ended
 * @param version at least 1
 */
public record ImportedMetadata(
        boolean sameId,
        Optional<Long> version,
        Optional<Instant> createdAt,
        Optional<Instant> updatedAt,
        Optional<Instant> lastLogin) {
    static final ImportedMetadata NONE =
            new ImportedMetadata(false, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
}
