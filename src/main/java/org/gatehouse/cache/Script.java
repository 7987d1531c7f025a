package org.gatehouse.cache;

import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.sync.RedisCommands;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The steps of the protocol that must be atomic in Redis: each touches one key, is short, and is harmless when it runs
 * twice or late.
 *
 * <p>A value is one letter and then text: {@code V<generation> <version> <document>}, {@code L<generation> <token>} or
 * {@code T <token> <token>…}; see {@link DocumentCache}.
 */
enum Script {
    /**
     * KEYS[1]; ARGV: generation, token, life in ms. Answers what is there if it counts: a T of anybody, a V or L of this
     * generation. Otherwise leaves an L with the token and answers nothing: the caller is the loader.
     */
    ACQUIRE("""
            local value = redis.call('GET', KEYS[1])
            if value then
              local own = string.sub(value, 2, #ARGV[1] + 2) == ARGV[1] .. ' '
              if string.sub(value, 1, 1) == 'T' or own then return value end
            end
            redis.call('SET', KEYS[1], 'L' .. ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
            return false
            """),

    /**
     * KEYS[1]; ARGV: the loader's L, the V to put in its place, life in ms. Does so only if the key still holds exactly
     * that L: a write that began since the load has removed it, and what was loaded may be old.
     */
    FILL("""
            if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'refused' end
            redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
            return 'done'
            """),

    /**
     * KEYS[1]; ARGV: token, life in ms. Announces a write: adds the token to the T, or puts a T with it in the place of
     * whatever is there.
     */
    BEGIN("""
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
            """),

    /**
     * KEYS[1]; ARGV: token. Ends a write: takes the token out of the T and removes the key when none is left. A V or L
     * is removed too: it was put there after Redis had lost the T, and may be from before the write.
     */
    END("""
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

    private final String text;
    private final String digest;

    Script(String text) {
        this.text = text;
        this.digest = sha1(text);
    }

    /** Runs the script; sends its text only to a server that does not know it yet. */
    byte @Nullable [] run(RedisCommands<String, byte[]> commands, String key, byte[]... arguments) {
        String[] keys = {key};
        try {
            return commands.evalsha(digest, ScriptOutputType.VALUE, keys, arguments);
        } catch (RedisNoScriptException unknown) {
            return commands.eval(text, ScriptOutputType.VALUE, keys, arguments);
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String sha1(String text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(bytes(text)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
