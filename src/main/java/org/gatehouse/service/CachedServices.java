package org.gatehouse.service;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.cache.Generation;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.ServiceId;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.user.ServiceCaller;
import org.jspecify.annotations.Nullable;

/**
 * Reads service accounts from the cache if an entry is valid, otherwise from the store. Changes use the protocol of
 * {@link DocumentCache}: when a change has returned, all nodes use the changed account.
 */
public final class CachedServices {
    /** The prefix begins with that of sessions, because an account of Redis may be restricted to known prefixes. */
    private static final String PREFIX = "s:service";

    private final MongoServiceDao store;
    private final DocumentCache<ServiceAccount> cache;

    public CachedServices(ModuleContext context, Generation generation) {
        this.store = new MongoServiceDao(context.mongo());
        this.cache = new DocumentCache<>(
                generation,
                PREFIX,
                "services",
                context.settings().cacheExpiry(),
                ServiceDocument.codec(),
                context.metrics());
    }

    /**
     * Returns the caller of a token.
     *
     * @param scope the roles in the token; the caller has those that the account still has
     * @param epoch the number in the token
     * @param authentication when the token was issued
     * @return empty if the account is disabled or deleted, or if the token was revoked
     */
    public Optional<ServiceCaller> caller(
            ServiceId id, Set<String> scope, long epoch, Authentication authentication, ClientInfo clientInfo) {
        return find(id).filter(service -> service.allows(epoch))
                .map(service -> caller(service, scope, authentication, clientInfo));
    }

    /**
     * Returns the current roles of a caller from the store.
     *
     * @throws GatehouseException {@code SESSION_ENDED} if the caller's account was disabled or deleted meanwhile
     */
    public Set<String> currentRoles(ServiceCaller caller) {
        return store.find(caller.id())
                .filter(service -> service.allows(caller.epoch()))
                .map(service -> caller(service, caller.roles(), caller.authentication(), caller.clientInfo())
                        .roles())
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED));
    }

    static ServiceCaller caller(
            ServiceAccount service, Set<String> scope, Authentication authentication, ClientInfo clientInfo) {
        Set<String> roles = new TreeSet<>(service.roles());
        roles.retainAll(scope);
        return new ServiceCaller(service.id(), service.name(), roles, service.epoch(), authentication, clientInfo);
    }

    /** Reads an account without the cache, so that the read leaves no entry. */
    Optional<ServiceAccount> findStored(ServiceId id) {
        return store.find(id);
    }

    Optional<ServiceAccount> find(ServiceId id) {
        return cache.getAsync(id.hex(), () -> store.find(id)).get();
    }

    List<ServiceAccount> list(@Nullable ServiceId after, int limit) {
        return store.list(after, limit);
    }

    void insert(ServiceAccount service) {
        // The insert also follows the write protocol, because a client may have guessed the id, which is then cached as
        // absent.
        boolean unused = cache.write(service.id().hex(), () -> {
            store.insert(service);
            return true;
        });
    }

    Optional<ServiceAccount> update(ServiceId id, UnaryOperator<ServiceAccount> edit) {
        return cache.write(id.hex(), () -> store.update(id, edit));
    }

    /** @param check throws if the account must not be deleted */
    Optional<ServiceAccount> delete(ServiceId id, Consumer<ServiceAccount> check) {
        return cache.write(id.hex(), () -> {
            for (Optional<ServiceAccount> seen = store.find(id); seen.isPresent(); seen = store.find(id)) {
                check.accept(seen.get());
                if (store.delete(seen.get())) {
                    return seen;
                }
            }
            return Optional.empty();
        });
    }
}
