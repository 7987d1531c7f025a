package org.gatehouse.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.cache.Generation;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.json.Json;
import org.gatehouse.store.ModuleContext;
import org.jspecify.annotations.Nullable;

/**
 * The epoch of the sessions of all users. The next epoch ends every session at once, whatever the number of sessions
 * is, because one number changes. The epoch is cached like a session.
 */
final class GlobalEpoch {
    /** The prefix begins with that of sessions, because an account of Redis may be restricted to known prefixes. */
    private static final String PREFIX = "s:epoch";

    private static final String ID = "all";

    /** Long, because every request needs the entry. If it expired while MongoDB is unavailable, none would succeed. */
    private static final Duration ENTRY_LIFE = Duration.ofDays(30);

    private static final String NUMBER = "number";
    private static final String EXEMPT = "exempt";

    private final MongoSessionEpochDao store;
    private final DocumentCache<SessionEpoch> cache;
    private final Clock clock;

    GlobalEpoch(ModuleContext context, Generation generation) {
        this.store = new MongoSessionEpochDao(context.mongo());
        this.clock = context.clock();
        this.cache = new DocumentCache<>(
                generation, PREFIX, "session_epoch", ENTRY_LIFE, new EpochCodec(), context.metrics());
    }

    void create() {
        store.create();
    }

    SessionEpoch get() {
        return getAsync().get();
    }

    /** Starts to read the epoch and returns immediately. The returned supplier waits for the epoch. */
    Supplier<SessionEpoch> getAsync() {
        Supplier<Optional<SessionEpoch>> pending = cache.getAsync(ID, store::find);
        return () -> pending.get().orElse(SessionEpoch.FIRST);
    }

    /**
     * Ends the sessions of all users. When this method returns, all nodes reject the tokens of those sessions.
     *
     * @param exempt the session that remains valid, if any
     * @param isLive whether the exempt session is still valid in an epoch; otherwise the exemption would revive it
     * @throws GatehouseException {@code SESSION_ENDED} if the exempt session has ended meanwhile
     */
    void advance(@Nullable SessionId exempt, Predicate<SessionEpoch> isLive) {
        boolean unused = cache.write(ID, () -> {
            while (true) {
                SessionEpoch current = find();
                if (exempt != null && !isLive.test(current)) {
                    throw new GatehouseException(ErrorCode.SESSION_ENDED);
                }
                // The time keeps the number above those of all stored sessions, even after a restored backup.
                long next = Math.max(current.number() + 1, clock.millis());
                if (store.replace(current, next, exempt)) {
                    return true;
                }
                // Retry, because another request has advanced the epoch.
            }
        });
    }

    private SessionEpoch find() {
        Optional<SessionEpoch> found = store.find();
        if (found.isEmpty()) { // an operator has deleted the document
            store.create();
        }
        return found.orElse(SessionEpoch.FIRST);
    }

    private static final class EpochCodec implements DocumentCache.Codec<SessionEpoch> {
        @Override
        public byte[] encode(SessionEpoch epoch) {
            ObjectNode json = Json.MAPPER.createObjectNode();
            json.put(NUMBER, epoch.number());
            SessionId exempt = epoch.exempt();
            if (exempt != null) {
                json.put(EXEMPT, exempt.text());
            }
            return Json.write(json);
        }

        @Override
        public Optional<SessionEpoch> decode(String id, byte[] entry) {
            try {
                JsonNode json = Json.MAPPER.readTree(entry);
                String exempt = json.path(EXEMPT).textValue();
                return json.path(NUMBER).isIntegralNumber()
                        ? Optional.of(new SessionEpoch(
                                json.path(NUMBER).longValue(), exempt == null ? null : new SessionId(exempt)))
                        : Optional.empty();
            } catch (IOException | RuntimeException foreign) {
                return Optional.empty();
            }
        }

        @Override
        public long version(SessionEpoch epoch) {
            return epoch.number();
        }
    }
}
