package org.gatehouse.auth;

import com.github.benmanes.caffeine.cache.Ticker;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.config.Settings;
import org.gatehouse.key.SigningKeys;
import org.gatehouse.service.CachedServices;
import org.gatehouse.service.ServiceModule;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.session.SessionService;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.user.FactorRule;
import org.gatehouse.user.UserDao;

/**
 * Creates the objects of this package.
 *
 * @param filter the filter that authenticates every request
 */
public record AuthModule(UserTokens tokens, Authenticator authenticator, Object filter, List<Object> resources) {
    /**
     * Creates the module.
     *
     * @param onCheck called before each check of a token
     */
    public static AuthModule of(
            ModuleContext context,
            SigningKeys keys,
            CachedSessions sessions,
            UserDao users,
            CachedServices services,
            SessionService sessionService,
            ServiceModule service,
            FactorRule factorRule,
            Runnable onCheck) {
        Settings settings = context.settings();
        String issuer = settings.authIssuer();
        String audience = settings.authAudience();
        VerificationBulkhead bulkhead =
                new VerificationBulkhead(Runtime.getRuntime().availableProcessors(), Ticker.systemTicker());
        Set<String> issuers = new HashSet<>(Set.of(issuer));
        Optional.ofNullable(settings.previousIssuer()).ifPresent(issuers::add);
        TokenVerifier verifier = new TokenVerifier(keys, issuers, audience, context.clock(), bulkhead);
        EnrolmentCheck enrolment = new EnrolmentCheck(factorRule, sessions);
        Authenticator authenticator =
                new Authenticator(verifier, sessions, users, services, service.clients(), enrolment, onCheck);
        TokenIssuer tokens =
                new TokenIssuer(keys, settings.tokenType(), issuer, audience, settings.authExpiry(), context.clock());
        return new AuthModule(
                new UserTokens(tokens, factorRule),
                authenticator,
                new AuthenticationFilter(authenticator, settings.registrationOpen()),
                List.of(
                        new IntrospectionResource(
                                authenticator, sessionService, sessions, factorRule, issuer, audience),
                        new RevocationResource(authenticator, sessionService, service.accounts()),
                        new ClientTokenResource(service.clients(), tokens),
                        new CheckResource(sessions, context.clock())));
    }
}
