package org.gatehouse;

import com.github.benmanes.caffeine.cache.Ticker;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditResource;
import org.gatehouse.audit.MongoAuditDao;
import org.gatehouse.audit.RejectionAudit;
import org.gatehouse.auth.AuthenticationFilter;
import org.gatehouse.auth.Authenticator;
import org.gatehouse.auth.IntrospectionResource;
import org.gatehouse.auth.TokenIssuer;
import org.gatehouse.auth.TokenVerifier;
import org.gatehouse.auth.VerificationBulkhead;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.cache.Generation;
import org.gatehouse.config.Settings;
import org.gatehouse.docs.OpenApiResource;
import org.gatehouse.docs.RootResource;
import org.gatehouse.docs.SwaggerUiResource;
import org.gatehouse.health.Dependency;
import org.gatehouse.health.Health;
import org.gatehouse.health.HealthResource;
import org.gatehouse.health.MetricsResource;
import org.gatehouse.http.AccessLog;
import org.gatehouse.http.BodySpool;
import org.gatehouse.http.ClientInfoFilter;
import org.gatehouse.http.ContainerErrors;
import org.gatehouse.http.Cors;
import org.gatehouse.http.KnownPaths;
import org.gatehouse.http.RequestId;
import org.gatehouse.http.ResponseHeaders;
import org.gatehouse.http.StartupFilter;
import org.gatehouse.http.TrustedProxies;
import org.gatehouse.identity.Roles;
import org.gatehouse.key.JwksResource;
import org.gatehouse.key.KeyResource;
import org.gatehouse.key.KeySchedule;
import org.gatehouse.key.RotatingKeys;
import org.gatehouse.key.SharedSecretKeys;
import org.gatehouse.key.SigningKeys;
import org.gatehouse.login.LoginRecorder;
import org.gatehouse.login.LoginResource;
import org.gatehouse.login.LoginService;
import org.gatehouse.login.LoginThrottle;
import org.gatehouse.login.LogoutResource;
import org.gatehouse.login.PasswordReauthentication;
import org.gatehouse.login.PasswordResource;
import org.gatehouse.login.PasswordService;
import org.gatehouse.login.ThrottleResource;
import org.gatehouse.login.TokenResource;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.migration.LegacyPasswordMigration;
import org.gatehouse.migration.LegacyUserMigration;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.session.LiveSession;
import org.gatehouse.session.MongoSessionDao;
import org.gatehouse.session.RefreshSuccessors;
import org.gatehouse.session.SessionLimits;
import org.gatehouse.session.SessionResource;
import org.gatehouse.session.SessionService;
import org.gatehouse.session.UserSessionResource;
import org.gatehouse.store.KeyedHash;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.MongoLock;
import org.gatehouse.store.RedisConnection;
import org.gatehouse.store.StoredFormat;
import org.gatehouse.store.SupportedServer;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.transfer.UserExport;
import org.gatehouse.transfer.UserExportResource;
import org.gatehouse.transfer.UserImport;
import org.gatehouse.transfer.UserImportResource;
import org.gatehouse.user.AdministratorReset;
import org.gatehouse.user.CachedUserDao;
import org.gatehouse.user.Caller;
import org.gatehouse.user.FirstAdministrator;
import org.gatehouse.user.IdempotencyStore;
import org.gatehouse.user.IdempotentCreation;
import org.gatehouse.user.MongoUserDao;
import org.gatehouse.user.RegistrationThrottle;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserJson;
import org.gatehouse.user.UserRegistrar;
import org.gatehouse.user.UserResource;
import org.gatehouse.user.UserService;
import org.gatehouse.user.UsernameChangeThrottle;

/** Creates every object of the application, in the order of their dependencies, and stops all of them. */
final class Gatehouse implements AutoCloseable {
    final AccessLog accessLog;
    final KnownPaths paths;
    final RejectionAudit rejections;
    final RequestId requestIds;
    final Cors cors;
    final ResponseHeaders responseHeaders;
    final ContainerErrors containerErrors;
    final ClientInfoFilter clientInfoFilter;
    final StartupFilter startupFilter;
    final AuthenticationFilter authentication;

    /** The HTTP resources. */
    final List<Object> resources;

    private final PasswordHasher hasher;
    private final BodySpool importBodies;
    private final UserImport imports;
    private final MongoConnection mongo;
    private final RedisConnection redis;
    private final Generation generation;
    private final SigningKeys keys;
    private final Health health;
    private final LegacyPasswordMigration passwordMigration;
    final Startup startup;

