package org.gatehouse.migration;

import org.gatehouse.store.MongoConnection;

/** Creates the unique index on usernames for tests in other packages. */
public final class UsernameIndexes {
    private UsernameIndexes() {}

    /** Creates the index. Returns false if the index cannot be created. */
    public static boolean create(MongoConnection mongo, String collection) {
        return new UsernameIndex(mongo, collection).make();
    }
}
