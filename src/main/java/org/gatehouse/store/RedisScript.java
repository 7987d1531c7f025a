package org.gatehouse.store;

import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * A Lua script about one key. Its text is sent only to a server that does not know it yet; afterwards its digest will do.
 *
 * @param <T> what it answers
 */
public final class RedisScript<T> {
    private final String text;
    private final String digest;
    private final ScriptOutputType type;

    private RedisScript(String text, ScriptOutputType type) {
        this.text = text;
        this.digest = sha1(text);
        this.type = type;
    }

    /** One that answers a text or nothing. */
    public static RedisScript<byte[]> ofValue(String text) {
        return new RedisScript<>(text, ScriptOutputType.VALUE);
    }

    /** One that answers a list. */
    public static RedisScript<List<Object>> ofList(String text) {
        return new RedisScript<>(text, ScriptOutputType.MULTI);
    }

    /** The Lua that Redis is sent. */
    public String text() {
        return text;
    }

    /** As {@link RedisLink#ask}. */
    public Optional<Optional<T>> run(RedisLink link, String key, Duration limit, byte[]... arguments) {
        return send(link, key, arguments).await(limit);
    }

    /** As {@link RedisLink#send}: the answer need not be waited for before the next is sent. */
    public RedisLink.Pending<T> send(RedisLink link, String key, byte[]... arguments) {
        String[] keys = {key};
        RedisLink.Pending<T> sent = link.send(key, commands -> commands.evalsha(digest, type, keys, arguments));
        return limit -> {
            try {
                return sent.await(limit);
            } catch (RedisNoScriptException unknown) {
                return link.ask(key, limit, commands -> commands.eval(text, type, keys, arguments));
            }
        };
    }

    /** A text as an argument. */
    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** What Redis calls a script; no secret, so the age of SHA-1 does not matter. */
    private static String sha1(String text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(bytes(text)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
