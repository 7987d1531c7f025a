package org.gatehouse.store;

import java.util.List;
import org.bson.BsonDateTime;
import org.bson.Document;
import org.bson.types.ObjectId;

/**
 * Creates users in the format in which the application stores them. Tests use this class if the creation over HTTP
 * would take too long.
 */
public final class StoredUsers {
    private StoredUsers() {}

    /** Returns a user without custom fields. The username must be in its canonical form. */
    public static Document document(ObjectId id, String name, BsonDateTime created) {
        return new Document("_id", id)
                .append("username", name)
                .append("usernameKey", name)
                .append("roles", List.of("user"))
                .append("status", "active")
                .append("version", 1L)
                .append("createdAt", created)
                .append("updatedAt", created);
    }
}
