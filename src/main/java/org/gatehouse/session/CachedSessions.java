package org.gatehouse.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Supplier;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.cache.Generation;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;
import org.gatehouse.store.ModuleContext;

/**
 * Reads live sessions from the cache if an entry is valid, otherwise from the store. {@link #end} uses the protocol of
 * {@link DocumentCache}. After {@link #end} has returned, no node returns the session.
 *
 * <p>A cached {@link LiveSession} does not contain tokens or hashes. A refresh does not use the protocol, because the
 * fields of {@link LiveSession} do not change. New sessions do not use the protocol, because a new random id cannot be
 * in the cache.
 */
public final class CachedSessions {
    private final MongoSessionDao store;
    private final DocumentCache<LiveSession> cache;
    private final GlobalEpoch globalEpoch;
    private final Clock clock;

    public CachedSessions(ModuleContext context, Generation generation) {
        this.store = new MongoSessionDao(context.mongo());
        this.cache = new DocumentCache<>(
                generation, "s", "sessions", context.settings().cacheExpiry(), new SessionCodec(), context.metrics());
        this.globalEpoch = new GlobalEpoch(context, generation);
        this.clock = context.clock();
    }

    /** Creates the indexes of the stored sessions, and the epoch of all sessions. */
    public void prepare() {
        store.createIndexes();
        globalEpoch.create();
    }

    /** Returns the store of sessions. Calls of the store bypass the cache. */
    MongoSessionDao store() {
        return store;
    }

    GlobalEpoch globalEpoch() {
        return globalEpoch;
    }

    /** Returns the session, or empty if the session is unknown or has ended. */
    Optional<LiveSession> find(SessionId id) {
        return findAsync(id).get();
    }

    /** Starts to read the session and returns immediately. The returned supplier waits for the session. */
    public Supplier<Optional<LiveSession>> findAsync(SessionId id) {
        Supplier<Optional<LiveSession>> session =
                cache.getAsync(id.text(), () -> store.findLive(id).map(Session::live));
        Supplier<SessionEpoch> epoch = globalEpoch.getAsync();
        return () -> session.get().filter(found -> epoch.get().allows(id, found.globalEpoch()));
    }

    /**
     * Returns the latest authentication in the session, read from the store; empty if the session is unknown or has
     * ended.
     */
    public Optional<Authentication> authentication(SessionId id) {
        return store.findLive(id)
                .filter(session -> globalEpoch.get().allows(id, session.globalEpoch()))
                .map(Session::authentication);
    }

    /** Ends the session on all nodes; returns false if the session is unknown, or had already ended or expired. */
    boolean end(SessionId id) {
        return cache.write(id.text(), () -> store.end(id, clock.instant()));
    }

    private static final class SessionCodec implements DocumentCache.Codec<LiveSession> {
        /** One version is enough, because the cached fields of a session never change. */
        private static final long ONLY_VERSION = 1;

        @Override
        public byte[] encode(LiveSession session) {
            ObjectNode json = Json.MAPPER.createObjectNode();
            json.put(SessionDocument.ID, session.id().text());
            json.put(SessionDocument.USER_ID, session.userId().hex());
            json.put(SessionDocument.EPOCH, session.epoch());
            json.put(SessionDocument.GLOBAL_EPOCH, session.globalEpoch());
            return Json.write(json);
        }

        @Override
        public Optional<LiveSession> decode(String id, byte[] entry) {
            try {
                JsonNode json = Json.MAPPER.readTree(entry);
                if (!json.path(SessionDocument.ID).asText().equals(id)
                        || !json.path(SessionDocument.EPOCH).isIntegralNumber()
                        || !json.path(SessionDocument.GLOBAL_EPOCH).isIntegralNumber()) {
                    return Optional.empty();
                }
                return UserId.parse(json.path(SessionDocument.USER_ID).asText())
                        .map(userId -> new LiveSession(
                                new SessionId(id),
                                userId,
                                json.path(SessionDocument.EPOCH).longValue(),
                                json.path(SessionDocument.GLOBAL_EPOCH).longValue()));
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
