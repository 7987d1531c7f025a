package org.gatehouse.key;

import com.github.benmanes.caffeine.cache.Ticker;
import java.security.SecureRandom;
import java.util.List;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.config.Settings;
import org.gatehouse.store.ModuleContext;

/** Creates the objects of this package. */
public record KeyModule(SigningKeys keys, List<Object> resources) {
    public static KeyModule of(ModuleContext context, KeySchedule schedule, AuditLog audit) {
        SigningKeys keys = signingKeys(context, schedule);
        return new KeyModule(
                keys,
                List.of(
                        new KeyResource(keys, audit),
                        new JwksResource(keys, schedule.maxAge()),
                        new DiscoveryResource(context.settings(), schedule.maxAge())));
    }

    private static SigningKeys signingKeys(ModuleContext context, KeySchedule schedule) {
        Settings settings = context.settings();
        return switch (settings.authAlgorithm()) {
            case HS256 -> new SharedSecretKeys(settings.authKeys());
            case ES256 -> {
                RotatingKeys rotating = new RotatingKeys(
                        context.mongo(),
                        settings.authKeys(),
                        schedule,
                        settings.readingWithoutStore(),
                        context.clock(),
                        Ticker.systemTicker(),
                        new SecureRandom());
                rotating.bindTo(context.metrics());
                yield rotating;
            }
        };
    }
}
