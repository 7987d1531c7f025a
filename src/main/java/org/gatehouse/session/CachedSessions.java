package org.gatehouse.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;

/**
 * Live sessions, from the cache where an entry is valid; sessions are ended through the cache's protocol.
 *
 * <p>A cached {@link LiveSession} has no field for a token or a hash. A refresh changes none of its fields, so refreshes
 * need no protocol. Nor do new sessions, because no client can have asked for their random ids.
 */
public final class CachedSessions {
    private final MongoSessionDao store;
    private final DocumentCache<LiveSession> cache;
    private final Clock clock;

    public CachedSessions(MongoSessionDao store, DocumentCache<LiveSession> cache, Clock clock) {
        this.store = store;
        this.cache = cache;
        this.clock = clock;
    }

    /** The sessions as stored, past the cache. */
    MongoSessionDao store() {
        return store;
    }

    /** The session; empty if it is unknown or has ended. */
    Optional<LiveSession> find(SessionId id) {
        return findAsync(id).get();
    }

    /** Starts to read the session without waiting; the supplier waits. */
    public Supplier<Optional<LiveSession>> findAsync(SessionId id) {
        return cache.getAsync(id.text(), () -> store.findLive(id).map(Session::live));
    }

    /** When the login was that the session belongs to, from the store itself; empty if the session has ended. */
    public Optional<Instant> startedAt(SessionId id) {
        return store.findLive(id).map(Session::createdAt);
    }

    /** Ends the session on all nodes; false if there is no such session, or it has ended or expired before. */
    boolean end(SessionId id) {
        return cache.write(id.text(), () -> store.end(id, clock.instant()));
    }

    /** Returns the codec of cached sessions. */
    public static DocumentCache.Codec<LiveSession> codec() {
        return new SessionCodec();
    }

    private static final class SessionCodec implements DocumentCache.Codec<LiveSession> {
        /** A session has one life: what is cached of it never changes. */
        private static final long ONLY_VERSION = 1;

        @Override
        public byte[] encode(LiveSession session) {
            ObjectNode json = Json.MAPPER.createObjectNode();
            json.put(SessionDocument.ID, session.id().text());
            json.put(SessionDocument.USER_ID, session.userId().hex());
            json.put(SessionDocument.EPOCH, session.epoch());
            return Json.write(json);
        }

        @Override
        public Optional<LiveSession> decode(String id, byte[] entry) {
            try {
                JsonNode json = Json.MAPPER.readTree(entry);
                if (!json.path(SessionDocument.ID).asText().equals(id)
                        || !json.path(SessionDocument.EPOCH).isIntegralNumber()) {
                    return Optional.empty();
                }
                return UserId.parse(json.path(SessionDocument.USER_ID).asText())
                        .map(userId -> new LiveSession(
                                new SessionId(id),
                                userId,
                                json.path(SessionDocument.EPOCH).longValue()));
            } catch (IOException foreign) {
                return Optional.empty();
            }
        }

        @Override
        public long version(LiveSession session) {
            return ONLY_VERSION;
        }
    }
}
