package org.gatehouse.cache;

import java.nio.charset.StandardCharsets;
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
 * One key, two nodes that each hold a lease on the generation and read repeatedly, one write through the first node,
 * and a Redis that restarts, is replaced or cannot be reached. The nodes act like {@link DocumentCache} and
 * {@link Generation}.
 *
 * <p>There is no clock. Events that depend on time may happen in the model at any moment, unless the code rules them
 * out. Therefore the model includes everything that can happen with a clock, and more:
 *
 * <ul>
 *   <li>A lease expires or is renewed at any moment.
 *   <li>{@code outlived}: generations older than this one have ended, because two seconds have passed since the
 *       increment that followed them. It increases only if no lease on them is left. From then on, no outstanding reply
 *       of MongoDB grants a new lease on them; until then, any such reply may arrive. If the code waits for two
 *       seconds, after an increment or in a new generation, the model waits for this.
 *   <li>A write that began before the predecessors of its generation were outlived has ended five seconds after the
 *       increment, because writes are limited to three seconds. Therefore a node that does not fill for five seconds
 *       waits until no such write is in progress. For the same reason a T does not expire before its write has ended; L
 *       and V expire at any moment.
 *   <li>An outstanding command may be executed late, or never, even if its connection has broken.
 * </ul>
 */
final class GenerationModel implements Model {
    private static final int NODES = 2;
    private static final int GENERATIONS = 3;
    private static final int RUNS = 2;
    private static final byte[] LIFE_MS = RedisScript.bytes("5000");

    /** The promises to check. */
    enum Promise {
        /** A read sees each write that was acknowledged before it began. */
        ACKNOWLEDGED_IS_SEEN,

        /** A read also sees each write that was seen by a read that ended before it began. */
        AND_NO_READ_GOES_BACK,

        /** When no write is in progress and no increment is due, the valid entry is not older than the last write. */
        NOTHING_OLD_STAYS
    }

    /** Additional events, and faults in the protocol. */
    enum Change {
        LINKS_BREAK,
        REDIS_RESTARTS,
        /** With an earlier value of the key instead of empty. */
        FROM_A_SNAPSHOT,
        /** Replaces the first Redis, which continues to serve the nodes that are still connected to it. */
        THE_OLD_REDIS_LIVES_ON,
        /** A node that has lost its connection may connect to it again. */
        THE_OLD_REDIS_IS_FOUND_TOO,
        REDIS_LOSES_THE_KEY,
        A_WRITE_HAS_NO_ANSWER,
        /** After the write was announced in Redis. */
        THE_WRITER_IS_KILLED,
        A_WRITE_OUTLASTS_ITS_MARK,
        AN_INCREMENT_FAILS,

        NO_GENERATION_IN_THE_VALUE,
        NO_WAIT_AFTER_AN_INCREMENT,
        NO_QUARANTINE_FOR_HITS,
        NO_QUARANTINE_FOR_ACKNOWLEDGEMENTS,
        NO_QUARANTINE_FOR_FILLS,
        FILL_QUARANTINE_NOT_ASKED_BEFORE_THE_LOAD,
        ACKNOWLEDGED_WITHOUT_A_LEASE,
        ACKNOWLEDGED_UNDER_ANOTHER_RUN,
        LEASED_FROM_AN_OLD_READ,
        INCREMENTED_FROM_AN_OLD_READ,
        LAST_END_TOLD_TO_ANY_REDIS,
        NO_INCREMENT_AFTER_AN_UNREPORTED_LAST_END
    }

    private final ScriptedKey key;
    private final Promise promise;
    private final Set<Change> changes;
    private final int raises;

    private final Field stored;
    private final Field owed;
    private final Field broken;
    private final Field generation;
    private final Field outlived;
    private final List<Field> named;
    private final List<Run> runs;
    private final Field snapshot;
    private final Field snapshotTaken;
    private final Field lost;
    private final List<Node> nodes;
    private final List<Reader> readers;
    private final Writer writer;

    /**
     * @param readers the number of nodes that read, counted from the last; the first node writes
     * @param raises how often the generation may be incremented, at most twice
     */
    GenerationModel(ScriptedKey key, Promise promise, Set<Change> changes, int readers, int raises) {
        this.key = key;
        this.promise = promise;
        this.changes = changes;
        this.raises = raises;
        Layout layout = new Layout();
        this.stored = layout.flag();
        this.owed = layout.flag();
        this.broken = layout.flag();
        this.generation = layout.upTo(GENERATIONS - 1);
        this.outlived = layout.upTo(GENERATIONS - 1);
        this.named = IntStream.range(0, GENERATIONS)
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
        return broken.isSet(state) || (promise == Promise.NOTHING_OLD_STAYS && oldStays(state));
    }

