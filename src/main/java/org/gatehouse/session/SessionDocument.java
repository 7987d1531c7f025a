package org.gatehouse.session;

import com.mongodb.client.model.Projections;
import java.util.List;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.SessionId;
import org.gatehouse.store.BsonValues;
import org.jspecify.annotations.Nullable;

/** Converts between a session and its MongoDB document. The document contains only hashes of refresh tokens. */
final class SessionDocument {
    static final String ID = "_id";
    static final String USER_ID = "userId";
    static final String EPOCH = "cutoff";
    /** Absent in sessions of earlier versions, which began in epoch 0. */
    static final String GLOBAL_EPOCH = "globalEpoch";

    static final String FAMILY_HASH = "familyHash";
    static final String REFRESH_HASH = "refreshHash";
    static final String PREVIOUS_HASH = "previousHash";
    /** See {@link RefreshSuccessors}; absent if the node that stored the successor had only one key. */
    static final String SUCCESSOR_MASK = "successorMask";

    static final String ROTATED_AT = "rotatedAt";
    static final String CREATED_AT = "createdAt";
    static final String LAST_SEEN_AT = "lastSeenAt";
    static final String EXPIRES_AT = "expiresAt";
    static final String ENDED_AT = "endedAt";
    static final String IP = "ip";
    static final String USER_AGENT = "userAgent";
    static final String VERSION = "version";

    /** Present while the client has not received a refresh token, because the user must add a second factor. */
    static final String ENROLMENT = "enrolment";

    /** The time of the latest authentication; absent in sessions of earlier versions. */
    static final String AUTH_TIME = "authTime";
    /** The methods of the latest authentication; absent in sessions of earlier versions. */
    static final String AMR = "amr";

    /** The fields that the owner may see. The others are hashes, or have a meaning for the server only. */
    static final Bson EXPORTED =
            Projections.include(ID, CREATED_AT, LAST_SEEN_AT, EXPIRES_AT, ENDED_AT, IP, USER_AGENT, AUTH_TIME, AMR);

    private SessionDocument() {}

    static BsonDocument of(Session session, RefreshToken first) {
        return new BsonDocument(ID, new BsonString(session.id().text()))
                .append(USER_ID, BsonValues.id(session.userId()))
                .append(EPOCH, new BsonInt64(session.epoch()))
                .append(GLOBAL_EPOCH, new BsonInt64(session.globalEpoch()))
                .append(FAMILY_HASH, new BsonBinary(first.familyHash()))
                .append(REFRESH_HASH, new BsonBinary(first.hash()))
                .append(CREATED_AT, BsonValues.time(session.createdAt()))
                .append(LAST_SEEN_AT, BsonValues.time(session.lastSeenAt()))
                .append(EXPIRES_AT, BsonValues.time(session.expiresAt()))
                .append(IP, new BsonString(session.ip()))
                .append(USER_AGENT, new BsonString(session.userAgent()))
                .append(VERSION, new BsonInt64(1))
                .append(AUTH_TIME, BsonValues.time(session.authentication().time()))
                .append(AMR, amr(session.authentication()));
    }

    static Session read(BsonDocument document) {
        return new Session(
                new SessionId(document.getString(ID).getValue()),
                BsonValues.userId(document.getObjectId(USER_ID)),
                document.getNumber(EPOCH).longValue(),
                document.getNumber(GLOBAL_EPOCH, new BsonInt64(0)).longValue(),
                BsonValues.instant(document.getDateTime(CREATED_AT)),
                BsonValues.instant(document.getDateTime(LAST_SEEN_AT)),
                BsonValues.instant(document.getDateTime(EXPIRES_AT)),
                document.getString(IP).getValue(),
                document.getString(USER_AGENT).getValue(),
                authentication(document));
    }

    /** Returns the authentication of a session; the login with a password for a session of an earlier version. */
    private static Authentication authentication(BsonDocument document) {
        if (!document.containsKey(AUTH_TIME)) {
            return Authentication.password(BsonValues.instant(document.getDateTime(CREATED_AT)));
        }
        List<String> names = document.getArray(AMR).stream()
                .map(name -> name.asString().getValue())
                .toList();
        return Authentication.of(BsonValues.instant(document.getDateTime(AUTH_TIME)), names);
    }

    static BsonArray amr(Authentication authentication) {
        return new BsonArray(authentication.amr().stream().map(BsonString::new).toList());
    }

    static RefreshState readRefreshState(BsonDocument document) {
        return new RefreshState(
                read(document),
                document.getBinary(REFRESH_HASH).getData(),
                binary(document, PREVIOUS_HASH),
                document.containsKey(ROTATED_AT) ? BsonValues.instant(document.getDateTime(ROTATED_AT)) : null,
                binary(document, SUCCESSOR_MASK));
    }

    private static byte @Nullable [] binary(BsonDocument document, String name) {
        return document.containsKey(name) ? document.getBinary(name).getData() : null;
    }
}
