package org.gatehouse.cache;

import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.gatehouse.store.RedisScript;

/**
 * The atomic steps of the protocol in Redis. Each script uses one key, is short, and may run twice or late.
 *
 * <p>A value is one letter followed by text: {@code V<generation> <version> <document>}, {@code L<generation> <token>},
 * {@code T <token>}, or {@code T* <token> <token>…}; see {@link DocumentCache}. The star says that this T has been the
 * mark of more than one write.
 */
final class Script {
    /**
     * KEYS[1]; ARGV: generation, token, TTL in ms. Returns the value if it is a T, or a V or L of this generation.
     * Otherwise stores an L with the token and returns nil; the caller is then the loader.
     */
    static final RedisScript<byte[]> ACQUIRE = RedisScript.ofValue("""
            local value = redis.call('GET', KEYS[1])
            if value then
              local own = string.sub(value, 2, #ARGV[1] + 2) == ARGV[1] .. ' '
              if string.sub(value, 1, 1) == 'T' or own then return value end
            end
            redis.call('SET', KEYS[1], 'L' .. ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
            return false
            """);

    /**
     * KEYS[1]; ARGV: the loader's L, the V that replaces it, TTL in ms. Replaces the L with the V only if the key still
     * contains this L. If a write has replaced the L, the loaded document may be stale.
     */
    static final RedisScript<byte[]> FILL = RedisScript.ofValue("""
            if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'refused' end
            redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
            return 'done'
            """);

    /**
     * KEYS[1]; ARGV: token, TTL in ms. Announces a write: adds the token to the T, or replaces any other value with a
     * new T. A T that another write has set gets a star, because the two writes may happen in any order.
     */
    static final RedisScript<byte[]> BEGIN = RedisScript.ofValue("""
            local value = redis.call('GET', KEYS[1])
            local mark = ' ' .. ARGV[1]
            if not value or string.sub(value, 1, 1) ~= 'T' then
              value = 'T' .. mark
            elseif not string.find(value, mark, 1, true) then
              if string.sub(value, 2, 2) ~= '*' then value = 'T*' .. string.sub(value, 2) end
              value = value .. mark
            end
            redis.call('SET', KEYS[1], value, 'PX', ARGV[2])
            return 'done'
            """);

    /**
     * KEYS[1]; ARGV: token; perhaps also the V of the written document and its TTL in ms. Ends a write: removes the token
     * from the T, and deletes the key if no token is left. If this was the only write since its BEGIN, the V replaces the
     * T. A V or L is deleted, because it was stored after Redis had lost the T and may be older than the write. Returns
     * {@link #GONE} if the T with this token was not there. Then a T of another write gets a star, because that write
     * may be the older one.
     */
    static final RedisScript<byte[]> END = RedisScript.ofValue("""
            local value = redis.call('GET', KEYS[1])
            if not value then return 'gone' end
            local reply = 'gone'
            if ARGV[2] and value == 'T ' .. ARGV[1] then
              redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
              return 'done'
            end
            if string.sub(value, 1, 1) == 'T' then
              local first, last = string.find(value, ' ' .. ARGV[1], 1, true)
              if first then
                reply = 'done'
                value = string.sub(value, 1, first - 1) .. string.sub(value, last + 1)
              elseif string.sub(value, 2, 2) ~= '*' then
                value = 'T*' .. string.sub(value, 2)
              end
              if string.find(value, ' ', 1, true) then
                local life = redis.call('PTTL', KEYS[1])
                if life > 0 then redis.call('SET', KEYS[1], value, 'PX', life) end
                return reply
              end
            end
            redis.call('DEL', KEYS[1])
            return reply
            """);

    private static final byte[] GONE = RedisScript.bytes("gone");

    private Script() {}

    /** Returns a token that identifies one load or write for a few seconds; the token is not secret. */
    static String token() {
        return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    }

    /** Returns a TTL as an argument of a script. */
    static byte[] millis(Duration life) {
        return RedisScript.bytes(Long.toString(life.toMillis()));
    }

    static boolean isGone(byte[] replyOfEnd) {
        return Arrays.equals(replyOfEnd, GONE);
    }
}
