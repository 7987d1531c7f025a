package org.gatehouse.cache;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.gatehouse.cache.ScriptedKey.Outcome;
import org.gatehouse.cache.ScriptedKey.Step;
import org.gatehouse.cache.State.Choice;
import org.gatehouse.cache.State.Field;
import org.gatehouse.cache.State.Layout;
import org.gatehouse.store.RedisScript;

/**
 * Models one key, one write, and two nodes that read repeatedly. Each node may hold a lease on the generation. The
 * first node writes. Redis may restart, be replaced or become unreachable. The nodes follow {@link DocumentCache} and
 * {@link Generation}. {@code docs/caching.md} explains V, L, T, the scripts and the generation.
 *
 * <p>The model has no clock. Events that depend on time may happen at any moment, except where the code makes an event
 * impossible. Therefore the model contains every sequence of events that a clock permits, and others. These rules
 * apply:
 *
 * <ul>
 *   <li>A lease expires or is renewed at any moment.
 *   <li>{@code outlived} is a generation. Two seconds have passed since the increment to this generation, so leases on
 *       older generations have expired. Therefore {@code outlived} increases only when no node holds a lease on an
 *       older generation.
 *   <li>A late reply of MongoDB may grant a lease on an older generation, but not on a generation before
 *       {@code outlived}.
 *   <li>In the code, a node waits two seconds after it increments the generation or first sees a new one. In the model,
 *       the node waits until {@code outlived} has reached the generation.
 *   <li>A write takes at most three seconds. Therefore, if a write begins within two seconds after an increment, the
 *       write ends within five seconds after that increment. In the code, a node does not fill during these five
 *       seconds. In the model, the node does not fill while such a write is in progress.
 *   <li>A T outlives its write, because a T lasts five seconds. L and V may expire at any moment.
 *   <li>An outstanding command may be executed late, even after its connection has broken, or it may never be executed.
 * </ul>
 */
final class GenerationModel implements Model {
    private static final int NODES = 2;
    private static final int GENERATIONS = 3;
    private static final int RUNS = 2;
    private static final byte[] TTL_MS = RedisScript.bytes("5000");

    /** The promises to check. */
    enum Promise {
        /** Before a read began, a write was acknowledged. The read must return this write. */
        ACKNOWLEDGED_IS_SEEN,

        /** Before a read began, another read ended and returned a write. The new read must return this write, too. */
        AND_NO_READ_GOES_BACK,

        /** A valid entry contains the last write, unless a write is in progress or an increment is due. */
        NO_STALE_ENTRY_STAYS
    }

    /** Additional events, and faults in the protocol. */
    enum Change {
        LINKS_BREAK,
        REDIS_RESTARTS,
        /** The new Redis begins with an earlier value of the key. Without this change, the new Redis is empty. */
        FROM_A_SNAPSHOT,
        /**
         * A second Redis replaces the first one. The first Redis continues to serve the nodes that are still connected
         * to it.
         */
        THE_OLD_REDIS_STAYS_UP,
        /** A node that has lost its connection to the first Redis may connect to the first Redis again. */
        THE_OLD_REDIS_IS_FOUND_TOO,
        REDIS_LOSES_THE_KEY,
        A_WRITE_HAS_NO_REPLY,
        /** The writer is killed after its BEGIN. */
        THE_WRITER_IS_KILLED,
        A_WRITE_OUTLASTS_ITS_MARK,
        AN_INCREMENT_FAILS,

        NO_GENERATION_IN_THE_VALUE,
        NO_WAIT_AFTER_AN_INCREMENT,
        NO_QUARANTINE_FOR_HITS,
        NO_QUARANTINE_FOR_ACKNOWLEDGEMENTS,
        NO_QUARANTINE_FOR_FILLS,
        NO_FILL_QUARANTINE_BEFORE_THE_LOAD,
        ACKNOWLEDGED_WITHOUT_A_LEASE,
        ACKNOWLEDGED_UNDER_ANOTHER_RUN,
        LEASED_FROM_AN_OLD_READ,
        INCREMENTED_FROM_AN_OLD_READ,
        LAST_END_SENT_TO_ANY_REDIS,
        NO_INCREMENT_AFTER_AN_UNREPORTED_LAST_END
    }

