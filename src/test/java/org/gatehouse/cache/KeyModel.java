package org.gatehouse.cache;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.gatehouse.cache.ScriptedKey.Outcome;
import org.gatehouse.cache.ScriptedKey.Step;
import org.gatehouse.cache.State.Choice;
import org.gatehouse.cache.State.Field;
import org.gatehouse.cache.State.Layout;
import org.gatehouse.store.RedisScript;

/**
 * Models two writers and three readers of one key in one generation. The steps are those of {@link DocumentCache}, and
 * the steps in Redis are those of {@link Script}. {@code docs/caching.md} explains V, L, T and the scripts.
 *
 * <p>The model omits the following, because the remaining sequences of steps include all relevant cases:
 *
 * <ul>
 *   <li>Time. Any time may pass between two steps. Therefore a slow load, a paused node or a late script is only
 *       another order of steps. If the model includes losses of the key, it treats an expiry as a loss.
 *   <li>The waits of a reader that finds an L. The retry of this reader equals the first attempt of another reader that
 *       begins at the same time.
 *   <li>Readers or writers that do not begin in the order of their numbers. These sequences differ from the explored
 *       sequences only in names.
 * </ul>
 */
final class KeyModel implements Model {
    private static final int WRITERS = 2;
    private static final int READERS = 3;
    private static final int LOSSES = 2;

    private static final long GENERATION = 7;
    private static final byte[] TTL_MS = RedisScript.bytes("5000");

    /** The promises to check. */
    enum Promise {
        /** Before a read began, a write was acknowledged. The read must return this write or a later one. */
        ACKNOWLEDGED_IS_SEEN,

        /**
         * Before a read began, an earlier read ended. The new read must return the version of the earlier read, or a
         * later version.
         */
        AND_NO_READ_GOES_BACK
    }

    /** Additional events, and faults in the protocol. */
    enum Change {
        REDIS_LOSES_KEYS,
        A_WRITER_IS_KILLED_BEFORE_END,
        /** The outcome of a write is unknown. The write may take effect while its T exists. The T expires later. */
        A_WRITE_HAS_NO_REPLY,
        /**
         * A reader that finds the L of another reader uses that reader's load. Readers on one node share loads in this
         * way.
         */
        LOADS_ARE_SHARED,

        FILL_IGNORES_ITS_LEASE,
        NO_BEGIN,
        NO_END,
        END_LEAVES_V_AND_L,
        ACKNOWLEDGED_BEFORE_END,
        /**
         * If a write has no reply, the writer runs END at once. The protocol runs END only when the write can no longer
         * take effect.
         */
        END_AT_ONCE_WITHOUT_A_REPLY,
        /**
         * Without the star in a T, END stores the document of a write even if another write took place between its BEGIN
         * and its END.
         */
        NO_STAR_AT_BEGIN,
        /** END does not add the star to the T of another write if Redis has lost its own T. */
        NO_STAR_AT_A_LATE_END,
        /** A reader uses any load in progress, even if the reader did not find the L of this load. */
        LOADS_ARE_SHARED_WITHOUT_A_LEASE
    }

    /** A variant of {@link Script#FILL}. This variant rejects a T, but does not check for the reader's own L. */
    private static final String FILL_WITHOUT_LEASE_CHECK = """
            local value = redis.call('GET', KEYS[1])
            if value and string.sub(value, 1, 1) == 'T' then return 'refused' end
            redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
            return 'done'
            """;

    /** A variant of {@link Script#END} that deletes a T, but neither V nor L. */
    private static final String END_OF_T_ONLY = """
            local value = redis.call('GET', KEYS[1])
            if not value or string.sub(value, 1, 1) ~= 'T' then return 'done' end
            local first, last = string.find(value, ' ' .. ARGV[1], 1, true)
            if not first then return 'done' end
            value = string.sub(value, 1, first - 1) .. string.sub(value, last + 1)
            if #value > 1 then
              redis.call('SET', KEYS[1], value, 'PX', redis.call('PTTL', KEYS[1]))
            else
              redis.call('DEL', KEYS[1])
            end
            return 'done'
            """;

    private static final String STAR_AT_BEGIN =
            "if string.sub(value, 2, 2) ~= '*' then value = 'T*' .. string.sub(value, 2) end";

