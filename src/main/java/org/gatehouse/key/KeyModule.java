package org.gatehouse.key;

import com.github.benmanes.caffeine.cache.Ticker;
import java.security.SecureRandom;
import java.util.List;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.config.Settings;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.user.StepUp;

/**
 * Creates the objects of this package in two steps: the keys, which all tokens need, and then the resources, which need
 * the step-up.
 */
public record KeyModule(Settings settings, KeySchedule schedule, SigningKeys keys) {
    public static KeyModule of(ModuleContext context, KeySchedule schedule) {
        return new KeyModule(context.settings(), schedule, signingKeys(context, schedule));
    }

    public List<Object> resources(StepUp stepUp, AuditLog audit) {
        return List.of(
                new KeyResource(keys, stepUp, audit),
                new JwksResource(keys, schedule.maxAge()),
                new DiscoveryResource(settings, schedule.maxAge()));
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
