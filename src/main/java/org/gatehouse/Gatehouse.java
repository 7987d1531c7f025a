package org.gatehouse;

import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Consumer;
import org.gatehouse.auth.AuthenticationFilter;
import org.gatehouse.auth.SigningKey;
import org.gatehouse.auth.TokenIssuer;
import org.gatehouse.auth.TokenVerifier;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.config.Settings;
import org.gatehouse.http.OriginFilter;
import org.gatehouse.http.RequestId;
import org.gatehouse.http.StartGate;
import org.gatehouse.login.LoginResource;
import org.gatehouse.login.LoginService;
import org.gatehouse.login.LogoutResource;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.MongoLock;
import org.gatehouse.store.RedisConnection;
import org.gatehouse.user.CachedUserDao;
import org.gatehouse.user.FirstAdministrator;
import org.gatehouse.user.MongoUserDao;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserResource;
import org.gatehouse.user.UserService;

/** Every object of the application, in the order in which each needs the ones before it. */
final class Gatehouse implements AutoCloseable {
    final RequestId requestIds;
    final OriginFilter origins;
    final StartGate gate;
    final AuthenticationFilter authentication;
    final UserResource userResource;
    final LoginResource loginResource;
    final LogoutResource logoutResource;

    private final PasswordHasher hasher;
    private final MongoConnection mongo;
    private final RedisConnection redis;
    private final Startup startup;

    /** What a test may replace, because waiting for it or computing it would take too long; all else is real. */
    record Parts(Clock clock, PasswordHasher hasher) {
        static Parts of(Settings settings) {
            int cores = Runtime.getRuntime().availableProcessors();
            return new Parts(
                    Clock.systemUTC(),
                    new PasswordHasher(settings.argon2MemoryKib(), settings.argon2Iterations(), cores));
        }
    }

    /** @param administratorCreated told the name of the first administrator if this start creates one */
    Gatehouse(Settings settings, Consumer<String> administratorCreated) {
        this(settings, Parts.of(settings), administratorCreated);
    }

    Gatehouse(Settings settings, Parts parts, Consumer<String> administratorCreated) {
        Clock clock = parts.clock();
        hasher = parts.hasher();

        PasswordPolicy policy = new PasswordPolicy(settings.passwordMinLength());
        Optional<FirstAdministrator> administrator = settings.firstAdministrator()
                .map(account -> FirstAdministrator.of(account, policy, administratorCreated));

        SigningKey key = SigningKey.hmac(settings.authKey());
        TokenIssuer issuer =
                new TokenIssuer(key, settings.authIssuer(), settings.authAudience(), settings.authExpiry(), clock);
        TokenVerifier verifier = new TokenVerifier(key, settings.authIssuer(), settings.authAudience(), clock);

        mongo = new MongoConnection(settings.mongoUri(), settings.databaseName());
        redis = new RedisConnection(settings.redisUri());
        DocumentCache userCache = new DocumentCache(redis, "u", settings.cacheExpiry());

        MongoUserDao storedUsers = new MongoUserDao(mongo, settings.usersCollection(), clock);
        UserDao users = new CachedUserDao(storedUsers, userCache);
        MongoLock administration = new MongoLock(mongo, "administration", clock);
        UserService userService = new UserService(users, storedUsers, hasher, policy, administration);
        LoginService loginService = new LoginService(storedUsers, hasher, issuer, clock);

        requestIds = new RequestId(new SecureRandom());
        gate = new StartGate();
        origins = new OriginFilter();
        authentication = new AuthenticationFilter(verifier);
        userResource = new UserResource(userService);
        loginResource = new LoginResource(loginService);
        logoutResource = new LogoutResource();

        startup = new Startup(gate, () -> {
            storedUsers.createIndexes();
            administrator.ifPresent(account -> account.ensure(userService));
        });
    }

    /** Prepares the stores, or goes on trying to in the background. */
    void start() {
        startup.run();
    }

    @Override
    public void close() {
        startup.close();
        hasher.close();
        redis.close();
        mongo.close();
    }
}