    private boolean oldStays(State state) {
        int present = generation.of(state);
        Run run = runs.get(named.get(present).of(state));
        boolean incrementIsDue = nodes.stream().anyMatch(node -> node.isElsewhere(state, present));
        return !incrementIsDue
                && writer.next.of(state) == Writing.DONE
                && stored.isSet(state)
                && run.alive.isSet(state)
                && key.get(run.held.of(state))
                        .filter(entry -> entry.isDocument() && entry.isValidIn(number(present)) && version(entry) == 0)
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
            steps.take("two seconds", "pass since the raise to " + next, outlived.set(state, next));
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
        if (does(Change.FROM_A_SNAPSHOT) && once && !snapshotTaken.isSet(state)) {
            int held = first.held.of(state);
            steps.take("a snapshot", "is taken", snapshotTaken.set(snapshot.set(state, held), 1));
        }
        if (!once) {
            return;
        }
        State begun = second.held.set(second.alive.set(state, 1), snapshot.of(state));
        begun = snapshotTaken.set(snapshot.set(begun, 0), 0);
        if (does(Change.THE_OLD_REDIS_LIVES_ON)) {
            steps.take("another Redis", "takes over", begun);
        }
        if (does(Change.REDIS_RESTARTS)) {
            State restarted = first.held.set(first.alive.set(begun, 0), ScriptedKey.ABSENT);
            for (Node node : nodes) {
                restarted = node.link.set(restarted, 0);
            }
            steps.take("Redis", "restarts", restarted);
        }
    }

    private boolean does(Change change) {
        return changes.contains(change);
    }

    /** The generation that is written into a value. */
    private long number(int generationSeen) {
        return does(Change.NO_GENERATION_IN_THE_VALUE) ? 0 : generationSeen + 1L;
    }

    private byte[] document(int generationSeen, int version) {
        byte[] content = RedisScript.bytes(Integer.toString(version));
        return Entry.document(number(generationSeen), version, Optional.of(content));
    }

    private static int version(Entry document) {
        return Integer.parseInt(new String(document.content(), StandardCharsets.UTF_8));
    }

    /** One run of a Redis server, with its only key. */
    private final class Run {
        final String name;
        final Field alive;
        final Field held;

        Run(int number, Layout layout) {
            this.name = "Redis " + (number + 1);
            this.alive = layout.flag();
            this.held = layout.upTo(63);
        }

        void steps(State state, Steps steps) {
            int content = held.of(state);
            if (content == ScriptedKey.ABSENT) {
                return;
            }
            boolean marked = key.get(content).filter(Entry::isWriting).isPresent();
            if (!marked || !writer.mayStillWrite(state) || does(Change.A_WRITE_OUTLASTS_ITS_MARK)) {
                steps.take(name, "lets the key run out", held.set(state, ScriptedKey.ABSENT));
            } else if (does(Change.REDIS_LOSES_THE_KEY) && !lost.isSet(state)) {
                steps.take(name, "loses the key", lost.set(held.set(state, ScriptedKey.ABSENT), 1));
            }
        }

        State run(Step step, State state) {
            return held.set(state, step.after(held.of(state)));
        }
    }

    /** The knowledge of a node: its connection (0: none, otherwise the number of the run plus one) and its lease. */
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

        /** Whether the lease is valid and names the Redis that the node is connected to. */
        boolean isAtHome(State state) {
            return leased.isSet(state) && isLinkedAsNamed(state);
        }

        boolean isLinkedAsNamed(State state) {
            return link.of(state) == 1 + named.get(seen.of(state)).of(state);
        }

        /** Whether the generation names another Redis than the connected one; the node detects it in half a second. */
        boolean isElsewhere(State state, int than) {
            return link.isSet(state) && link.of(state) != 1 + named.get(than).of(state);
        }

        boolean isSettled(State state) {
            return outlived.of(state) >= seen.of(state);
        }