    /** The objects that a test may replace or observe. */
    record Parts(Metrics metrics, Clock clock, PasswordHasher hasher, KeySchedule keySchedule, MongoConnection mongo) {
        Parts {
            clock = Clock.tick(clock, Duration.ofMillis(1)); // because MongoDB stores times in milliseconds
        }

        static Parts of(Settings settings) {
            int cores = Runtime.getRuntime().availableProcessors();
            Metrics metrics = new Metrics();
            return new Parts(
                    metrics,
                    Clock.systemUTC(),
                    new PasswordHasher(settings.argon2MemoryKib(), settings.argon2Iterations(), cores, metrics),
                    KeySchedule.every(settings.authKeyRotation(), settings.authExpiry()),
                    new MongoConnection(settings.mongoUri(), settings.databaseName(), metrics));
        }
    }

    /** @param administratorCreated receives the name of the first administrator if this start creates one */
    Gatehouse(Settings settings, Consumer<String> administratorCreated) {
        this(settings, Parts.of(settings), administratorCreated);
    }

    Gatehouse(Settings settings, Parts parts, Consumer<String> administratorCreated) {
        Clock clock = parts.clock();
        SecureRandom random = new SecureRandom();
        hasher = parts.hasher();

        PasswordPolicy policy = new PasswordPolicy(settings.passwordMinLength());
        Optional<FirstAdministrator> administrator =
                settings.firstAdministrator().map(account -> FirstAdministrator.of(account, administratorCreated));

        Metrics metrics = parts.metrics();
        mongo = parts.mongo();
        redis = new RedisConnection(settings.redis(), metrics);
        generation = new Generation(mongo, redis, settings.readingWithoutStore(), random, metrics);
        DocumentCache<User> userCache =
                new DocumentCache<>(generation, "u", "users", settings.cacheExpiry(), UserJson.codec(), metrics);
        DocumentCache<LiveSession> sessionCache = new DocumentCache<>(
                generation, "s", "sessions", settings.cacheExpiry(), CachedSessions.codec(), metrics);

        MongoAuditDao auditEntries = new MongoAuditDao(mongo);
        AuditLog audit = new AuditLog(auditEntries, settings.auditKept(), clock, Ticker.systemTicker(), metrics);

        keys = signingKeys(settings, parts);
        TokenIssuer issuer =
                new TokenIssuer(keys, settings.authIssuer(), settings.authAudience(), settings.authExpiry(), clock);
        VerificationBulkhead lanes =
                new VerificationBulkhead(Runtime.getRuntime().availableProcessors(), Ticker.systemTicker());
        TokenVerifier verifier = new TokenVerifier(keys, settings.authIssuer(), settings.authAudience(), clock, lanes);

        MongoUserDao storedUsers = new MongoUserDao(mongo, settings.usersCollection(), clock);
        UserDao users = new CachedUserDao(storedUsers, userCache);
        MongoLock administration = new MongoLock(mongo, "administration", clock);
        Throttle throttle = new Throttle(redis, clock);
        LoginThrottle loginThrottle = new LoginThrottle(throttle);
        IdempotencyStore idempotencyKeys = new IdempotencyStore(mongo, clock);
        IdempotentCreation once = new IdempotentCreation(
                idempotencyKeys, new KeyedHash(settings.authKey(), settings.authKeyPrevious(), "idempotency keys"));
        MongoSessionDao storedSessions = new MongoSessionDao(mongo);
        CachedSessions sessions = new CachedSessions(storedSessions, sessionCache, clock);
        PasswordReauthentication reauthentication =
                new PasswordReauthentication(users, sessions, hasher, loginThrottle, clock);
        UserService userService = new UserService(
                users, hasher, administration, reauthentication, new UsernameChangeThrottle(throttle), audit);
        RegistrationThrottle registrations = settings.registrationOpen() ? new RegistrationThrottle(throttle) : null;
        UserRegistrar registrar = new UserRegistrar(users, hasher, policy, registrations, once, audit);
        AdministratorReset administratorReset =
                new AdministratorReset(users, hasher, administration, loginThrottle::clear, audit);

        SessionLimits sessionLimits = new SessionLimits(settings.refreshIdle(), settings.refreshMax());
        RefreshSuccessors successors = new RefreshSuccessors(settings.authKey(), settings.authKeyPrevious());
        SessionService sessionService =
                new SessionService(sessions, userService, successors, sessionLimits, audit, clock, random);
        Authenticator authenticator = new Authenticator(verifier, sessions, users, hasher::recordRequest);

        Predicate<Caller> stillAdministrator = caller -> authenticator.isStillAuthorized(caller, Roles.ADMIN);
        importBodies = new BodySpool(Path.of(System.getProperty("java.io.tmpdir")), settings.importMaxBytes());
        imports = new UserImport(users, hasher, policy, audit, stillAdministrator);
        UserExport exports = new UserExport(users, audit, stillAdministrator);

        LoginRecorder loginRecorder = new LoginRecorder(audit, metrics);
        LoginService loginService =
                new LoginService(users, sessionService, hasher, loginThrottle, issuer, loginRecorder, clock);
        PasswordService passwordService = new PasswordService(userService, policy, reauthentication, audit);

        requestIds = new RequestId(random);
        cors = new Cors(settings.corsOrigins());
        responseHeaders = new ResponseHeaders(cors);
        startupFilter = new StartupFilter();
        clientInfoFilter = new ClientInfoFilter(new TrustedProxies(settings.trustedProxies()));
        authentication = new AuthenticationFilter(authenticator, settings.registrationOpen());

        health = new Health(
                this::pendingStart,
                Map.of(
                        Dependency.MONGODB, () -> mongo.requireAvailable(Health.probeTimeout()),
                        Dependency.REDIS, () -> redis.requireAvailable(Health.probeTimeout()),
                        Dependency.SIGNING_KEYS, keys::requireUsable),
                metrics);

        resources = List.of(
                new LoginResource(loginService),
                new TokenResource(loginService),
                new LogoutResource(sessionService, authenticator),
                new IntrospectionResource(authenticator, settings.authIssuer(), settings.authAudience()),
                new SessionResource(sessionService),
                new UserResource(userService, registrar),
                new UserImportResource(importBodies, imports),
                new UserExportResource(exports),
                new PasswordResource(passwordService),
                new UserSessionResource(sessionService),
                new ThrottleResource(userService, loginThrottle, audit),
                new KeyResource(keys, audit),
                new JwksResource(keys, parts.keySchedule().maxAge()),
                new AuditResource(audit),
                new HealthResource(health),
                new MetricsResource(metrics, settings.metricsToken()),
                new OpenApiResource(),
                new SwaggerUiResource(),
                new RootResource());
        rejections = new RejectionAudit(audit);
        paths = new KnownPaths(resources.stream().map(Object::getClass).toList());
        accessLog = new AccessLog(metrics, paths);
        containerErrors = new ContainerErrors(responseHeaders, accessLog);

        passwordMigration = new LegacyPasswordMigration(mongo, settings.usersCollection(), hasher);
        LegacyUserMigration userMigration =
                new LegacyUserMigration(mongo, settings.usersCollection(), storedUsers, passwordMigration);

        SupportedServer server = new SupportedServer(mongo);
        StoredFormat format = new StoredFormat(mongo);
        startup = new Startup(startupFilter, () -> {
            server.require();
            format.requireSupported();
            userMigration.run();
            auditEntries.createIndexes();
            storedSessions.createIndexes();
            idempotencyKeys.createIndexes();
            keys.start();
            administrator.ifPresent(account -> account.ensure(storedUsers, hasher, audit, administratorReset));
            FirstAdministrator.warnIfThereIsNone(storedUsers, settings.databaseName());
            passwordMigration.start();
        });
    }

    private SigningKeys signingKeys(Settings settings, Parts parts) {
        return switch (settings.authAlgorithm()) {
            case HS256 -> new SharedSecretKeys(settings.authKey(), settings.authKeyPrevious());
            case ES256 -> {
                RotatingKeys rotating = new RotatingKeys(
                        mongo,
                        settings.authKey(),
                        settings.authKeyPrevious(),
                        parts.keySchedule(),
                        settings.readingWithoutStore(),
                        parts.clock(),
                        Ticker.systemTicker(),
                        new SecureRandom());
                rotating.bindTo(parts.metrics());
                yield rotating;
            }
        };
    }

    /** Says why requests are not served yet; empty after the start. */
    private Optional<String> pendingStart() {
        return startup.pending();
    }

    /** Prepares the stores; if that fails or takes too long, continues in the background. */
    void start() {
        generation.start();
        health.start();
        hasher.measure();
        startup.run();
    }

    /** Reports the service as not ready from now on. Requests are still served. */
    void announceStop() {
        health.announceStop();
    }

    @Override
    public void close() {
        startup.close();
        imports.close();
        importBodies.close();
        health.close();
        keys.close();
        passwordMigration.close();
        hasher.close();
        generation.close();
        redis.close();
        mongo.close();
    }
}
