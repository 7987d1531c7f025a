package org.gatehouse.session;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.bson.BsonBinary;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.http.TimePosition;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.session.RefreshSuccessors.Successor;
import org.gatehouse.store.BsonJson;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.jspecify.annotations.Nullable;

/**
 * Stores sessions in MongoDB.
 *
 * <p>Each change is one atomic write, and the filter of the write contains the conditions for the change. An ended
 * session remains stored until its expiry time, so that {@link #isKnown} recognizes its refresh tokens.
 */
final class MongoSessionDao {
    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> sessions;
    private final MongoCollection<BsonDocument> reads;

    public MongoSessionDao(MongoConnection mongo) {
        this.mongo = mongo;
        this.sessions = mongo.collection("sessions");
        this.reads = mongo.readOnly("sessions");
    }

    /** Creates the missing indexes; several nodes may do this at the same time. */
    public void createIndexes() {
        List<IndexModel> indexes = List.of(
                new IndexModel(Indexes.ascending(SessionDocument.FAMILY_HASH), new IndexOptions().unique(true)),
                new IndexModel(Indexes.compoundIndex(
                        Indexes.ascending(SessionDocument.USER_ID),
                        Indexes.descending(SessionDocument.CREATED_AT, SessionDocument.ID))),
                // MongoDB uses this index only to delete expired sessions. Code that depends on the expiry compares the
                // expiry time with the current time.
                new IndexModel(
                        Indexes.ascending(SessionDocument.EXPIRES_AT),
                        new IndexOptions().expireAfter(0L, TimeUnit.SECONDS)));
        mongo.ensureIndexes(sessions, indexes);
    }

    /** Returns the session even if it has expired, or empty if the session is unknown or was ended individually. */
    Optional<Session> findLive(SessionId id) {
        return first(Filters.and(byId(id), notEnded()));
    }

    /** @param refreshable whether the client receives the refresh token */
    void insert(Session session, RefreshToken first, boolean refreshable) {
        BsonDocument document = SessionDocument.of(session, first);
        if (!refreshable) {
            document.append(SessionDocument.ENROLMENT, BsonBoolean.TRUE);
        }
        mongo.call(() -> sessions.insertOne(document));
    }

    /** Stores the first refresh token that the client receives; returns false if the client has already received one. */
    boolean makeRefreshable(SessionId id, RefreshToken first, Instant now) {
        return update(
                        Filters.and(byId(id), open(now), Filters.exists(SessionDocument.ENROLMENT)),
                        Updates.combine(
                                Updates.set(SessionDocument.FAMILY_HASH, new BsonBinary(first.familyHash())),
                                Updates.set(SessionDocument.REFRESH_HASH, new BsonBinary(first.hash())),
                                Updates.unset(SessionDocument.ENROLMENT)))
                .isPresent();
    }

    /**
     * Ends the session. An expired session is also ended, because a node whose clock is behind may still accept it.
     *
     * @return false if the session is unknown, or had already ended or expired
     */
    boolean end(SessionId id, Instant now) {
        Bson end = Updates.combine(
                Updates.set(SessionDocument.ENDED_AT, BsonValues.time(now)), Updates.inc(SessionDocument.VERSION, 1L));
        FindOneAndUpdateOptions before = new FindOneAndUpdateOptions().returnDocument(ReturnDocument.BEFORE);
        return Optional.ofNullable(
                        mongo.call(() -> sessions.findOneAndUpdate(Filters.and(byId(id), notEnded()), end, before)))
                .map(SessionDocument::read)
                .filter(session -> session.expiresAt().isAfter(now))
                .isPresent();
    }

    /** Stores the latest authentication. Returns empty if the user has no such session, or it has ended or expired. */
    Optional<Session> authenticate(SessionId id, UserId userId, Authentication authentication, Instant now) {
        return update(openOf(id, userId, now), authentication(authentication));
    }

