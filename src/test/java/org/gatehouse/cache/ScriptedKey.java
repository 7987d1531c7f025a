package org.gatehouse.cache;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SetArgs;
import io.lettuce.core.api.sync.RedisCommands;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.gatehouse.store.RedisScript;
import org.jspecify.annotations.Nullable;

/**
 * The only key of a model. A real Redis executes each script on each value once. Then this class caches the effect of
 * the script on the value.
 *
 * <p>Caching is valid because a script is deterministic and depends only on the key and its arguments. A script also
 * reads the remaining TTL, but only to avoid storing a value that has just expired. Therefore the bytes of the value
 * are the complete state of the key. This class numbers the values.
 */
final class ScriptedKey {
    static final int ABSENT = 0;

    private static final String NAME = "model:{1}";
    private static final long TTL_MS = 60_000;

    private final RedisCommands<String, byte[]> redis;
    private final TrackingConnection tracking;
    private final List<String> contents = new ArrayList<>(List.of(""));
    private final List<Entry> entries = new ArrayList<>(List.of(Entry.parse(new byte[0])));
    private final Map<String, Integer> numbers = new HashMap<>(Map.of("", ABSENT));

    /** @param tracking another connection, which shows whether a script causes an invalidation */
    ScriptedKey(RedisCommands<String, byte[]> redis, TrackingConnection tracking) {
        this.redis = redis;
        this.tracking = tracking;
    }

    /** Executes a script on the key with this name. */
    interface Call {
        byte @Nullable [] run(RedisCommands<String, byte[]> redis, String name);
    }

    /**
     * @param after the number of the value that the script leaves in the key
     * @param reply the entry that the script returns; only ACQUIRE returns entries
     * @param text the reply as text, empty if the script returns nil
     * @param invalidates whether Redis pushes an invalidation to the connections that have read the key
     */
    record Outcome(int after, Optional<Entry> reply, String text, boolean invalidates) {}

    /** A script with its arguments. */
    final class Step {
        private final Call call;
        private final Map<Integer, Outcome> known = new HashMap<>();

        private Step(Call call) {
            this.call = call;
        }

        Outcome from(int before) {
            Outcome outcome = known.get(before);
            if (outcome == null) {
                outcome = execute(before, call);
                known.put(before, outcome);
            }
            return outcome;
        }

        int after(int before) {
            return from(before).after();
        }
    }

    Step step(RedisScript<byte[]> script, byte[]... arguments) {
        return step(script.text(), arguments);
    }

    /** Returns a step that executes a script from a test instead of a script of the application. */
    Step step(String text, byte[]... arguments) {
        return new Step(
                (commands, name) -> commands.eval(text, ScriptOutputType.VALUE, new String[] {name}, arguments));
    }

    /** Returns a step that does nothing. */
    Step nothing() {
        return new Step((commands, name) -> null);
    }

    /** Returns a step that deletes the key. */
    Step deletion() {
        return new Step((commands, name) -> {
            commands.del(name);
            return null;
        });
    }

    /** Returns the reply to a GET, or empty if there is no value. */
    Optional<Entry> get(int key) {
        return key == ABSENT ? Optional.empty() : Optional.of(entries.get(key));
    }

    /** Returns the value with this number as text. */
    String text(int key) {
        return contents.get(key);
    }

    /** Returns a V whose document is its version. */
    static byte[] document(long generation, int version) {
        return Entry.document(generation, version, RedisScript.bytes(Integer.toString(version)));
    }

    /** Returns the version of such a V. */
    static int version(Entry document) {
        return Integer.parseInt(new String(document.content(), StandardCharsets.UTF_8));
    }

    private Outcome execute(int before, Call call) {
        if (before == ABSENT) {
            redis.del(NAME);
        } else {
            redis.set(NAME, contents.get(before).getBytes(StandardCharsets.UTF_8), SetArgs.Builder.px(TTL_MS));
        }
        tracking.commands().get(NAME);
        tracking.pushes();
        byte[] reply = call.run(redis, NAME);
        boolean invalidates = !tracking.pushes().isEmpty();
        byte[] after = redis.get(NAME);
        if (after != null && redis.pttl(NAME) <= 0) {
            throw new IllegalStateException("The script left a key without a TTL: " + text(after));
        }
        return new Outcome(
                after == null ? ABSENT : number(text(after)),
                Optional.ofNullable(reply).map(Entry::parse),
                reply == null ? "" : text(reply),
                invalidates);
    }

    private int number(String content) {
        Integer known = numbers.get(content);
        if (known != null) {
            return known;
        }
        contents.add(content);
        entries.add(Entry.parse(content.getBytes(StandardCharsets.UTF_8)));
        numbers.put(content, contents.size() - 1);
        return contents.size() - 1;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
