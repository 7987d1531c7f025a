package org.gatehouse.service;

import static java.util.Objects.requireNonNullElse;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.ServiceId;
import org.gatehouse.user.Caller;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.UserStatus;
import org.jspecify.annotations.Nullable;

/**
 * Creates, changes and deletes service accounts. Callers must be administrators, or own the account.
 *
 * <p>After a change has returned, the next request of the service on every node is handled under the changed account.
 */
public final class ServiceAccounts {
    private final CachedServices services;
    private final StepUp stepUp;
    private final AuditLog audit;
    private final Clock clock;
    private final SecureRandom random;

    /** An account with a secret that was just created. The secret cannot be read again. */
    record WithSecret(ServiceAccount service, ServiceSecret secret) {}

    ServiceAccounts(CachedServices services, StepUp stepUp, AuditLog audit, Clock clock, SecureRandom random) {
        this.services = services;
        this.stepUp = stepUp;
        this.audit = audit;
        this.clock = clock;
        this.random = random;
    }

    /**
     * Creates an account with one secret. This requires a recent authentication.
     *
     * @throws GatehouseException for the reasons of {@link StepUp#require(Caller)}
     */
    WithSecret create(Caller caller, ServiceInput input) {
        stepUp.require(caller);
        Instant now = clock.instant();
        ServiceSecret secret = ServiceSecret.draw(random);
        ServiceAccount service = new ServiceAccount(
                MongoServiceDao.newId(),
                requireNonNullElse(input.name(), ""),
                requireNonNullElse(input.roles(), Set.of()),
                UserStatus.ACTIVE,
                1,
                0,
                now,
                now,
                List.of(new StoredSecret(secret.hash(), now, null)));
        services.insert(service);
        record(AuditType.SERVICE_CREATED, caller, service.id(), "", describe(service));
        return new WithSecret(service, secret);
    }

    List<ServiceAccount> list(@Nullable ServiceId after, int limit) {
        return services.list(after, limit);
    }

    /** @throws GatehouseException {@code SERVICE_NOT_FOUND} */
    ServiceAccount find(String id) {
        return services.find(parse(id)).orElseThrow(ServiceAccounts::notFound);
    }

    /**
     * Changes the name, the roles or the status. Disabling an account ends all its tokens.
     *
     * @param precondition throws if the account is not in the state that the caller expects
     * @throws GatehouseException {@code SERVICE_NOT_FOUND}; if the service gets a permission, also those of
     *     {@link StepUp#require(Caller)}
     */
    ServiceAccount change(Caller caller, String id, ServiceInput input, Consumer<ServiceAccount> precondition) {
        AtomicReference<@Nullable String> before = new AtomicReference<>();
        ServiceAccount after = update(parse(id), service -> {
            precondition.accept(service);
            Set<String> roles = input.roles();
            if (roles != null && Permission.areAdded(service.roles(), roles)) {
                stepUp.require(caller);
            }
            before.set(describe(service));
            return service.with(
                    requireNonNullElse(input.name(), service.name()),
                    requireNonNullElse(input.roles(), service.roles()),
                    requireNonNullElse(input.status(), service.status()),
                    clock.instant());
        });
        String old = Objects.requireNonNull(before.get());
        if (!old.equals(describe(after))) {
            record(AuditType.SERVICE_CHANGED, caller, after.id(), old, describe(after));
        }
        return after;
    }

    /**
     * Creates another secret. The earlier secrets remain valid for the given time. With no time, they end at once,
     * together with all tokens of the account. This requires a recent authentication.
     *
     * @throws GatehouseException {@code SERVICE_NOT_FOUND}; {@code SECRET_LIMIT} if three secrets would be valid; for the
     *     reasons of {@link StepUp#require(Caller)}
     */
    WithSecret createSecret(Caller caller, String id, Duration previousLife) {
        ServiceId serviceId = find(id).id();
        stepUp.require(caller);
        ServiceSecret secret = ServiceSecret.draw(random);
        ServiceAccount after = update(serviceId, service -> {
            Instant now = clock.instant();
            ServiceAccount changed = service.withSecret(secret.hash(), now.plus(previousLife), now);
            if (changed.validSecrets(now).size() > ServiceAccount.MAX_SECRETS) {
                throw new GatehouseException(ErrorCode.SECRET_LIMIT)
                        .withHint(
                                "With previousExpiresIn 0, all earlier secrets and all tokens of the service end at once");
            }
            return changed;
        });
        audit.record(caller.auditEvent(AuditType.SERVICE_SECRET_CREATED)
                .with(Detail.SERVICE, after.id().hex()));
        return new WithSecret(after, secret);
    }

    /**
     * Ends all tokens of a service. Its secrets remain valid. Does nothing if the token has ended already.
     *
     * @param epoch the number in one of the tokens
     */
    public void endTokens(Caller caller, ServiceId id, long epoch) {
        services.update(id, service -> service.allows(epoch) ? service.withoutTokens(clock.instant()) : service)
                .filter(after -> after.epoch() == epoch + 1)
                .ifPresent(after -> audit.record(
                        caller.auditEvent(AuditType.SERVICE_TOKENS_ENDED).with(Detail.SERVICE, id.hex())));
    }

    /** @throws GatehouseException {@code SERVICE_NOT_FOUND} */
    void delete(Caller caller, String id, Consumer<ServiceAccount> precondition) {
        ServiceAccount gone = services.delete(parse(id), precondition).orElseThrow(ServiceAccounts::notFound);
        record(AuditType.SERVICE_DELETED, caller, gone.id(), describe(gone), "");
    }

    private ServiceAccount update(ServiceId id, UnaryOperator<ServiceAccount> edit) {
        return services.update(id, edit).orElseThrow(ServiceAccounts::notFound);
    }

    private void record(AuditType type, Caller caller, ServiceId id, String from, String to) {
        AuditEvent event = caller.auditEvent(type).with(Detail.SERVICE, id.hex());
        event = from.isEmpty() ? event : event.with(Detail.FROM, from);
        audit.record(to.isEmpty() ? event : event.with(Detail.TO, to));
    }

    private static String describe(ServiceAccount service) {
        return service.name() + " (" + service.status().text() + "): " + Roles.text(service.roles());
    }

    private static ServiceId parse(String id) {
        return ServiceId.parse(id).orElseThrow(ServiceAccounts::notFound);
    }

    private static GatehouseException notFound() {
        return new GatehouseException(ErrorCode.SERVICE_NOT_FOUND);
    }
}
