package org.gatehouse.throttle;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.gatehouse.store.RedisConnection;
import org.gatehouse.store.RedisScript;

/**
 * Counters that all nodes share: each key is a hash in Redis, each of its fields a count and the end of its window.
 *
 * <p>Short scripts run inside Redis and by its clock, so the nodes' clocks do not matter. Each touches a single key, so in
 * a Redis Cluster it runs wherever that key is. A hash lives until its last window ends; the fields of ended windows go
 * when another is added.
 */
final class RedisCounters implements Counters {
    /**
     * Arguments: name, limit and length in ms of each quota. Answers how long to wait, 0 when it was counted, and of each
     * quota what is counted now and when the window ends.
     */
    private static final RedisScript<List<Object>> COUNT = RedisScript.ofList("""
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
            local answer = {wait}
            if wait > 0 then
              for _, window in ipairs(windows) do
                table.insert(answer, window.count)
                table.insert(answer, window.stop)
              end
              return answer
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
              table.insert(answer, window.count + 1)
              table.insert(answer, window.stop)
            end
            return answer
            """);

    /** Arguments: name and end of each window. */
    private static final RedisScript<List<Object>> GIVE_BACK = RedisScript.ofList("""
            for i = 1, #ARGV, 2 do
              local count, stop = string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '', '^(%d+) (%d+)$')
              if stop == ARGV[i + 1] then
                if tonumber(count) > 1 then
                  redis.call('HSET', KEYS[1], ARGV[i], string.format('%.0f %s', count - 1, stop))
                else
                  redis.call('HDEL', KEYS[1], ARGV[i])
                end
              end
            end
            return {}
            """);

    /** Answers name, count and end of each window that runs. */
    private static final RedisScript<List<Object>> TALLIES = RedisScript.ofList("""
            local time = redis.call('TIME')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            local fields, answer = redis.call('HGETALL', KEYS[1]), {}
            for i = 1, #fields, 2 do
              local count, stop = string.match(fields[i + 1], '^(%d+) (%d+)$')
              if stop and tonumber(stop) > now then
                table.insert(answer, fields[i])
                table.insert(answer, count)
                table.insert(answer, stop)
              end
            end
            return answer
            """);

    private static final String KEY_PREFIX = "throttle:";

    /** Short beside the hash of a password, which it comes before; long enough for a process that is held up. */
    private static final Duration LIMIT = Duration.ofMillis(500);

    private final RedisConnection redis;

    RedisCounters(RedisConnection redis) {
        this.redis = redis;
    }

    @Override
    public Optional<Count> count(String key, List<Quota> quotas) {
        List<String> arguments = new ArrayList<>();
        for (Quota quota : quotas) {
            arguments.add(quota.name());
            arguments.add(Integer.toString(quota.limit()));
            arguments.add(Long.toString(quota.window().toMillis()));
        }
        return run(COUNT, key, arguments).map(answer -> {
            Duration delay = Duration.ofMillis(Long.parseLong(answer.get(0)));
            Map<String, Tally> tallies = new HashMap<>();
            for (int i = 0; i < quotas.size(); i++) {
                tallies.put(quotas.get(i).name(), tally(answer.get(2 * i + 1), answer.get(2 * i + 2)));
            }
            return new Count(delay, tallies);
        });
    }

    @Override
    public void giveBack(String key, Map<String, Tally> windows) {
        List<String> arguments = new ArrayList<>();
        windows.forEach((name, tally) -> {
            arguments.add(name);
            arguments.add(Long.toString(tally.endsAt().toEpochMilli()));
        });
        run(GIVE_BACK, key, arguments);
    }

    @Override
    public void forget(String key, String name) {
        redis.link()
                .ifPresent(
                        link -> link.ask(KEY_PREFIX + key, LIMIT, commands -> commands.hdel(KEY_PREFIX + key, name)));
    }

    @Override
    public Optional<Map<String, Tally>> tallies(String key) {
        return run(TALLIES, key, List.of()).map(answer -> {
            Map<String, Tally> tallies = new HashMap<>();
            for (int i = 0; i < answer.size(); i += 3) {
                tallies.put(answer.get(i), tally(answer.get(i + 1), answer.get(i + 2)));
            }
            return tallies;
        });
    }

    @Override
    public boolean clear(String key) {
        return redis.link()
                .flatMap(link -> link.ask(KEY_PREFIX + key, LIMIT, commands -> commands.del(KEY_PREFIX + key)))
                .isPresent();
    }

    private Optional<List<String>> run(RedisScript<List<Object>> script, String key, List<String> arguments) {
        byte[][] values = arguments.stream().map(RedisScript::bytes).toArray(byte[][]::new);
        return redis.link()
                .flatMap(link -> script.run(link, KEY_PREFIX + key, LIMIT, values))
                .map(answer ->
                        answer.orElseThrow().stream().map(RedisCounters::text).toList());
    }

    private static Tally tally(String count, String end) {
        return new Tally(Integer.parseInt(count), Instant.ofEpochMilli(Long.parseLong(end)));
    }

    private static String text(Object answer) {
        return answer instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : answer.toString();
    }
}