    private final ScriptedKey key;
    private final Promise promise;
    private final Set<Change> changes;
    private final int maxIncrements;

    private final Field stored;
    private final Field required;
    private final Field broken;
    private final Field generation;
    private final Field outlived;
    private final List<Field> namedRun;
    private final List<Run> runs;
    private final Field snapshot;
    private final Field snapshotTaken;
    private final Field lost;
    private final List<Node> nodes;
    private final List<Reader> readers;
    private final Writer writer;

    /**
     * @param readers the number of nodes that read, 1 or 2; a single reader is not the node that writes
     * @param maxIncrements the maximum number of increments of the generation, at most 2
     */
    GenerationModel(ScriptedKey key, Promise promise, Set<Change> changes, int readers, int maxIncrements) {
        this.key = key;
        this.promise = promise;
        this.changes = changes;
        this.maxIncrements = maxIncrements;
        Layout layout = new Layout();
        this.stored = layout.flag();
        this.required = layout.flag();
        this.broken = layout.flag();
        this.generation = layout.upTo(GENERATIONS - 1);
        this.outlived = layout.upTo(GENERATIONS - 1);
        this.namedRun = IntStream.range(0, GENERATIONS)
                .mapToObj(each -> layout.upTo(RUNS - 1))
                .toList();
        this.runs = IntStream.range(0, RUNS)
                .mapToObj(number -> new Run(number, layout))
                .toList();
        this.snapshot = layout.upTo(63);
        this.snapshotTaken = layout.flag();
        this.lost = layout.flag();
        this.nodes = IntStream.range(0, NODES)
                .mapToObj(number -> new Node(number, layout))
                .toList();
        this.writer = new Writer(nodes.get(0), layout);
        this.readers = nodes.stream()
                .skip(NODES - readers)
                .map(node -> new Reader(node, layout))
                .toList();
    }

    @Override
    public State start() {
        State state = runs.get(0).alive.set(State.ZEROS, 1);
        for (Node node : nodes) {
            state = node.leased.set(node.link.set(state, 1), 1);
        }
        return state;
    }

    @Override
    public boolean isBroken(State state) {
        return broken.isSet(state) || (promise == Promise.NO_STALE_ENTRY_STAYS && hasStaleEntry(state));
    }

    private boolean hasStaleEntry(State state) {
        int present = generation.of(state);
        Run run = runs.get(namedRun.get(present).of(state));
        boolean incrementIsDue = nodes.stream().anyMatch(node -> node.isLinkedElsewhere(state, present));
        return !incrementIsDue
                && writer.next.of(state) == Writing.DONE
                && stored.isSet(state)
                && run.alive.isSet(state)
                && key.get(run.value.of(state))
                        .filter(entry -> entry.isDocument()
                                && entry.isValidIn(number(present))
                                && ScriptedKey.version(entry) == 0)
                        .isPresent();
    }

    @Override
    public void steps(State state, Steps steps) {
        replaceRedis(state, steps);
        for (Run run : runs) {
            run.steps(state, steps);
        }
        for (Node node : nodes) {
            node.steps(state, steps);
        }
        int next = outlived.of(state) + 1;
        if (next <= generation.of(state) && nodes.stream().noneMatch(node -> node.holdsOlder(state, next))) {
            steps.take("two seconds", "pass since the increment to " + next, outlived.set(state, next));
        }
        writer.steps(state, steps);
        for (Reader reader : readers) {
            reader.steps(state, steps);
        }
    }

