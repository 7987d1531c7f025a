package org.gatehouse.cache;

import org.gatehouse.store.RedisScript;

/**
 * The steps of the protocol that must be atomic in Redis: each touches one key, is short, and is harmless when it runs
 * twice or late.
 *
 * <p>A value is one letter and then text: {@code V<generation> <version> <document>}, {@code L<generation> <token>} or
 * {@code T <token> <token>…}; see {@link DocumentCache}.
 */
final class Script {
    /**
     * KEYS[1]; ARGV: generation, token, life in ms. Answers what is there if it counts: a T of anybody, a V or L of this
     * generation. Otherwise leaves an L with the token and answers nothing: the caller is the loader.
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
     * KEYS[1]; ARGV: the loader's L, the V to put in its place, life in ms. Does so only if the key still holds exactly
     * that L: a write that began since the load has removed it, and what was loaded may be old.
     */
    static final RedisScript<byte[]> FILL = RedisScript.ofValue("""
            if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'refused' end
            redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
            return 'done'
            """);

    /**
     * KEYS[1]; ARGV: token, life in ms. Announces a write: adds the token to the T, or puts a T with it in the place of
     * whatever is there.
     */
    static final RedisScript<byte[]> BEGIN = RedisScript.ofValue("""
            local value = redis.call('GET', KEYS[1])
            local mark = ' ' .. ARGV[1]
            if value and string.sub(value, 1, 1) == 'T' then
              if string.find(value, mark, 1, true) then mark = '' end
              mark = value .. mark
            else
              mark = 'T' .. mark
            end
            redis.call('SET', KEYS[1], mark, 'PX', ARGV[2])
            return 'done'
            """);

    /**
     * KEYS[1]; ARGV: token. Ends a write: takes the token out of the T and removes the key when none is left. A V or L
     * is removed too: it was put there after Redis had lost the T, and may be from before the write.
     */
    static final RedisScript<byte[]> END = RedisScript.ofValue("""
            local value = redis.call('GET', KEYS[1])
            if not value then return 'done' end
            if string.sub(value, 1, 1) == 'T' then
              local first, last = string.find(value, ' ' .. ARGV[1], 1, true)
              if not first then return 'done' end
              value = string.sub(value, 1, first - 1) .. string.sub(value, last + 1)
              if #value > 1 then
                local life = redis.call('PTTL', KEYS[1])
                if life > 0 then redis.call('SET', KEYS[1], value, 'PX', life) end
                return 'done'
              end
            end
            redis.call('DEL', KEYS[1])
            return 'done'
            """);

    private Script() {}
}
