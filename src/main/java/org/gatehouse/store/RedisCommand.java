package org.gatehouse.store;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;

/** A command about one key, of those that a single server and a Cluster both know. */
@FunctionalInterface
public interface RedisCommand<T> {
    RedisFuture<T> send(RedisClusterAsyncCommands<String, byte[]> commands);
}