    private void replaceRedis(State state, Steps steps) {
        Run first = runs.get(0);
        Run second = runs.get(1);
        boolean once = !second.alive.isSet(state);
        if (has(Change.FROM_A_SNAPSHOT) && once && !snapshotTaken.isSet(state)) {
            int value = first.value.of(state);
            steps.take("a snapshot", "is taken", snapshotTaken.set(snapshot.set(state, value), 1));
        }
        if (!once) {
            return;
        }
        State begun = second.value.set(second.alive.set(state, 1), snapshot.of(state));
        begun = snapshotTaken.set(snapshot.set(begun, 0), 0);
        if (has(Change.THE_OLD_REDIS_STAYS_UP)) {
            steps.take("another Redis", "takes over", begun);
        }
        if (has(Change.REDIS_RESTARTS)) {
            State restarted = first.value.set(first.alive.set(begun, 0), ScriptedKey.ABSENT);
            for (Node node : nodes) {
                restarted = node.link.set(restarted, 0);
            }
            steps.take("Redis", "restarts", restarted);
        }
    }

    private boolean has(Change change) {
        return changes.contains(change);
    }

    /** Returns the generation that a node writes into a value. */
    private long number(int generationSeen) {
        return has(Change.NO_GENERATION_IN_THE_VALUE) ? 0 : generationSeen + 1L;
    }

    /** One run of a Redis server, from its start to its end, with the only key of the model. */
    private final class Run {
        final String name;
        final Field alive;
        final Field value;

        Run(int number, Layout layout) {
            this.name = "Redis " + (number + 1);
            this.alive = layout.flag();
            this.value = layout.upTo(63);
        }

        void steps(State state, Steps steps) {
            int content = value.of(state);
            if (content == ScriptedKey.ABSENT) {
                return;
            }
            boolean marked = key.get(content).filter(Entry::isWriting).isPresent();
            if (!marked || !writer.mayStillWrite(state) || has(Change.A_WRITE_OUTLASTS_ITS_MARK)) {
                steps.take(name, "expires the key", value.set(state, ScriptedKey.ABSENT));
            } else if (has(Change.REDIS_LOSES_THE_KEY) && !lost.isSet(state)) {
                steps.take(name, "loses the key", lost.set(value.set(state, ScriptedKey.ABSENT), 1));
            }
        }

        State run(Step step, State state) {
            return value.set(state, step.after(value.of(state)));
        }
    }

    /**
     * A node with its connection and its lease. {@code link} is 0 if the node is not connected. Otherwise {@code link}
     * is the number of the run plus one.
     */
    private final class Node {
        final int number;
        final String name;
        final Field link;
        final Field seen;
        final Field leased;

        Node(int number, Layout layout) {
            this.number = number;
            this.name = "node " + (number + 1);
            this.link = layout.upTo(RUNS);
            this.seen = layout.upTo(GENERATIONS - 1);
            this.leased = layout.flag();
        }

        boolean holdsOlder(State state, int than) {
            return leased.isSet(state) && seen.of(state) < than;
        }

        /**
         * Returns whether the lease is valid and the leased generation names the run to which the node is connected.
         */
        boolean mayUseRedis(State state) {
            return leased.isSet(state) && isLinkedAsNamed(state);
        }

        boolean isLinkedAsNamed(State state) {
            return link.of(state) == 1 + namedRun.get(seen.of(state)).of(state);
        }

        /** Returns whether the node is connected to a run that the given generation does not name. */
        boolean isLinkedElsewhere(State state, int than) {
            return link.isSet(state) && link.of(state) != 1 + namedRun.get(than).of(state);
        }

        boolean isSettled(State state) {
            return outlived.of(state) >= seen.of(state);
        }

