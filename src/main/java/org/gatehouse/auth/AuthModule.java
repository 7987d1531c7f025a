package org.gatehouse.auth;

import com.github.benmanes.caffeine.cache.Ticker;
import java.util.List;
import org.gatehouse.config.Settings;
import org.gatehouse.key.SigningKeys;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.user.UserDao;

/**
 * Creates the objects of this package.
 *
 * @param filter the filter that authenticates every request
 */
public record AuthModule(TokenIssuer issuer, Authenticator authenticator, Object filter, List<Object> resources) {
    /**
     * Creates the module.
     *
     * @param onCheck called before each check of a token
     */
    public static AuthModule of(
            ModuleContext context, SigningKeys keys, CachedSessions sessions, UserDao users, Runnable onCheck) {
        Settings settings = context.settings();
        String issuer = settings.authIssuer();
        String audience = settings.authAudience();
        VerificationBulkhead bulkhead =
                new VerificationBulkhead(Runtime.getRuntime().availableProcessors(), Ticker.systemTicker());
        TokenVerifier verifier = new TokenVerifier(keys, issuer, audience, context.clock(), bulkhead);
        Authenticator authenticator = new Authenticator(verifier, sessions, users, onCheck);
        return new AuthModule(
                new TokenIssuer(keys, issuer, audience, settings.authExpiry(), context.clock()),
                authenticator,
                new AuthenticationFilter(authenticator, settings.registrationOpen()),
                List.of(new IntrospectionResource(authenticator, issuer, audience)));
    }
}
