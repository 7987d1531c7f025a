package org.gatehouse.app;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.gatehouse.account.AccountModule;
import org.gatehouse.admin.FirstAdministrator;
import org.gatehouse.audit.AuditModule;
import org.gatehouse.auth.AuthModule;
import org.gatehouse.bulk.BulkResource;
import org.gatehouse.cache.Generation;
import org.gatehouse.cache.NearCache;
import org.gatehouse.config.Settings;
import org.gatehouse.docs.OpenApiResource;
import org.gatehouse.docs.RootResource;
import org.gatehouse.docs.SwaggerUiResource;
import org.gatehouse.factor.FactorModule;
import org.gatehouse.health.Health;
import org.gatehouse.http.HttpModule;
import org.gatehouse.identity.Permission;
import org.gatehouse.key.KeyModule;
import org.gatehouse.key.KeySchedule;
import org.gatehouse.leaving.LeavingModule;
import org.gatehouse.login.LoginModule;
import org.gatehouse.mail.MailModule;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.migration.MigrationModule;
import org.gatehouse.overview.OverviewModule;
import org.gatehouse.pages.AccountPageResource;
import org.gatehouse.pages.ConsolePageResource;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.service.CachedServices;
import org.gatehouse.service.ServiceModule;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.session.SessionModule;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.RedisConnection;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.transfer.TransferModule;
import org.gatehouse.user.FactorRule;
import org.gatehouse.user.UserDaos;
import org.gatehouse.user.UserMails;
import org.gatehouse.user.UserModule;

/** Creates the modules of all packages in the order of their dependencies, and closes them. */
final class Gatehouse implements AutoCloseable {
    final HttpModule http;

    /** The HTTP resources of all packages. */
    final List<Object> resources;

    final Startup startup;

    private final PasswordHasher hasher;
    private final MongoConnection mongo;
    private final RedisConnection redis;
    private final Generation generation;
    private final AuditModule audit;
    private final FactorRule factorRule;
    private final KeyModule key;
    private final UserDaos users;
    private final CachedSessions sessions;
    private final FactorModule factor;
    private final LoginModule login;
    private final MailModule mail;
    private final AccountModule account;
    private final UserModule user;
    private final TransferModule transfer;
    private final LeavingModule leaving;
    private final OverviewModule overview;
    private final Health health;
    private final MigrationModule migration;

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

    /** @param administratorCreated receives the administrator's name if this start creates or resets the account */
    Gatehouse(Settings settings, Consumer<String> administratorCreated) {
        this(settings, Parts.of(settings), administratorCreated);
    }