        void steps(State state, Steps steps) {
            if (leased.isSet(state)) {
                steps.take(name, "loses its lease", leased.set(state, 0));
            }
            if (link.isSet(state)) {
                if (has(Change.LINKS_BREAK) || has(Change.THE_OLD_REDIS_STAYS_UP)) {
                    steps.take(name, "loses its link", link.set(state, 0));
                }
            } else {
                boolean replaced = runs.get(1).alive.isSet(state);
                if (!replaced || has(Change.THE_OLD_REDIS_IS_FOUND_TOO)) {
                    findRedis(state, steps, 0);
                }
                if (replaced) {
                    findRedis(state, steps, 1);
                }
            }
            refresh(state, steps);
        }

        private void findRedis(State state, Steps steps, int run) {
            if (runs.get(run).alive.isSet(state)) {
                steps.take(name, "finds " + runs.get(run).name, link.set(state, run + 1));
            }
        }

        /**
         * See {@code Generation.refresh}. An increment from an old generation has no effect, so the model omits such an
         * increment.
         */
        private void refresh(State state, Steps steps) {
            int oldest = has(Change.LEASED_FROM_AN_OLD_READ) ? 0 : outlived.of(state);
            for (int found = Math.max(seen.of(state), oldest); found <= generation.of(state); found++) {
                if (!isLinkedElsewhere(state, found)) {
                    steps.take(name, "holds a lease on generation " + found, leased.set(seen.set(state, found), 1));
                } else if (found == generation.of(state) && found < maxIncrements) {
                    steps.take(name, "increments for another run", incremented(state, found));
                }
            }
        }

        /** Returns the state after this node has incremented the given generation. */
        State incremented(State state, int found) {
            int run =
                    link.isSet(state) ? link.of(state) - 1 : namedRun.get(found).of(state);
            return namedRun.get(found + 1).set(generation.set(state, found + 1), run);
        }
    }

    /** The next step of the writer. See {@code CacheWriter.write}. */
    private enum Writing {
        BEGIN,
        STORE,
        END,
        SETTLE,
        ACKNOWLEDGE,
        FIND,
        INCREMENT,
        AWAIT_LEASES,
        AWAIT_STORE,
        LAST_END,
        LAST_FIND,
        LAST_INCREMENT,
        DONE
    }

    private final class Writer {
        private static final String NAME = "the writer";

        final Node node;
        final Choice<Writing> next;
        /** The number of the run that executed the BEGIN, plus one. The value is 0 if no run executed the BEGIN. */
        final Field beganOn;
        /** The value of {@code outlived} when the write began. */
        final Field begun;

        final Field found;
        final Step begin;
        final Step end;

        Writer(Node node, Layout layout) {
            this.node = node;
            this.next = layout.oneOf(Writing.class);
            this.beganOn = layout.upTo(RUNS);
            this.begun = layout.upTo(GENERATIONS - 1);
            this.found = layout.upTo(GENERATIONS - 1);
            byte[] token = RedisScript.bytes("00000000000000f1");
            this.begin = key.step(Script.BEGIN, token, TTL_MS);
            this.end = key.step(Script.END, token);
        }

        boolean mayStillWrite(State state) {
            return next.of(state) == Writing.STORE || next.of(state) == Writing.AWAIT_STORE;
        }

        /** Returns whether a write is in progress that began before {@code outlived} reached this generation. */
        boolean beganBefore(State state, int generationSeen) {
            return mayStillWrite(state) && begun.of(state) < generationSeen;
        }

