package org.gatehouse.store;

import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.sentinel.api.StatefulRedisSentinelConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.gatehouse.dev.EmbeddedRedis;

/**
 * A Redis master, a replica, and three Sentinels. The Sentinels promote the replica if two of them cannot reach the
 * master.
 */
public final class SentinelRedis implements AutoCloseable {
    private static final String NAME = "main";
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);

    private final List<EmbeddedRedis> servers = new ArrayList<>();
    private final List<EmbeddedRedis> sentinels = new ArrayList<>();

    /** Starts all five servers, and waits until the Sentinels know the replica and each other. */
    public SentinelRedis(Path folder) {
        try {
            servers.add(EmbeddedRedis.start(folder.resolve("one"), "--save", ""));
            String master = Integer.toString(servers.get(0).port());
            servers.add(EmbeddedRedis.start(folder.resolve("two"), "--save", "", "--replicaof", "127.0.0.1", master));
            for (int i = 0; i < 3; i++) {
                Path sentinelFolder = folder.resolve("sentinel-" + i);
                sentinels.add(EmbeddedRedis.start(sentinelFolder, configuration(sentinelFolder, master), "--sentinel"));
            }
            await().atMost(WAIT_TIMEOUT)
                    .ignoreExceptions()
                    .until(() -> sentinels.stream().allMatch(SentinelRedis::knowsAll));
        } catch (RuntimeException failed) {
            close();
            throw failed;
        }
    }

    /** Returns the address in the format of the setting {@code REDIS_URL}. */
    public String uri() {
        return sentinels.stream()
                .map(sentinel -> "127.0.0.1:" + sentinel.port())
                .collect(Collectors.joining(",", "redis-sentinel://", "#" + NAME));
    }

    /** Returns the master and the replica. The first server is the master until a failover. */
    public List<EmbeddedRedis> servers() {
        return servers;
    }

    public List<EmbeddedRedis> sentinels() {
        return sentinels;
    }

    /** Returns the current master, according to the first Sentinel that replies. */
    public EmbeddedRedis master() {
        for (EmbeddedRedis sentinel : sentinels) {
            try {
                InetSocketAddress address = call(sentinel, connection ->
                        (InetSocketAddress) connection.sync().getMasterAddrByName(NAME));
                return servers.stream()
                        .filter(server -> server.port() == address.getPort())
                        .findFirst()
                        .orElseThrow();
            } catch (RedisException unreachable) {
                // This Sentinel does not reply, so the loop continues with the next Sentinel.
            }
        }
        throw new IllegalStateException("No Sentinel replies");
    }

    @Override
    public void close() {
        sentinels.forEach(EmbeddedRedis::close);
        servers.forEach(EmbeddedRedis::close);
    }

    private static String configuration(Path folder, String masterPort) {
        try {
            Files.createDirectories(folder);
            Path file = folder.resolve("sentinel.conf").toAbsolutePath();
            Files.writeString(file, """
                    sentinel monitor %1$s 127.0.0.1 %2$s 2
                    sentinel down-after-milliseconds %1$s 1000
                    sentinel failover-timeout %1$s 3000
                    """.formatted(NAME, masterPort));
            return file.toString();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static boolean knowsAll(EmbeddedRedis sentinel) {
        return call(sentinel, connection -> {
            var master = connection.sync().master(NAME);
            return "1".equals(master.get("num-slaves")) && "2".equals(master.get("num-other-sentinels"));
        });
    }

    private static <T> T call(
            EmbeddedRedis sentinel, Function<StatefulRedisSentinelConnection<String, String>, T> command) {
        RedisURI uri = RedisURI.create("127.0.0.1", sentinel.port());
        uri.setTimeout(Duration.ofSeconds(1));
        try (RedisClient client = RedisClient.create();
                StatefulRedisSentinelConnection<String, String> connection = client.connectSentinel(uri)) {
            return command.apply(connection);
        }
    }
}
