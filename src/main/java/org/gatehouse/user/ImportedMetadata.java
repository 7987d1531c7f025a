package org.gatehouse.user;

import java.time.Instant;
import java.util.Optional;

/**
 * What a user brings along from the database it comes from; what is empty is as of a new user.
 *
 * @param sameId whether the id is the one of before: then sessions of before must not count again
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