    private static final String STAR_AT_END = "value = 'T*' .. string.sub(value, 2)";

    private final ScriptedKey key;
    private final Promise promise;
    private final Set<Change> changes;

    private final Field value;
    private final Field stored;
    private final Field acknowledged;
    private final Field lossesLeft;
    private final List<Writer> writers;
    private final List<Reader> readers;

    KeyModel(ScriptedKey key, Promise promise, Set<Change> changes) {
        Layout layout = new Layout();
        this.key = key;
        this.promise = promise;
        this.changes = changes;
        this.value = layout.upTo(255);
        this.stored = layout.upTo(WRITERS);
        this.acknowledged = layout.upTo(WRITERS);
        this.lossesLeft = layout.upTo(LOSSES);
        this.writers = IntStream.range(0, WRITERS)
                .mapToObj(number -> new Writer(number, layout))
                .toList();
        this.readers = IntStream.range(0, READERS)
                .mapToObj(number -> new Reader(number, layout))
                .toList();
    }

    @Override
    public State start() {
        return lossesLeft.set(State.ZEROS, has(Change.REDIS_LOSES_KEYS) ? LOSSES : 0);
    }

    @Override
    public void steps(State state, Steps steps) {
        if (lossesLeft.isSet(state) && value.of(state) != ScriptedKey.ABSENT) {
            State lost = value.set(state, ScriptedKey.ABSENT);
            steps.take("Redis", "loses the key", lossesLeft.set(lost, lossesLeft.of(state) - 1));
        }
        for (Writer writer : writers) {
            writer.steps(state, steps);
        }
        for (Reader reader : readers) {
            reader.steps(state, steps);
        }
        if (mayGetNoReply() && mayExpire(state)) {
            steps.take("the T", "expires", value.set(state, ScriptedKey.ABSENT));
        }
    }

    @Override
    public boolean isBroken(State state) {
        for (Reader reader : readers) {
            if (reader.at(state, Reading.DONE) && reader.result.of(state) < reader.required.of(state)) {
                return true;
            }
        }
        return false;
    }

    private boolean has(Change change) {
        return changes.contains(change);
    }

    private boolean mayGetNoReply() {
        return has(Change.A_WRITE_HAS_NO_REPLY) || has(Change.END_AT_ONCE_WITHOUT_A_REPLY);
    }

    /**
     * Returns whether the value is a T that may expire. A T lasts 5 s and a write takes at most 3 s. Therefore a T does
     * not expire while the write that stored this T is in progress.
     */
    private boolean mayExpire(State state) {
        return key.get(value.of(state)).filter(Entry::isWriting).isPresent()
                && writers.stream()
                        .filter(writer -> key.text(value.of(state)).contains(writer.token))
                        .noneMatch(writer -> writer.mayStillWrite(state));
    }

    /** Returns the oldest version that a read may return if the read begins now. */
    private int requiredNow(State state) {
        int required = acknowledged.of(state);
        if (promise == Promise.AND_NO_READ_GOES_BACK) {
            for (Reader reader : readers) {
                if (reader.at(state, Reading.DONE)) {
                    required = Math.max(required, reader.result.of(state));
                }
            }
        }
        return required;
    }

    /** The next step of a writer. */
    private enum Writing {
        BEGIN,
        STORE,
        END,
        ACKNOWLEDGE,
        AWAIT_STORE,
        LATE_END,
        STORE_AFTER_END,
        DONE
    }

    private final class Writer {
        final String name;
        final String token;
        final boolean first;
        final Choice<Writing> next;
        final Field writtenVersion;
        final Step begin;
        final Step end;
        /** The END of each version that carries the document. */
        final List<Step> storingEnds;

