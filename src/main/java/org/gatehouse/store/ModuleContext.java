package org.gatehouse.store;

import java.time.Clock;
import org.gatehouse.config.Settings;
import org.gatehouse.metrics.Metrics;

/**
 * The objects that the modules of all packages receive.
 *
 * @param clock a clock with whole milliseconds, because MongoDB stores times in milliseconds
 */
public record ModuleContext(
        Settings settings, MongoConnection mongo, RedisConnection redis, Clock clock, Metrics metrics) {}
