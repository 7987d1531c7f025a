package org.gatehouse.throttle;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.gatehouse.store.RedisConnection;
import org.gatehouse.store.RedisScript;
import org.gatehouse.store.RedisTopology.PendingReply;

/**
 * Stores counts that all nodes share. Each key is a Redis hash. Each field has a count and the end of its window.
 *
 * <p>Scripts in Redis use the clock of Redis, so the clocks of the nodes do not matter. Each script uses a single key,
 * so it also works in a Redis Cluster. A hash expires when its last window ends. Fields of ended windows are deleted
 * when an attempt is counted.
 */
final class RedisRateLimitStore implements RateLimitStore {
    /**
     * Arguments: for each quota, its name, its limit, and its window in milliseconds. Returns the time to wait (0 if
     * the attempt was counted), then for each quota its count and the end of its window.
     */
    private static final RedisScript<List<Object>> INCREMENT = RedisScript.ofList("""
            local time = redis.call('TIME')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            local wait, windows = 0, {}
            for i = 1, #ARGV, 3 do
              local count, stop = string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '', '^(%d+) (%d+)$')
              count, stop = tonumber(count or 0), tonumber(stop or 0)
              if stop <= now then
                count, stop = 0, now + ARGV[i + 2]
              end
              if count >= tonumber(ARGV[i + 1]) then
                wait = math.max(wait, stop - now)
              end
              table.insert(windows, {name = ARGV[i], count = count, stop = stop})
            end
            local reply = {wait}
            if wait > 0 then
              for _, window in ipairs(windows) do
                table.insert(reply, window.count)
                table.insert(reply, window.stop)
              end
              return reply
            end
            local fields = redis.call('HGETALL', KEYS[1])
            for i = 1, #fields, 2 do
              if tonumber(string.match(fields[i + 1], '%d+$') or 0) <= now then
                redis.call('HDEL', KEYS[1], fields[i])
              end
            end
            for _, window in ipairs(windows) do
              redis.call('HSET', KEYS[1], window.name, string.format('%.0f %.0f', window.count + 1, window.stop))
              if redis.call('PTTL', KEYS[1]) < window.stop - now then
                redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', window.stop))
              end
              table.insert(reply, window.count + 1)
              table.insert(reply, window.stop)
            end
            return reply
            """);

    /** Arguments: name and end of each window. An empty end deletes the count of this name. */
    private static final RedisScript<List<Object>> REFUND = RedisScript.ofList("""
            for i = 1, #ARGV, 2 do
              local count, stop = string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '', '^(%d+) (%d+)$')
              if ARGV[i + 1] == '' then
                redis.call('HDEL', KEYS[1], ARGV[i])
              elseif stop == ARGV[i + 1] then
                if tonumber(count) > 1 then
                  redis.call('HSET', KEYS[1], ARGV[i], string.format('%.0f %s', count - 1, stop))
                else
                  redis.call('HDEL', KEYS[1], ARGV[i])
                end
              end
            end
            return {}
            """);

    /** Returns name, count and end of each window that has not ended. */
    private static final RedisScript<List<Object>> COUNTS = RedisScript.ofList("""
            local time = redis.call('TIME')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            local fields, reply = redis.call('HGETALL', KEYS[1]), {}
            for i = 1, #fields, 2 do
              local count, stop = string.match(fields[i + 1], '^(%d+) (%d+)$')
              if stop and tonumber(stop) > now then
                table.insert(reply, fields[i])
                table.insert(reply, count)
                table.insert(reply, stop)
              end
            end
            return reply
            """);

    private static final String KEY_PREFIX = "throttle:";

    /** Longer than a brief stall of Redis or of this node, but short enough for a client that waits for a login. */
    private static final Duration TIMEOUT = Duration.ofMillis(500);

    private final RedisConnection redis;
    private final Duration timeout;

    RedisRateLimitStore(RedisConnection redis) {
        this(redis, TIMEOUT);
    }

    /** @param timeout the timeout of each command */
    RedisRateLimitStore(RedisConnection redis, Duration timeout) {
        this.redis = redis;
        this.timeout = timeout;
    }

    @Override
    public Optional<CountResult> increment(String key, List<Quota> quotas) {
        List<String> arguments = new ArrayList<>();
        for (Quota quota : quotas) {
            arguments.add(quota.name());
            arguments.add(Integer.toString(quota.limit()));
            arguments.add(Long.toString(quota.window().toMillis()));
        }
        return run(INCREMENT, key, arguments).map(reply -> {
            Duration delay = Duration.ofMillis(Long.parseLong(reply.get(0)));
            Map<String, WindowCount> counts = new HashMap<>();
            for (int i = 0; i < quotas.size(); i++) {
                counts.put(quotas.get(i).name(), windowCount(reply.get(2 * i + 1), reply.get(2 * i + 2)));
            }
            return new CountResult(delay, counts);
        });
    }

    @Override
    public Runnable refundAsync(String key, Map<String, WindowCount> windows, List<String> removed) {
        List<String> arguments = new ArrayList<>();
        windows.forEach((name, window) -> {
            arguments.add(name);
            arguments.add(Long.toString(window.endsAt().toEpochMilli()));
        });
        removed.forEach(name -> {
            arguments.add(name);
            arguments.add("");
        });
        Supplier<Optional<List<String>>> pending = runAsync(REFUND, key, arguments);
        return () -> {
            var unused = pending.get();
        };
    }

    @Override
    public Optional<Map<String, WindowCount>> counts(String key) {
        return run(COUNTS, key, List.of()).map(reply -> {
            Map<String, WindowCount> counts = new HashMap<>();
            for (int i = 0; i < reply.size(); i += 3) {
                counts.put(reply.get(i), windowCount(reply.get(i + 1), reply.get(i + 2)));
            }
            return counts;
        });
    }

    @Override
    public boolean clear(String key) {
        return redis.topology()
                .filter(topology -> topology.execute(
                                KEY_PREFIX + key, timeout, commands -> commands.del(KEY_PREFIX + key))
                        .isAvailable())
                .isPresent();
    }

    private Optional<List<String>> run(RedisScript<List<Object>> script, String key, List<String> arguments) {
        return runAsync(script, key, arguments).get();
    }

    private Supplier<Optional<List<String>>> runAsync(
            RedisScript<List<Object>> script, String key, List<String> arguments) {
        byte[][] values = arguments.stream().map(RedisScript::bytes).toArray(byte[][]::new);
        Optional<PendingReply<List<Object>>> sent =
                redis.topology().map(topology -> script.executeAsync(topology, KEY_PREFIX + key, values));
        return () -> sent.flatMap(pending -> pending.await(timeout).value())
                .map(reply -> reply.stream().map(RedisRateLimitStore::text).toList());
    }

    private static WindowCount windowCount(String count, String end) {
        return new WindowCount(Integer.parseInt(count), Instant.ofEpochMilli(Long.parseLong(end)));
    }

    private static String text(Object element) {
        return element instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : element.toString();
    }
}