        void steps(State state, Steps steps) {
            switch (next.of(state)) {
                case BEGIN -> begin(begun.set(state, outlived.of(state)), steps);
                case STORE -> {
                    steps.take(NAME, "writes", then(stored.set(state, 1), Writing.END));
                    if (has(Change.A_WRITE_HAS_NO_REPLY)) {
                        steps.take(NAME, "gets no reply", then(state, Writing.AWAIT_STORE));
                    }
                }
                case END -> end(state, steps);
                case SETTLE -> settle(state, steps);
                case ACKNOWLEDGE -> steps.take(NAME, "acknowledges", then(required.set(state, 1), Writing.DONE));
                case FIND -> find(state, steps, Writing.INCREMENT);
                case INCREMENT -> increment(state, steps, Writing.AWAIT_LEASES);
                case AWAIT_LEASES -> {
                    if (outlived.of(state) > found.of(state) || has(Change.NO_WAIT_AFTER_AN_INCREMENT)) {
                        steps.take(NAME, "acknowledges", done(required.set(state, 1)));
                    }
                }
                case AWAIT_STORE -> {
                    steps.take(NAME, "has written late", then(stored.set(state, 1), Writing.LAST_END));
                    steps.take(NAME, "will not have written", then(state, Writing.LAST_END));
                }
                case LAST_END -> lastEnd(state, steps);
                case LAST_FIND -> find(state, steps, Writing.LAST_INCREMENT);
                case LAST_INCREMENT -> increment(state, steps, Writing.DONE);
                case DONE -> {}
            }
            if (has(Change.THE_WRITER_IS_KILLED) && beganOn.isSet(state) && next.of(state) != Writing.DONE) {
                steps.take(NAME, "is killed", done(state));
            }
        }

        private void begin(State state, Steps steps) {
            int link = node.link.of(state);
            if (link == 0 || has(Change.LINKS_BREAK)) {
                steps.take(NAME, "cannot reach Redis", then(state, Writing.STORE));
            }
            if (link != 0) {
                State marked = runs.get(link - 1).run(begin, state);
                steps.take(NAME, "BEGIN", then(beganOn.set(marked, link), Writing.STORE));
                if (has(Change.LINKS_BREAK)) {
                    steps.take(NAME, "BEGIN, no reply", then(marked, Writing.STORE));
                }
            }
        }

        private void end(State state, Steps steps) {
            int link = beganOn.of(state);
            boolean linked = link != 0 && link == node.link.of(state);
            if (linked) {
                State ended = runs.get(link - 1).run(end, state);
                steps.take(NAME, "END", then(ended, Writing.SETTLE));
                if (has(Change.LINKS_BREAK)) {
                    steps.take(NAME, "END, no reply", then(beganOn.set(ended, 0), Writing.FIND));
                }
            }
            if (!linked || has(Change.LINKS_BREAK)) {
                steps.take(NAME, "cannot END", then(beganOn.set(state, 0), Writing.FIND));
            }
        }

        private void settle(State state, Steps steps) {
            boolean leased = node.leased.isSet(state) || has(Change.ACKNOWLEDGED_WITHOUT_A_LEASE);
            boolean settled = node.isSettled(state) || has(Change.NO_QUARANTINE_FOR_ACKNOWLEDGEMENTS);
            boolean linked = node.link.of(state) == beganOn.of(state) && node.isLinkedAsNamed(state);
            if (leased && settled && (linked || has(Change.ACKNOWLEDGED_UNDER_ANOTHER_RUN))) {
                steps.take(NAME, "may acknowledge", then(beganOn.set(state, 0), Writing.ACKNOWLEDGE));
            } else {
                steps.take(NAME, "does not settle", then(beganOn.set(state, 0), Writing.FIND));
            }
        }

        private void find(State state, Steps steps, Writing after) {
            int oldest = has(Change.INCREMENTED_FROM_AN_OLD_READ) ? 0 : generation.of(state);
            for (int seen = oldest; seen <= generation.of(state); seen++) {
                steps.take(NAME, "finds generation " + seen, then(found.set(state, seen), after));
            }
        }

        private void increment(State state, Steps steps, Writing after) {
            int seen = found.of(state);
            if (has(Change.AN_INCREMENT_FAILS)) {
                steps.take(NAME, "cannot increment", done(state));
            }
            if (seen != generation.of(state)) {
                steps.take(NAME, "increments too late", then(state, after));
            } else if (seen < maxIncrements) {
                steps.take(NAME, "increments", then(node.incremented(state, seen), after));
            }
        }

