package org.gatehouse.service;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.BasicCredentials;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.ServiceId;
import org.gatehouse.store.Sha256;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.user.ServiceCaller;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Authenticates services by their id and a secret.
 *
 * <p>The account is cached and the hash is fast, so services may authenticate each request. Only failures are counted
 * and recorded. A valid secret is accepted even if a quota is full, because 256 random bits cannot be guessed; other
 * clients therefore cannot lock out a service.
 */
public final class ClientAuthenticator {
    /** A service with an outdated secret fails a few times until an operator corrects it. */
    private static final Quota FAILURES = new Quota("failures", 10, Duration.ofMinutes(15));

    /** All clients of one source together. */
    private static final Quota SOURCE_FAILURES = new Quota("failures", 300, Duration.ofMinutes(5));

    /** The failures that are recorded, on all nodes together. More would only fill the audit log. */
    private static final Quota RECORDED = new Quota("recorded", 1_000, Duration.ofMinutes(1));

    /** A source with more failures than this within a minute may be trying many ids. */
    private static final int SUSPECT_FAILURES = 100;

    private static final Duration SUSPECT_WINDOW = Duration.ofMinutes(1);

    /** If more sources fail, some counts are evicted and restart at zero. */
    private static final int MAX_SOURCES = 100_000;

    private static final Logger log = LoggerFactory.getLogger(ClientAuthenticator.class);

    private final CachedServices services;
    private final Throttle throttle;
    private final AuditLog audit;
    private final Clock clock;
    private final Cache<String, AtomicInteger> recentFailures = Caffeine.newBuilder()
            .maximumSize(MAX_SOURCES)
            .expireAfterWrite(SUSPECT_WINDOW) // an entry is written only at the first failure
            .build();

    ClientAuthenticator(CachedServices services, Throttle throttle, AuditLog audit, Clock clock) {
        this.services = services;
        this.throttle = throttle;
        this.audit = audit;
        this.clock = clock;
    }

    /** The reasons for a rejection. Clients always get the same response. */
    private enum Failure {
        UNKNOWN_CLIENT,
        WRONG_SECRET,
        DISABLED;

        String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /**
     * Returns the service with these credentials, with all roles of its account.
     *
     * @throws GatehouseException {@code CLIENT_WRONG}; {@code LOGIN_THROTTLED} after too many failures;
     *     {@code STORE_UNAVAILABLE}
     */
    public ServiceCaller authenticate(BasicCredentials credentials, ClientInfo clientInfo) {
        ServiceSecret secret = ServiceSecret.parse(credentials.secret()).orElse(null);
        // A user's password never has the format of a secret, so it is not looked up.
        Optional<ServiceAccount> found = secret == null
                ? Optional.empty()
                : ServiceId.parse(credentials.id()).flatMap(id -> find(id, clientInfo.source()));
        Failure failure = failure(found.orElse(null), secret);
        if (failure != null) {
            throw rejected(failure, credentials, clientInfo);
        }
        ServiceAccount service = found.orElseThrow();
        return CachedServices.caller(service, service.roles(), Authentication.service(clock.instant()), clientInfo);
    }

    /** Reads the account. Unknown ids of a suspect must not fill Redis, so its reads leave no entries there. */
    private Optional<ServiceAccount> find(ServiceId id, String source) {
        AtomicInteger count = recentFailures.getIfPresent(source);
        boolean suspect = count != null && count.get() > SUSPECT_FAILURES;
        return suspect ? services.findStored(id) : services.find(id);
    }

    private @Nullable Failure failure(@Nullable ServiceAccount service, @Nullable ServiceSecret secret) {
        if (secret == null) {
            return Failure.WRONG_SECRET;
        }
        if (service == null) {
            return Failure.UNKNOWN_CLIENT;
        }
        if (!service.hasSecret(secret.hash(), clock.instant())) {
            return Failure.WRONG_SECRET;
        }
        return service.isActive() ? null : Failure.DISABLED;
    }

    private GatehouseException rejected(Failure failure, BasicCredentials credentials, ClientInfo clientInfo) {
        AuditEvent event = AuditEvent.of(AuditType.CLIENT_REJECTED, clientInfo).with(Detail.REASON, failure.text());
        // The id is recorded only if it has the format of one, because it may be a username or a secret.
        AuditEvent named = ServiceId.parse(credentials.id())
                .map(id -> event.with(Detail.SERVICE, id.hex()))
                .orElse(event);
        String source = clientInfo.source();
        recentFailures.get(source, first -> new AtomicInteger()).incrementAndGet();
        try {
            throttle.acquire("source:client:" + source, List.of(SOURCE_FAILURES), ErrorCode.LOGIN_THROTTLED);
            throttle.acquire(
                    "account:" + Sha256.hex("\0client " + credentials.id() + " from " + source),
                    List.of(FAILURES),
                    ErrorCode.LOGIN_THROTTLED);
        } catch (GatehouseException throttled) {
            audit.recordThrottled(named);
            return throttled;
        }
        record(named);
        return new GatehouseException(ErrorCode.CLIENT_WRONG);
    }

    private void record(AuditEvent event) {
        try {
            throttle.acquire("source:clients", List.of(RECORDED), ErrorCode.LOGIN_THROTTLED);
            audit.record(event);
        } catch (GatehouseException enough) {
            log.debug("A rejected client is not recorded, because many were recorded within a minute");
        }
    }
}
