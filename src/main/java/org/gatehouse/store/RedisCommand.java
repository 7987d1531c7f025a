package org.gatehouse.store;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;

/** A command that uses one key and is available on a single server and on a Cluster. */
@FunctionalInterface
public interface RedisCommand<T> {
    RedisFuture<T> send(RedisClusterAsyncCommands<String, byte[]> commands);
}