    /**
     * Adds methods to the latest authentication, whose time does not change. Returns empty if the user has no such
     * session, or it has ended or expired.
     */
    Optional<Session> addMethods(SessionId id, UserId userId, Set<Authentication.Method> methods, Instant now) {
        Bson open = openOf(id, userId, now);
        // A session of an earlier version does not contain its authentication, so it is stored first.
        Bson incomplete = Filters.and(open, Filters.exists(SessionDocument.AMR, false));
        var unused = first(incomplete).flatMap(session -> update(incomplete, authentication(session.authentication())));
        List<BsonString> names =
                methods.stream().map(method -> new BsonString(method.text())).toList();
        return update(open, Updates.addEachToSet(SessionDocument.AMR, names));
    }

    private static Bson openOf(SessionId id, UserId userId, Instant now) {
        return Filters.and(byId(id), Filters.eq(SessionDocument.USER_ID, BsonValues.id(userId)), open(now));
    }

    private static Bson authentication(Authentication authentication) {
        return Updates.combine(
                Updates.set(SessionDocument.AUTH_TIME, BsonValues.time(authentication.time())),
                Updates.set(SessionDocument.AMR, SessionDocument.amr(authentication)));
    }

    private Optional<Session> update(Bson filter, Bson change) {
        FindOneAndUpdateOptions after = new FindOneAndUpdateOptions().returnDocument(ReturnDocument.AFTER);
        return Optional.ofNullable(mongo.call(() -> sessions.findOneAndUpdate(filter, change, after)))
                .map(SessionDocument::read);
    }

    /** Returns the session of a current or earlier refresh token, or empty if the session has ended or expired. */
    Optional<RefreshState> findOpen(RefreshToken token, Instant now) {
        return mongo.findLinearizable(reads, Filters.and(byFamily(token), open(now)))
                .map(SessionDocument::readRefreshState);
    }

    /** Returns whether this is a current or earlier refresh token of a stored session. */
    boolean isKnown(RefreshToken token) {
        return first(byFamily(token)).isPresent();
    }

    /** Replaces the token with its successor. Returns empty if the session has changed or ended since it was read. */
    Optional<Session> rotate(RefreshToken token, Successor successor, RefreshState read, Instant now, Instant expiry) {
        return replace(
                read,
                successor,
                now,
                Updates.set(SessionDocument.PREVIOUS_HASH, new BsonBinary(token.hash())),
                Updates.set(SessionDocument.ROTATED_AT, BsonValues.time(now)),
                Updates.set(SessionDocument.LAST_SEEN_AT, BsonValues.time(now)),
                Updates.set(SessionDocument.EXPIRES_AT, BsonValues.time(expiry)));
    }

    /** Replaces a successor that a client may already have; keeps the time of the previous token's first use. */
    Optional<Session> replaceSuccessor(Successor successor, RefreshState read, Instant now) {
        return replace(read, successor, now);
    }

    /** Changes the session only if its current refresh token has not changed since the session was read. */
    private Optional<Session> replace(RefreshState read, Successor successor, Instant now, Bson... more) {
        List<Bson> changes = new ArrayList<>(List.of(more));
        changes.add(Updates.set(
                SessionDocument.REFRESH_HASH, new BsonBinary(successor.token().hash())));
        byte[] mask = successor.mask();
        changes.add(
                mask == null
                        ? Updates.unset(SessionDocument.SUCCESSOR_MASK)
                        : Updates.set(SessionDocument.SUCCESSOR_MASK, new BsonBinary(mask)));
        Bson unchanged = Filters.and(
                byId(read.session().id()),
                open(now),
                Filters.eq(SessionDocument.REFRESH_HASH, new BsonBinary(read.current())));
        return update(unchanged, Updates.combine(changes));
    }