        private void lastEnd(State state, Steps steps) {
            int link = node.link.of(state);
            if (link != 0) {
                State ended = runs.get(link - 1).run(end, state);
                boolean enough = node.mayUseRedis(state) || has(Change.LAST_END_SENT_TO_ANY_REDIS);
                steps.take(NAME, "END at last", enough ? done(ended) : then(ended, Writing.LAST_FIND));
            }
            if (link == 0 || has(Change.LINKS_BREAK)) {
                boolean increments = !has(Change.NO_INCREMENT_AFTER_AN_UNREPORTED_LAST_END);
                steps.take(NAME, "cannot END at last", increments ? then(state, Writing.LAST_FIND) : done(state));
            }
        }

        private State then(State state, Writing step) {
            return step == Writing.DONE ? done(state) : next.set(state, step);
        }

        /** Ends the write and clears the writer's fields. States that differ only in these fields then become equal. */
        private State done(State state) {
            State cleared = found.set(begun.set(beganOn.set(state, 0), 0), 0);
            return next.set(cleared, Writing.DONE);
        }
    }

    /** The next step of a reader. See {@code DocumentCache.getAsync}. */
    private enum Reading {
        START,
        GET,
        ACQUIRE,
        BYPASS,
        LOAD,
        CHECK_AGAIN,
        FILL
    }

    private final class Reader {
        final Node node;
        final String name;
        final Choice<Reading> next;
        final Field permittedGeneration;
        final Field link;
        final Field mustSee;
        final Field result;
        final List<Step> acquires;
        final List<List<Step>> fills;

        Reader(Node node, Layout layout) {
            this.node = node;
            this.name = "reader " + (node.number + 1);
            this.next = layout.oneOf(Reading.class);
            this.permittedGeneration = layout.upTo(GENERATIONS - 1);
            this.link = layout.upTo(RUNS);
            this.mustSee = layout.flag();
            this.result = layout.flag();
            String token = "00000000000000a" + node.number;
            this.acquires = IntStream.range(0, GENERATIONS)
                    .mapToObj(seen -> key.step(
                            Script.ACQUIRE,
                            RedisScript.bytes(Long.toString(number(seen))),
                            RedisScript.bytes(token),
                            TTL_MS))
                    .toList();
            this.fills = IntStream.range(0, GENERATIONS)
                    .mapToObj(seen -> IntStream.range(0, 2)
                            .mapToObj(version -> key.step(
                                    Script.FILL,
                                    Entry.loading(number(seen), token),
                                    ScriptedKey.document(number(seen), version),
                                    TTL_MS))
                            .toList())
                    .toList();
        }

        void steps(State state, Steps steps) {
            switch (next.of(state)) {
                case START -> begin(mustSee.set(state, required.of(state)), steps);
                case GET -> {
                    if (isLinked(state)) {
                        steps.take(name, "GET", afterReply(state, found(state), mayLoad(state)));
                    }
                    giveUp(state, steps);
                }
                case ACQUIRE -> {
                    if (isLinked(state)) {
                        Run run = run(state);
                        Outcome outcome =
                                acquires.get(permittedGeneration.of(state)).from(run.value.of(state));
                        State after = run.value.set(state, outcome.after());
                        steps.take(name, "ACQUIRE", afterReply(after, outcome.reply(), next.set(after, Reading.LOAD)));
                        if (has(Change.LINKS_BREAK)) {
                            steps.take(name, "ACQUIRE, no reply", bypass(after));
                        }
                    }
                    giveUp(state, steps);
                }
                case BYPASS -> steps.take(name, "reads the store", finish(state, stored.of(state)));
                case LOAD -> {
                    State loaded = result.set(state, stored.of(state));
                    steps.take(name, "loads", next.set(loaded, Reading.CHECK_AGAIN));
                }
                case CHECK_AGAIN -> {
                    State finished = finish(state, result.of(state));
                    boolean fills = isStillPermitted(state) && mayFill(state);
                    steps.take(name, "checks again", fills ? awaitFill(finished, state) : finished);
                }
                case FILL -> {
                    Run run = run(state);
                    if (run.alive.isSet(state)) {
                        Step fill = fills.get(permittedGeneration.of(state)).get(result.of(state));
                        steps.take(name, "FILL", clear(run.run(fill, state)));
                    }
                    if (!run.alive.isSet(state) || !isLinked(state) || has(Change.LINKS_BREAK)) {
                        steps.take(name, "cannot FILL", clear(state));
                    }
                }
            }
        }

