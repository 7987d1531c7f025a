package org.gatehouse.store;

import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.codec.Base16;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * A Lua script that uses one key. The text is sent only to a server that does not know the script's digest.
 *
 * @param <T> the type of the reply
 */
public final class RedisScript<T> {
    private final String text;
    private final String digest;
    private final ScriptOutputType type;

    private RedisScript(String text, ScriptOutputType type) {
        this.text = text;
        this.digest = Base16.digest(bytes(text)); // SHA-1 identifies the script; it is not used for security
        this.type = type;
    }

    /** Creates a script that returns a string or nil. */
    public static RedisScript<byte[]> ofValue(String text) {
        return new RedisScript<>(text, ScriptOutputType.VALUE);
    }

    /** Creates a script that returns a list. */
    public static RedisScript<List<Object>> ofList(String text) {
        return new RedisScript<>(text, ScriptOutputType.MULTI);
    }

    public String text() {
        return text;
    }

    /** Executes the script like {@link RedisTopology#execute}. */
    public RedisTopology.Reply<T> execute(RedisTopology topology, String key, Duration timeout, byte[]... arguments) {
        return executeAsync(topology, key, arguments).await(timeout);
    }

    /** Executes the script like {@link RedisTopology#executeAsync}. */
    public RedisTopology.PendingReply<T> executeAsync(RedisTopology topology, String key, byte[]... arguments) {
        String[] keys = {key};
        RedisTopology.PendingReply<T> sent =
                topology.executeAsync(key, commands -> commands.evalsha(digest, type, keys, arguments));
        return timeout -> {
            try {
                return sent.await(timeout);
            } catch (RedisNoScriptException unknown) {
                return topology.execute(key, timeout, commands -> commands.eval(text, type, keys, arguments));
            }
        };
    }

    /** Encodes an argument. */
    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