        void steps(State state, Steps steps) {
            if (leased.isSet(state)) {
                steps.take(name, "holds no lease any more", leased.set(state, 0));
            }
            if (link.isSet(state)) {
                if (does(Change.LINKS_BREAK) || does(Change.THE_OLD_REDIS_LIVES_ON)) {
                    steps.take(name, "loses its link", link.set(state, 0));
                }
            } else {
                boolean replaced = runs.get(1).alive.isSet(state);
                if (!replaced || does(Change.THE_OLD_REDIS_IS_FOUND_TOO)) {
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

        /** See {@code Generation.refresh}; an increment that is too late has no effect. */
        private void refresh(State state, Steps steps) {
            int oldest = does(Change.LEASED_FROM_AN_OLD_READ) ? 0 : outlived.of(state);
            for (int found = Math.max(seen.of(state), oldest); found <= generation.of(state); found++) {
                if (!isElsewhere(state, found)) {
                    steps.take(name, "holds a lease on generation " + found, leased.set(seen.set(state, found), 1));
                } else if (found == generation.of(state) && found < raises) {
                    steps.take(name, "raises for another run", raised(state, found));
                }
            }
        }

        /** The document in MongoDB after this node has incremented the generation that it found. */
        State raised(State state, int found) {
            int run = link.isSet(state) ? link.of(state) - 1 : named.get(found).of(state);
            return named.get(found + 1).set(generation.set(state, found + 1), run);
        }
    }

    /** The next step of the writer; see {@code DocumentCache.write}. */
    private enum Writing {
        BEGIN,
        STORE,
        END,
        SETTLE,
        ACKNOWLEDGE,
        FIND,
        RAISE,
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
        /** The run that executed the BEGIN, numbered like the connection of a node. */
        final Field told;
        /** The value of {@code outlived} when the write began. */
        final Field begun;

        final Field found;
        final Step begin;
        final Step end;

        Writer(Node node, Layout layout) {
            this.node = node;
            this.next = layout.oneOf(Writing.class);
            this.told = layout.upTo(RUNS);
            this.begun = layout.upTo(GENERATIONS - 1);
            this.found = layout.upTo(GENERATIONS - 1);
            byte[] token = RedisScript.bytes("00000000000000f1");
            this.begin = key.step(Script.BEGIN, token, LIFE_MS);
            this.end = key.step(Script.END, token);
        }

        boolean mayStillWrite(State state) {
            return next.of(state) == Writing.STORE || next.of(state) == Writing.AWAIT_STORE;
        }

        /** Whether a write is in progress that is unknown to a node that fills in this generation. */
        boolean beganBefore(State state, int generationSeen) {
            return mayStillWrite(state) && begun.of(state) < generationSeen;
        }

        void steps(State state, Steps steps) {
            switch (next.of(state)) {
                case BEGIN -> begin(begun.set(state, outlived.of(state)), steps);
                case STORE -> {
                    steps.take(NAME, "writes", then(stored.set(state, 1), Writing.END));
                    if (does(Change.A_WRITE_HAS_NO_ANSWER)) {
                        steps.take(NAME, "gets no reply", then(state, Writing.AWAIT_STORE));
                    }
                }
                case END -> end(state, steps);
                case SETTLE -> settle(state, steps);
                case ACKNOWLEDGE -> steps.take(NAME, "acknowledges", then(owed.set(state, 1), Writing.DONE));
                case FIND -> find(state, steps, Writing.RAISE);
                case RAISE -> raise(state, steps, Writing.AWAIT_LEASES);
                case AWAIT_LEASES -> {
                    if (outlived.of(state) > found.of(state) || does(Change.NO_WAIT_AFTER_AN_INCREMENT)) {
                        steps.take(NAME, "acknowledges", done(owed.set(state, 1)));
                    }
                }
                case AWAIT_STORE -> {
                    steps.take(NAME, "has written after all", then(stored.set(state, 1), Writing.LAST_END));
                    steps.take(NAME, "will not have written", then(state, Writing.LAST_END));
                }
                case LAST_END -> lastEnd(state, steps);
                case LAST_FIND -> find(state, steps, Writing.LAST_INCREMENT);
                case LAST_INCREMENT -> raise(state, steps, Writing.DONE);
                case DONE -> {}
            }
            if (does(Change.THE_WRITER_IS_KILLED) && told.isSet(state) && next.of(state) != Writing.DONE) {
                steps.take(NAME, "is killed", done(state));
            }
        }

        private void begin(State state, Steps steps) {
            int link = node.link.of(state);
            if (link == 0 || does(Change.LINKS_BREAK)) {
                steps.take(NAME, "cannot reach Redis", then(state, Writing.STORE));
            }
            if (link != 0) {
                State marked = runs.get(link - 1).run(begin, state);
                steps.take(NAME, "BEGIN", then(told.set(marked, link), Writing.STORE));
                if (does(Change.LINKS_BREAK)) {
                    steps.take(NAME, "BEGIN, no reply", then(marked, Writing.STORE));
                }
            }
        }

        private void end(State state, Steps steps) {
            int link = told.of(state);
            boolean linked = link != 0 && link == node.link.of(state);
            if (linked) {
                State ended = runs.get(link - 1).run(end, state);
                steps.take(NAME, "END", then(ended, Writing.SETTLE));
                if (does(Change.LINKS_BREAK)) {
                    steps.take(NAME, "END, no reply", then(told.set(ended, 0), Writing.FIND));
                }
            }
            if (!linked || does(Change.LINKS_BREAK)) {
                steps.take(NAME, "cannot END", then(told.set(state, 0), Writing.FIND));
            }
        }

        private void settle(State state, Steps steps) {
            boolean leased = node.leased.isSet(state) || does(Change.ACKNOWLEDGED_WITHOUT_A_LEASE);
            boolean settled = node.isSettled(state) || does(Change.NO_QUARANTINE_FOR_ACKNOWLEDGEMENTS);
            boolean linked = node.link.of(state) == told.of(state) && node.isLinkedAsNamed(state);
            if (leased && settled && (linked || does(Change.ACKNOWLEDGED_UNDER_ANOTHER_RUN))) {
                steps.take(NAME, "may acknowledge", then(told.set(state, 0), Writing.ACKNOWLEDGE));
            } else {
                steps.take(NAME, "does not settle", then(told.set(state, 0), Writing.FIND));
            }
        }

        private void find(State state, Steps steps, Writing after) {
            int oldest = does(Change.INCREMENTED_FROM_AN_OLD_READ) ? 0 : generation.of(state);
            for (int seen = oldest; seen <= generation.of(state); seen++) {
                steps.take(NAME, "finds generation " + seen, then(found.set(state, seen), after));
            }
        }

        private void raise(State state, Steps steps, Writing after) {
            int seen = found.of(state);
            if (does(Change.AN_INCREMENT_FAILS)) {
                steps.take(NAME, "cannot raise", done(state));
            }
            if (seen != generation.of(state)) {
                steps.take(NAME, "raises too late", then(state, after));
            } else if (seen < raises) {
                steps.take(NAME, "raises", then(node.raised(state, seen), after));
            }
        }

        private void lastEnd(State state, Steps steps) {
            int link = node.link.of(state);
            if (link != 0) {
                State ended = runs.get(link - 1).run(end, state);
                boolean enough = node.isAtHome(state) || does(Change.LAST_END_TOLD_TO_ANY_REDIS);
                steps.take(NAME, "END at last", enough ? done(ended) : then(ended, Writing.LAST_FIND));
            }
            if (link == 0 || does(Change.LINKS_BREAK)) {
                boolean raises = !does(Change.NO_INCREMENT_AFTER_AN_UNREPORTED_LAST_END);
                steps.take(NAME, "cannot END at last", raises ? then(state, Writing.LAST_FIND) : done(state));
            }
        }

        private State then(State state, Writing step) {
            return step == Writing.DONE ? done(state) : next.set(state, step);
        }

        /** Clears the variables of the writer, so that states that differ only in these are merged. */
        private State done(State state) {
            State forgotten = found.set(begun.set(told.set(state, 0), 0), 0);
            return next.set(forgotten, Writing.DONE);
        }
    }

    /** The next step of a reader; see {@code DocumentCache.getAsync}. */
    private enum Reading {
        START,
        GET,
        ACQUIRE,
        PASS_BY,
        LOAD,
        POLL_INTERVAL,
        FILL
    }

    private final class Reader {
        final Node node;
        final String name;
        final Choice<Reading> next;
        final Field permitted;
        final Field link;
        final Field mustSee;
        final Field got;
        final List<Step> acquires;
        final List<List<Step>> fills;

        Reader(Node node, Layout layout) {
            this.node = node;
            this.name = "reader " + (node.number + 1);
            this.next = layout.oneOf(Reading.class);
            this.permitted = layout.upTo(GENERATIONS - 1);
            this.link = layout.upTo(RUNS);
            this.mustSee = layout.flag();
            this.got = layout.flag();
            String token = "00000000000000a" + node.number;
            this.acquires = IntStream.range(0, GENERATIONS)
                    .mapToObj(seen -> key.step(
                            Script.ACQUIRE,
                            RedisScript.bytes(Long.toString(number(seen))),
                            RedisScript.bytes(token),
                            LIFE_MS))
                    .toList();
            this.fills = IntStream.range(0, GENERATIONS)
                    .mapToObj(seen -> IntStream.range(0, 2)
                            .mapToObj(version -> key.step(
                                    Script.FILL, Entry.loading(number(seen), token), document(seen, version), LIFE_MS))
                            .toList())
                    .toList();
        }

        void steps(State state, Steps steps) {
            switch (next.of(state)) {
                case START -> begin(mustSee.set(state, owed.of(state)), steps);
                case GET -> {
                    if (isLinked(state)) {
                        steps.take(name, "GET", told(state, found(state), mayLoad(state)));
                    }
                    giveUp(state, steps);
                }
                case ACQUIRE -> {
                    if (isLinked(state)) {
                        Run run = run(state);
                        Outcome outcome = acquires.get(permitted.of(state)).from(run.held.of(state));
                        State after = run.held.set(state, outcome.after());
                        steps.take(name, "ACQUIRE", told(after, outcome.reply(), next.set(after, Reading.LOAD)));
                        if (does(Change.LINKS_BREAK)) {
                            steps.take(name, "ACQUIRE, no reply", passBy(after));
                        }
                    }
                    giveUp(state, steps);
                }
                case PASS_BY -> steps.take(name, "reads the store", answer(state, stored.of(state)));
                case LOAD -> {
                    State loaded = got.set(state, stored.of(state));
                    steps.take(name, "loads", next.set(loaded, Reading.POLL_INTERVAL));
                }
                case POLL_INTERVAL -> {
                    State answered = answer(state, got.of(state));
                    boolean fills = isStillPermitted(state) && mayFill(state);
                    steps.take(name, "checks again", fills ? keep(answered, state) : answered);
                }
                case FILL -> {
                    Run run = run(state);
                    if (run.alive.isSet(state)) {
                        Step fill = fills.get(permitted.of(state)).get(got.of(state));
                        steps.take(name, "FILL", forget(run.run(fill, state)));
                    }
                    if (!run.alive.isSet(state) || !isLinked(state) || does(Change.LINKS_BREAK)) {
                        steps.take(name, "cannot FILL", forget(state));
                    }
                }
            }
        }

        private void begin(State state, Steps steps) {
            boolean settled = node.isSettled(state) || does(Change.NO_QUARANTINE_FOR_HITS);
            if (node.isAtHome(state) && settled) {
                State permit = permitted.set(link.set(state, node.link.of(state)), node.seen.of(state));
                steps.take(name, "begins", next.set(permit, Reading.GET));
            } else {
                steps.take(name, "begins without a permit", next.set(state, Reading.PASS_BY));
            }
        }

        private void giveUp(State state, Steps steps) {
            if (!isLinked(state) || does(Change.LINKS_BREAK)) {
                steps.take(name, "hears nothing", passBy(state));
            }
        }

        private Optional<Entry> found(State state) {
            Optional<Entry> entry = key.get(run(state).held.of(state));
            return entry.filter(held -> held.isValidIn(number(permitted.of(state))));
        }

        /** If a node may not fill yet, a document that it loads now may be stale by the time it may fill. */
        private State mayLoad(State state) {
            boolean may = mayFill(state) || does(Change.FILL_QUARANTINE_NOT_ASKED_BEFORE_THE_LOAD);
            return may ? next.set(state, Reading.ACQUIRE) : passBy(state);
        }

        private State told(State state, Optional<Entry> entry, State ifNothing) {
            if (entry.isEmpty()) {
                return ifNothing;
            }
            return entry.get().isDocument() ? answer(state, version(entry.get())) : passBy(state);
        }

        private boolean isLinked(State state) {
            return node.link.of(state) == link.of(state);
        }

        private boolean isStillPermitted(State state) {
            return node.isAtHome(state)
                    && isLinked(state)
                    && node.seen.of(state) == permitted.of(state)
                    && (node.isSettled(state) || does(Change.NO_QUARANTINE_FOR_HITS));
        }

        private boolean mayFill(State state) {
            return does(Change.NO_QUARANTINE_FOR_FILLS)
                    || does(Change.A_WRITE_OUTLASTS_ITS_MARK)
                    || !writer.beganBefore(state, permitted.of(state));
        }

        private Run run(State state) {
            return runs.get(link.of(state) - 1);
        }

        private State passBy(State state) {
            return next.set(permitted.set(link.set(state, 0), 0), Reading.PASS_BY);
        }

        private State answer(State state, int version) {
            State after = forget(state);
            if (version < mustSee.of(state)) {
                after = broken.set(after, 1);
            }
            if (version == 1 && promise == Promise.AND_NO_READ_GOES_BACK) {
                after = owed.set(after, 1);
            }
            return after;
        }

        /** The read has ended, but its FILL is outstanding. */
        private State keep(State answered, State before) {
            State kept = permitted.set(link.set(answered, link.of(before)), permitted.of(before));
            return next.set(got.set(kept, got.of(before)), Reading.FILL);
        }

        private State forget(State state) {
            State forgotten = permitted.set(link.set(state, 0), 0);
            return next.set(got.set(mustSee.set(forgotten, 0), 0), Reading.START);
        }
    }
}