        private void begin(State state, Steps steps) {
            boolean settled = node.isSettled(state) || has(Change.NO_QUARANTINE_FOR_HITS);
            if (node.mayUseRedis(state) && settled) {
                State permit = permittedGeneration.set(link.set(state, node.link.of(state)), node.seen.of(state));
                steps.take(name, "begins", next.set(permit, Reading.GET));
            } else {
                steps.take(name, "begins without a permit", next.set(state, Reading.BYPASS));
            }
        }

        private void giveUp(State state, Steps steps) {
            if (!isLinked(state) || has(Change.LINKS_BREAK)) {
                steps.take(name, "gets no reply", bypass(state));
            }
        }

        private Optional<Entry> found(State state) {
            Optional<Entry> entry = key.get(run(state).value.of(state));
            return entry.filter(value -> value.isValidIn(number(permittedGeneration.of(state))));
        }

        /**
         * Before the load, a node checks whether it may fill. Otherwise it could fill later with a document that is
         * already stale.
         */
        private State mayLoad(State state) {
            boolean mayLoad = mayFill(state) || has(Change.NO_FILL_QUARANTINE_BEFORE_THE_LOAD);
            return mayLoad ? next.set(state, Reading.ACQUIRE) : bypass(state);
        }

        private State afterReply(State state, Optional<Entry> entry, State ifAbsent) {
            if (entry.isEmpty()) {
                return ifAbsent;
            }
            return entry.get().isDocument() ? finish(state, ScriptedKey.version(entry.get())) : bypass(state);
        }

        private boolean isLinked(State state) {
            return node.link.of(state) == link.of(state);
        }

        private boolean isStillPermitted(State state) {
            return node.mayUseRedis(state)
                    && isLinked(state)
                    && node.seen.of(state) == permittedGeneration.of(state)
                    && (node.isSettled(state) || has(Change.NO_QUARANTINE_FOR_HITS));
        }

        private boolean mayFill(State state) {
            return has(Change.NO_QUARANTINE_FOR_FILLS)
                    || has(Change.A_WRITE_OUTLASTS_ITS_MARK)
                    || !writer.beganBefore(state, permittedGeneration.of(state));
        }

        private Run run(State state) {
            return runs.get(link.of(state) - 1);
        }

        private State bypass(State state) {
            return next.set(permittedGeneration.set(link.set(state, 0), 0), Reading.BYPASS);
        }

        private State finish(State state, int version) {
            State after = clear(state);
            if (version < mustSee.of(state)) {
                after = broken.set(after, 1);
            }
            if (version == 1 && promise == Promise.AND_NO_READ_GOES_BACK) {
                after = required.set(after, 1);
            }
            return after;
        }

        /** Returns the state in which the read has ended but its FILL is outstanding. */
        private State awaitFill(State finished, State before) {
            State linked = link.set(finished, link.of(before));
            State outstanding = permittedGeneration.set(linked, permittedGeneration.of(before));
            return next.set(result.set(outstanding, result.of(before)), Reading.FILL);
        }

        private State clear(State state) {
            State cleared = permittedGeneration.set(link.set(state, 0), 0);
            return next.set(result.set(mustSee.set(cleared, 0), 0), Reading.START);
        }
    }
}