    /** Returns a user's valid sessions, latest first, beginning after the given position. */
    List<Session> list(
            UserId userId,
            SessionEpoch epoch,
            SessionEpoch global,
            Instant now,
            @Nullable TimePosition after,
            int limit) {
        List<Bson> filters = new ArrayList<>(live(userId, epoch, global, now));
        if (after != null) {
            filters.add(BsonValues.before(
                    SessionDocument.CREATED_AT, after.time(), SessionDocument.ID, new BsonString(after.id())));
        }
        List<BsonDocument> found = mongo.call(() -> reads.find(Filters.and(filters))
                .sort(Sorts.descending(SessionDocument.CREATED_AT, SessionDocument.ID))
                .limit(limit)
                .into(new ArrayList<>()));
        return found.stream().map(SessionDocument::read).toList();
    }

    /** See {@link SessionService#exported}. */
    List<ObjectNode> exported(UserId userId, @Nullable ObjectNode last, int limit) {
        List<Bson> filters = new ArrayList<>(List.of(Filters.eq(SessionDocument.USER_ID, BsonValues.id(userId))));
        if (last != null) {
            filters.add(BsonValues.before(
                    SessionDocument.CREATED_AT,
                    Instant.parse(last.path(SessionDocument.CREATED_AT).textValue()),
                    SessionDocument.ID,
                    new BsonString(last.path(SessionDocument.ID).textValue())));
        }
        List<BsonDocument> found = mongo.call(() -> reads.find(Filters.and(filters))
                .projection(SessionDocument.EXPORTED)
                .sort(Sorts.descending(SessionDocument.CREATED_AT, SessionDocument.ID))
                .limit(limit)
                .into(new ArrayList<>()));
        return found.stream()
                .map(document -> (ObjectNode) BsonJson.toJson(document))
                .toList();
    }

    /** Returns the number of a user's valid sessions. */
    long count(UserId userId, SessionEpoch epoch, SessionEpoch global, Instant now) {
        return mongo.call(() -> reads.countDocuments(Filters.and(live(userId, epoch, global, now))));
    }

    /** Returns whether the user has a valid session that began before this time with this {@code User-Agent}. */
    boolean hasEarlier(UserId userId, SessionEpoch epoch, SessionEpoch global, String userAgent, Instant now) {
        List<Bson> filters = live(userId, epoch, global, now);
        filters.add(Filters.lt(SessionDocument.CREATED_AT, BsonValues.time(now)));
        filters.add(Filters.eq(SessionDocument.USER_AGENT, new BsonString(userAgent)));
        Bson id = Projections.include(SessionDocument.ID);
        return mongo.call(() -> reads.find(Filters.and(filters))
                                .projection(id)
                                .limit(1)
                                .into(new ArrayList<>()))
                        .size()
                > 0;
    }

    private static List<Bson> live(UserId userId, SessionEpoch epoch, SessionEpoch global, Instant now) {
        List<Bson> filters = new ArrayList<>(List.of(
                Filters.eq(SessionDocument.USER_ID, BsonValues.id(userId)),
                open(now),
                allowed(SessionDocument.EPOCH, epoch)));
        if (global.number() > 0) { // a session without the field began in epoch 0
            filters.add(allowed(SessionDocument.GLOBAL_EPOCH, global));
        }
        return filters;
    }

    private static Bson allowed(String field, SessionEpoch epoch) {
        Bson allowed = Filters.gte(field, epoch.number());
        return epoch.exempt() == null ? allowed : Filters.or(allowed, byId(epoch.exempt()));
    }

    private Optional<Session> first(Bson filter) {
        return mongo.findLinearizable(reads, filter).map(SessionDocument::read);
    }

    private static Bson byId(SessionId id) {
        return Filters.eq(SessionDocument.ID, new BsonString(id.text()));
    }

    private static Bson byFamily(RefreshToken token) {
        return Filters.eq(SessionDocument.FAMILY_HASH, new BsonBinary(token.familyHash()));
    }

    private static Bson notEnded() {
        return Filters.exists(SessionDocument.ENDED_AT, false);
    }

    private static Bson open(Instant now) {
        return Filters.and(notEnded(), Filters.gt(SessionDocument.EXPIRES_AT, BsonValues.time(now)));
    }
}
