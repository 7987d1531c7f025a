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
 * The one key of a model, and what the scripts make of it: asked of a real Redis the first time, remembered from then on.
 *
 * <p>That is allowed because a script sees nothing but the key and its arguments, and does the same each time. The one
 * thing it sees besides is how long the key still lives; that is never a reason to do something else, except that what
 * has just run out is not stored again. So a key is what it holds, byte for byte, and each content gets a number here.
 */
final class ScriptedKey {
    static final int ABSENT = 0;

    private static final String NAME = "model:{1}";
    private static final long LIFE_MS = 60_000;

    private final RedisCommands<String, byte[]> redis;
    private final List<String> contents = new ArrayList<>(List.of(""));
    private final List<Entry> entries = new ArrayList<>(List.of(Entry.parse(new byte[0])));
    private final Map<String, Integer> numbers = new HashMap<>(Map.of("", ABSENT));

    ScriptedKey(RedisCommands<String, byte[]> redis) {
        this.redis = redis;
    }

    /** Runs a script on the key of this name. */
    interface Call {
        byte @Nullable [] run(RedisCommands<String, byte[]> redis, String name);
    }

    /** @param answer what the script told its caller; an entry only in the case of ACQUIRE */
    record Outcome(int after, Optional<Entry> answer) {}

    /** One script with its arguments. */
    final class Step {
        private final Call call;
        private final Map<Integer, Outcome> known = new HashMap<>();

        private Step(Call call) {
            this.call = call;
        }

        Outcome from(int before) {
            Outcome outcome = known.get(before);
            if (outcome == null) {
                outcome = ask(before, call);
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

    /** A script of the test's own in the place of a real one. */
    Step step(String text, byte[]... arguments) {
        return new Step(
                (commands, name) -> commands.eval(text, ScriptOutputType.VALUE, new String[] {name}, arguments));
    }

    /** A step that is left out. */
    Step nothing() {
        return new Step((commands, name) -> null);
    }

    /** What a GET answers; empty when there is nothing. */
    Optional<Entry> get(int key) {
        return key == ABSENT ? Optional.empty() : Optional.of(entries.get(key));
    }

    /** The text that the key holds. */
    String text(int key) {
        return contents.get(key);
    }

    private Outcome ask(int before, Call call) {
        if (before == ABSENT) {
            redis.del(NAME);
        } else {
            redis.set(NAME, contents.get(before).getBytes(StandardCharsets.UTF_8), SetArgs.Builder.px(LIFE_MS));
        }
        byte[] answer = call.run(redis, NAME);
        byte[] after = redis.get(NAME);
        if (after != null && redis.pttl(NAME) <= 0) {
            throw new IllegalStateException("Left without an end to its life: " + text(after));
        }
        return new Outcome(
                after == null ? ABSENT : number(text(after)),
                Optional.ofNullable(answer).map(Entry::parse));
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
