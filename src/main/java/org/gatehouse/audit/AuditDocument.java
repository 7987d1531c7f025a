package org.gatehouse.audit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.types.ObjectId;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonJson;
import org.gatehouse.store.BsonValues;

/**
 * Converts audit events to MongoDB documents, and documents to the JSON of responses. The JSON has all fields of the
 * document except {@link #USERS} and {@link #EXPIRES_AT}.
 *
 * <p>Documents are not parsed into events, so that nodes can return entries that a newer version of Gatehouse wrote.
 */
final class AuditDocument {
    static final String ID = "_id";
    static final String TYPE = "type";
    static final String AT = "at";

    /** The actor and the affected user in one array, so that one index finds all entries about a user. */
    static final String USERS = "users";

    static final String EXPIRES_AT = "expiresAt";

    private static final String ACTOR = "actor";
    private static final String USER = "user";
    private static final String USERNAME = "username";
    private static final String ADDRESS = "address";
    private static final String USER_AGENT = "userAgent";
    private static final String REQUEST_ID = "requestId";
    private static final String DETAILS = "details";

    private static final List<String> CLIENT = List.of(ADDRESS, USER_AGENT, REQUEST_ID);

    private AuditDocument() {}

    /** Returns a new entry with a new id. */
    static BsonDocument of(AuditEvent event, Instant at, Instant expiresAt) {
        BsonDocument document = new BsonDocument(ID, BsonValues.newId());
        document.putAll(facts(event, at));
        List<BsonObjectId> users = Stream.of(event.actor(), event.user())
                .filter(Objects::nonNull)
                .distinct()
                .map(BsonValues::id)
                .toList();
        document.put(USERS, new BsonArray(users));
        document.put(EXPIRES_AT, BsonValues.time(expiresAt));
        return document;
    }

    /** Returns a stored entry as JSON. */
    static ObjectNode json(BsonDocument document) {
        ObjectNode json = (ObjectNode) BsonJson.toJson(document);
        return json.without(Set.of(USERS, EXPIRES_AT));
    }

    /**
     * Returns a stored entry for the export of a user, without the data of other people: the client of an actor who is not
     * proved to be this user, such as in a failed login, and the name and the details of another affected user.
     */
    static ObjectNode exported(BsonDocument document, UserId user) {
        ObjectNode json = json(document);
        if (!json.path(ACTOR).asText().equals(user.hex())) {
            json.remove(CLIENT);
        }
        if (json.has(USER) && !json.path(USER).asText().equals(user.hex())) {
            json.remove(List.of(USERNAME, DETAILS));
        }
        return json;
    }

    /** Returns the JSON of an event that is not stored. The JSON has the fields of an entry except the id. */
    static ObjectNode json(AuditEvent event, Instant at) {
        return json(facts(event, at));
    }

    /** Returns whether the text is a valid entry id. */
    static boolean isId(String text) {
        return ObjectId.isValid(text);
    }

    private static BsonDocument facts(AuditEvent event, Instant at) {
        BsonDocument facts = new BsonDocument(TYPE, new BsonString(event.type().name()));
        facts.put(AT, BsonValues.time(at));
        if (event.actor() != null) {
            facts.put(ACTOR, BsonValues.id(event.actor()));
        }
        if (event.user() != null) {
            facts.put(USER, BsonValues.id(event.user()));
        }
        if (event.username() != null) {
            facts.put(USERNAME, new BsonString(event.username()));
        }
        ClientInfo clientInfo = event.clientInfo();
        if (clientInfo != null) {
            facts.put(ADDRESS, new BsonString(clientInfo.address()));
            facts.put(USER_AGENT, new BsonString(clientInfo.userAgent()));
            facts.put(REQUEST_ID, new BsonString(clientInfo.requestId()));
        }
        if (!event.details().isEmpty()) {
            BsonDocument details = new BsonDocument();
            event.details().forEach((detail, text) -> details.put(detail.field(), new BsonString(text)));
            facts.put(DETAILS, details);
        }
        return facts;
    }
}