        Writer(int number, Layout layout) {
            this.name = "writer " + (number + 1);
            this.token = "00000000000000f" + number;
            this.first = number == 0;
            this.next = layout.oneOf(Writing.class);
            this.writtenVersion = layout.upTo(WRITERS);
            byte[] mine = RedisScript.bytes(token);
            this.begin = has(Change.NO_BEGIN)
                    ? key.nothing()
                    : key.step(without(Script.BEGIN, STAR_AT_BEGIN, Change.NO_STAR_AT_BEGIN), mine, TTL_MS);
            if (has(Change.NO_END)) {
                this.end = key.nothing();
            } else if (has(Change.END_LEAVES_V_AND_L)) {
                this.end = key.step(END_OF_T_ONLY, mine);
            } else {
                this.end = key.step(Script.END, mine);
            }
            String endWithDocument = without(Script.END, STAR_AT_END, Change.NO_STAR_AT_A_LATE_END);
            boolean stores = !has(Change.NO_END) && !has(Change.END_LEAVES_V_AND_L);
            this.storingEnds = IntStream.rangeClosed(0, WRITERS)
                    .mapToObj(version -> stores
                            ? key.step(endWithDocument, mine, ScriptedKey.document(GENERATION, version), TTL_MS)
                            : end)
                    .toList();
        }

        private String without(RedisScript<byte[]> script, String part, Change change) {
            if (!has(change)) {
                return script.text();
            }
            if (!script.text().contains(part)) {
                throw new IllegalStateException("The script does not contain: " + part);
            }
            return script.text().replace(part, "local unused = 0");
        }

        boolean at(State state, Writing step) {
            return next.of(state) == step;
        }

        boolean mayStillWrite(State state) {
            return at(state, Writing.STORE) || at(state, Writing.AWAIT_STORE);
        }

        void steps(State state, Steps steps) {
            switch (next.of(state)) {
                case BEGIN -> {
                    if (first || !writers.get(0).at(state, Writing.BEGIN)) {
                        steps.take(name, "BEGIN", then(run(begin, state), Writing.STORE));
                    }
                }
                case STORE -> {
                    Writing after = has(Change.ACKNOWLEDGED_BEFORE_END) ? Writing.ACKNOWLEDGE : Writing.END;
                    steps.take(name, "writes", then(write(state), after));
                    if (mayGetNoReply()) {
                        steps.take(name, "gets no reply", then(state, Writing.AWAIT_STORE));
                    }
                }
                case END -> {
                    Writing after = has(Change.ACKNOWLEDGED_BEFORE_END) ? Writing.DONE : Writing.ACKNOWLEDGE;
                    steps.take(name, "END", then(run(end, state), after));
                    Step storing = storingEnds.get(writtenVersion.of(state));
                    steps.take(name, "END with its document", then(run(storing, state), after));
                    if (has(Change.A_WRITER_IS_KILLED_BEFORE_END)) {
                        steps.take(name, "is killed", then(state, Writing.DONE));
                    }
                }
                case ACKNOWLEDGE -> {
                    Writing after = has(Change.ACKNOWLEDGED_BEFORE_END) ? Writing.END : Writing.DONE;
                    int newest = Math.max(acknowledged.of(state), writtenVersion.of(state));
                    steps.take(name, "acknowledges", then(acknowledged.set(state, newest), after));
                }
                case AWAIT_STORE -> {
                    steps.take(name, "has written late", then(write(state), Writing.LATE_END));
                    steps.take(name, "will not have written", then(state, Writing.LATE_END));
                    if (has(Change.END_AT_ONCE_WITHOUT_A_REPLY)) {
                        steps.take(name, "END", then(run(end, state), Writing.STORE_AFTER_END));
                    }
                }
                case LATE_END -> steps.take(name, "END", then(run(end, state), Writing.DONE));
                case STORE_AFTER_END -> steps.take(name, "has written late", then(write(state), Writing.DONE));
                case DONE -> {}
            }
        }

        private State then(State state, Writing step) {
            return next.set(state, step);
        }

        private State run(Step step, State state) {
            return value.set(state, step.after(value.of(state)));
        }

        private State write(State state) {
            int version = stored.of(state) + 1;
            return writtenVersion.set(stored.set(state, version), version);
        }
    }

    /** The next step of a reader. */
    private enum Reading {
        START,
        GET,
        ACQUIRE,
        BYPASS,
        AWAIT_LOAD,
        LOAD,
        FILL,
        DONE
    }

    private final class Reader {
        final int number;
        final String name;
        final Choice<Reading> next;
        final Field required;
        final Field result;
        /** The number of another reader whose load this reader uses. */
        final Field awaited;

        final String token;
        final Step acquire;
        final List<Step> fills;

