package org.gatehouse.user;

import org.bson.BsonDocument;

/** Data of another package for the document of a new user, below {@link UserDocument#SERVER_DATA}. */
public final class ServerDataDocument {
    /** No data. */
    public static final ServerDataDocument NONE = new ServerDataDocument(new BsonDocument());

    private final BsonDocument data;

    /** @param data the fields with their names below {@link UserDocument#SERVER_DATA} */
    public ServerDataDocument(BsonDocument data) {
        this.data = data.clone();
    }

    BsonDocument data() {
        return data;
    }

    @Override
    public String toString() {
        return "ServerDataDocument[REDACTED]";
    }
}
