package org.gatehouse.store;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads and writes Redis directly, with keys and values as text. */
public final class RedisText implements AutoCloseable {
    private static final Pattern RUN_ID = Pattern.compile("(?m)^run_id:(\\w+)");

    private final RedisClient client;
    private final StatefulRedisConnection<String, String> connection;

    public RedisText(String uri) {
        this.client = RedisClient.create(uri);
        this.connection = client.connect();
    }

    public RedisCommands<String, String> commands() {
        return connection.sync();
    }

    /** Returns the run id of the server. */
    public String runId() {
        Matcher found = RUN_ID.matcher(commands().info("server"));
        if (!found.find()) {
            throw new AssertionError("no run_id");
        }
        return found.group(1);
    }

    @Override
    public void close() {
        connection.close();
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    }
}