        Reader(int number, Layout layout) {
            this.number = number;
            this.name = "reader " + (number + 1);
            this.next = layout.oneOf(Reading.class);
            this.required = layout.upTo(WRITERS);
            this.result = layout.upTo(WRITERS);
            this.awaited = layout.upTo(READERS - 1);
            this.token = "00000000000000a" + number;
            byte[] generation = RedisScript.bytes(Long.toString(GENERATION));
            byte[] lease = Entry.loading(GENERATION, token);
            this.acquire = key.step(Script.ACQUIRE, generation, RedisScript.bytes(token), TTL_MS);
            this.fills = IntStream.rangeClosed(0, WRITERS)
                    .mapToObj(version -> ScriptedKey.document(GENERATION, version))
                    .map(document -> has(Change.FILL_IGNORES_ITS_LEASE)
                            ? key.step(FILL_WITHOUT_LEASE_CHECK, lease, document, TTL_MS)
                            : key.step(Script.FILL, lease, document, TTL_MS))
                    .toList();
        }

        boolean at(State state, Reading step) {
            return next.of(state) == step;
        }

        void steps(State state, Steps steps) {
            switch (next.of(state)) {
                case START -> {
                    if (number == 0 || !readers.get(number - 1).at(state, Reading.START)) {
                        State begun = required.set(state, requiredNow(state));
                        steps.take(name, "begins", then(begun, Reading.GET));
                        if (has(Change.LOADS_ARE_SHARED_WITHOUT_A_LEASE)) {
                            awaitLoadOf(loader -> loader.isLoading(state), begun, steps);
                        }
                    }
                }
                case GET -> {
                    steps.take(name, "GET", afterReply(state, found(state), Reading.ACQUIRE));
                    if (has(Change.LOADS_ARE_SHARED)) {
                        awaitLoadOf(loader -> loader.hasItsLeaseIn(state), state, steps);
                    }
                }
                case ACQUIRE -> {
                    Outcome outcome = acquire.from(value.of(state));
                    State after = value.set(state, outcome.after());
                    steps.take(name, "ACQUIRE", afterReply(after, outcome.reply(), Reading.LOAD));
                }
                case BYPASS -> steps.take(name, "reads the store", finish(state, stored.of(state)));
                case AWAIT_LOAD -> {
                    Reader loader = readers.get(awaited.of(state));
                    if (loader.hasLoaded(state)) {
                        steps.take(name, "shares the load", finish(awaited.set(state, 0), loader.result.of(state)));
                    }
                }
                case LOAD -> steps.take(name, "loads", then(result.set(state, stored.of(state)), Reading.FILL));
                case FILL -> {
                    int filled = fills.get(result.of(state)).after(value.of(state));
                    steps.take(name, "FILL", finish(value.set(state, filled), result.of(state)));
                }
                case DONE -> {}
            }
        }

        private void awaitLoadOf(Predicate<Reader> which, State state, Steps steps) {
            readers.stream()
                    .filter(which)
                    .forEach(loader -> steps.take(
                            name,
                            "waits for the load of " + loader.name,
                            then(awaited.set(state, loader.number), Reading.AWAIT_LOAD)));
        }

        private boolean isLoading(State state) {
            return at(state, Reading.LOAD) || at(state, Reading.FILL);
        }

        private boolean hasLoaded(State state) {
            return at(state, Reading.FILL) || at(state, Reading.DONE);
        }

        private boolean hasItsLeaseIn(State state) {
            return key.text(value.of(state)).startsWith("L")
                    && key.text(value.of(state)).endsWith(token);
        }

        private Optional<Entry> found(State state) {
            return key.get(value.of(state)).filter(entry -> entry.isValidIn(GENERATION));
        }

        private State afterReply(State state, Optional<Entry> entry, Reading ifAbsent) {
            if (entry.isEmpty()) {
                return then(state, ifAbsent);
            }
            return entry.get().isDocument()
                    ? finish(state, ScriptedKey.version(entry.get()))
                    : then(state, Reading.BYPASS);
        }

        private State finish(State state, int version) {
            return then(result.set(state, version), Reading.DONE);
        }

        private State then(State state, Reading step) {
            return next.set(state, step);
        }
    }
}