    Gatehouse(Settings settings, Parts parts, Consumer<String> administratorCreated) {
        hasher = parts.hasher();
        mongo = parts.mongo();
        NearCache near = new NearCache(settings.nearCacheBytes());
        redis = new RedisConnection(settings.redis(), settings.nearCacheBytes() > 0 ? near : null, parts.metrics());
        generation =
                new Generation(mongo, redis, near, settings.readingWithoutStore(), new SecureRandom(), parts.metrics());
        ModuleContext context = new ModuleContext(settings, mongo, redis, parts.clock(), parts.metrics());

        audit = AuditModule.of(context);
        key = KeyModule.of(context, parts.keySchedule());
        users = UserDaos.of(context, generation);
        factorRule = new FactorRule(settings.factorRequiredRoles(), users.stored()::findLinearizable);
        sessions = new CachedSessions(context, generation);
        PasswordPolicy policy = new PasswordPolicy(settings.passwordMinLength());
        Throttle throttle = new Throttle(redis, parts.clock());
        mail = new MailModule(context, throttle);
        UserMails mails = new UserMails(mail.queue(), settings.mail(), parts.clock());
        factor = new FactorModule(context, users, throttle, mails, audit.log());
        login = new LoginModule(context, throttle, users.cached(), sessions, hasher, mails);
        CachedServices services = new CachedServices(context, generation);
        user = UserModule.of(
                context, users, hasher, policy, throttle, login.stepUp(), services::currentRoles, mails, audit.log());
        SessionModule session = SessionModule.of(context, sessions, user.service(), audit.log());
        ServiceModule service = ServiceModule.of(context, services, login.stepUp(), throttle, audit.log());
        AuthModule auth = AuthModule.of(
                context,
                key.keys(),
                sessions,
                users.cached(),
                services,
                session.service(),
                service,
                factorRule,
                hasher::recordRequest);
        account = AccountModule.of(
                context,
                new AccountModule.Parts(
                        users,
                        user.service(),
                        mails,
                        mail,
                        hasher,
                        policy,
                        throttle,
                        login.stepUp(),
                        auth.authenticator(),
                        factor.secondFactor(),
                        audit.log()),
                login::clearFailures);
        transfer = TransferModule.of(
                settings,
                users,
                hasher,
                login.stepUp(),
                factor.transfer(),
                audit.log(),
                auth.authenticator()::isStillAllowed);
        leaving = new LeavingModule(
                context,
                new LeavingModule.Parts(
                        users,
                        user.leaving(),
                        login.stepUp(),
                        session.service(),
                        factor::find,
                        mail.rows(),
                        audit.log()));
        overview = new OverviewModule(
                new OverviewModule.Parts(
                        user.service(), users, factorRule, factor, login, session.service(), mail.rows(), audit.log()),
                settings.effective());
        startup = new Startup(() -> prepare(context, login, administratorCreated));
        health = new Health(context, startup::pending, key.keys()::requireUsable, mail.probe());
        migration = MigrationModule.of(context, hasher);

        resources = Stream.of(
                        login.resources(
                                policy, user.service(), user.leaving(), session.service(), auth, factor, audit.log()),
                        auth.resources(),
                        session.resources(),
                        user.resources(),
                        BulkResource.resources(
                                user.service(),
                                user.lists(),
                                session.service(),
                                login.stepUp(),
                                caller -> auth.authenticator().isStillAllowed(caller, Permission.USERS_WRITE)),
                        account.resources(),
                        factor.resources(new FactorModule.Parts(
                                user.service(),
                                login.stepUp(),
                                factorRule::mustHaveFactor,
                                login.sessionUpgrade(session.service(), auth))),
                        service.resources(),
                        transfer.resources(),
                        leaving.resources(),
                        key.resources(login.stepUp(), audit.log()),
                        audit.resources(),
                        overview.resources(),
                        health.resources(),
                        List.of(
                                new AccountPageResource(settings),
                                new ConsolePageResource(),
                                new OpenApiResource(),
                                new SwaggerUiResource(),
                                new RootResource()))
                .flatMap(List::stream)
                .toList();
        http = HttpModule.of(settings, parts.metrics(), resources, auth.filter(), audit.rejections(), startup::isReady);
    }

    /** Prepares the stores. {@link Startup} calls this method until it succeeds. */
    private void prepare(ModuleContext context, LoginModule login, Consumer<String> administratorCreated) {
        mongo.requireSupported();
        migration.migrateUsers();
        audit.log().createIndexes();
        sessions.prepare();
        user.createIndexes().run();
        factor.createIndexes();
        leaving.createIndexes();
        mail.createIndexes();
        key.keys().start();
        new FirstAdministrator(context, users, hasher, audit.log(), login::clearFailures, administratorCreated)
                .ensure();
        migration.startBackground();
        factor.startBackground();
        leaving.start();
        mail.start(users.outbox(), account.preparer());
    }

    /** Starts the node. A background thread repeats a failed preparation of the stores, or finishes a slow one. */
    void start() {
        factorRule.recommend();
        generation.start();
        health.start();
        startup.run();
    }

    /** Reports the service as not ready from now on. Requests are still served. */
    void announceStop() {
        health.announceStop();
    }

    @Override
    public void close() {
        startup.close();
        transfer.close();
        leaving.close();
        health.close();
        mail.close();
        key.keys().close();
        migration.close();
        factor.close();
        hasher.close();
        login.close();
        overview.close();
        generation.close();
        redis.close();
        mongo.close();
    }
}
