package org.gatehouse.cache;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.gatehouse.cache.KeyModel.Promise;
import org.gatehouse.cache.ScriptedKey.Outcome;
import org.gatehouse.cache.ScriptedKey.Step;
import org.gatehouse.cache.State.Choice;
import org.gatehouse.cache.State.Field;
import org.gatehouse.cache.State.Layout;
import org.gatehouse.store.RedisScript;

/**
 * Models one key, its writers, and nodes that read the key repeatedly. Each node has a near cache: a map in its own
 * memory. Redis tracks the reads of each node. {@code docs/caching.md} explains V, L, T and the scripts.
 *
 * <p>The steps in Redis are those of {@link Script}. A real Redis also decides whether a step pushes an invalidation to
 * the nodes that have read the key. Pushes and the replies to GET and PING reach a node through one connection, in the
 * order in which Redis sends them. The replies to scripts arrive at once, as if on another connection. Therefore the
 * model contains every order of the code, and others.
 *
 * <p>The model has no clock. A writer waits for a time D. Afterwards, a copy is valid only in a node that has received
 * the reply to a command that ran after the BEGIN or END before the wait. In the code, a copy is valid if a command
 * that the node <em>sent</em> at most D ago has been answered. Such a command was sent after the start of the wait.
 *
 * <p>Before a reader sends a GET, it reserves a slot in the map, or shares the reserved slot that is there. An
 * invalidation removes the slot, with or without a copy. After the reply to the GET, the reader stores the copy, but
 * only if exactly its slot is still in the map. A copy that is not valid at the moment stays in the map: it becomes valid
 * again with a later reply, unless an invalidation arrives before. A reader may also send a PING. If a copy is in the map
 * after the reply, the reader uses this copy. {@link NearCache} works in the same way.
 *
 * <p>The model omits the following:
 *
 * <ul>
 *   <li>Generations, lost connections and other runs of Redis. Each of these empties the near cache, and
 *       {@link GenerationModel} covers Redis itself.
 *   <li>Writes without a reply, killed writers and shared loads, because {@link KeyModel} covers them and they do not
 *       use the near cache. A BEGIN has invalidated the copies, and a T prevents new ones.
 *   <li>Copies and slots that a node removes by itself. A reader that may use a copy may also send a GET.
 *   <li>Expiries, except as the loss of the key. Redis pushes an invalidation in both cases.
 *   <li>The time between the begin of a read and its first look at the near cache. A read that begins earlier may
 *       return older versions. Likewise, a reader answers as soon as it has a version, and stores the version later.
 *   <li>A PING with a reply that does not change which copies are valid.
 *   <li>Writers that do not begin in the order of their numbers.
 * </ul>
 */
final class NearModel implements Model {
    private static final long GENERATION = 7;
    private static final byte[] TTL_MS = RedisScript.bytes("5000");

    /** The content of a near cache. A larger number is a copy: this number plus the version. */
    private static final int NOTHING = 0;

    private static final int RESERVED = 1;
    private static final int COPY = 2;

    /** The messages of a channel. A larger number is a reply to a reader; see {@link Reader#reply}. */
    private static final int NO_MESSAGE = 0;

    private static final int INVALIDATION = 1;
    private static final int PONG = 2;
    private static final int REPLIES = 3;

    /** The replies to a GET: nothing, a value that is not a document, or a version. */
    private static final int ABSENT = 0;

    private static final int OTHER = 1;
    private static final int DOCUMENT = 2;

    /** Additional events, and faults in the protocol. */
    enum Change {
        REDIS_LOSES_THE_KEY,
        /** The first node has two readers, which share a reserved slot. Otherwise, each node has one reader. */
        SLOTS_ARE_SHARED,
        /** The reader's own thread stores the copy. Other messages may have arrived since the reply to the GET. */
        STORED_LATE,

        STORED_LATE_WITHOUT_A_SLOT,
        WAIT_AFTER_THE_WRITE,
        NO_WAIT,
        NO_WAIT_AFTER_A_LOST_T,
        COPIES_ARE_VALID_WITHOUT_A_REPLY,
        /** A reader takes the copy from the map before it checks whether copies are valid. */
        COPY_TAKEN_BEFORE_THE_CHECK,
        /** Another connection or thread delivers invalidations. Then a reply may overtake an earlier invalidation. */
        REPLIES_OVERTAKE_INVALIDATIONS,
        /** A reader may wait for the reply to a PING that was sent before the read. */
        EARLIER_PING_IS_SHARED,
        REDIS_FORGETS_READS
    }

    private final ScriptedKey key;
    private final Promise promise;
    private final Set<Change> changes;
    private final int writes;
    private final Step loss;

    private final Field value;
    private final Field stored;
    private final Field acknowledged;
    private final Field shown;
    private final Field broken;
    private final Field lossesLeft;
    /** One bit for each BEGIN that has run, then one bit for each END that has run and did not find its T. */
    private final Field ran;
    /** The same bits. The writer has waited since this BEGIN or END. */
    private final Field waited;

    private final List<Writer> writers;
    private final List<Node> nodes;

    NearModel(ScriptedKey key, Promise promise, Set<Change> changes, int writers, int nodes) {
        Layout layout = new Layout();
        this.key = key;
        this.promise = promise;
        this.changes = changes;
        this.writes = writers;
        this.loss = key.deletion();
        this.value = layout.upTo(15);
        this.stored = layout.upTo(writes);
        this.acknowledged = layout.upTo(writes);
        this.shown = layout.upTo(writes);
        this.broken = layout.flag();
        this.lossesLeft = layout.flag();
        this.ran = layout.upTo(largest(bits()));
        this.waited = layout.upTo(largest(bits()));
        this.writers = IntStream.range(0, writers)
                .mapToObj(number -> new Writer(number, layout))
                .toList();
        this.nodes = IntStream.range(0, nodes)
                .mapToObj(number -> new Node(number, number == 0 && has(Change.SLOTS_ARE_SHARED) ? 2 : 1, layout))
                .toList();
    }

    @Override
    public State start() {
        return lossesLeft.set(State.ZEROS, has(Change.REDIS_LOSES_THE_KEY) ? 1 : 0);
    }

    @Override
    public boolean isBroken(State state) {
        return broken.isSet(state);
    }

    @Override
    public void steps(State state, Steps steps) {
        if (lossesLeft.isSet(state) && value.of(state) != ScriptedKey.ABSENT) {
            steps.take("Redis", "loses the key", lossesLeft.set(run(loss.from(value.of(state)), state), 0));
        }
        for (Writer writer : writers) {
            writer.steps(state, steps);
        }
        for (Node node : nodes) {
            node.steps(state, steps);
        }
    }

    private boolean has(Change change) {
        return changes.contains(change);
    }

    /** Returns the number of bits of {@link #ran}. */
    private int bits() {
        return 2 * writes;
    }

    /** Returns the number of different replies to a reader. */
    private int replies() {
        return pongToReader() + 1;
    }

    /** Returns the reply to the PING of a reader. The lower numbers are the replies to a GET. */
    private int pongToReader() {
        return DOCUMENT + writes + 1;
    }

    private static int largest(int bits) {
        return (1 << bits) - 1;
    }

    /** Returns the state after a step in Redis. If the step changed the key, Redis informs each node that read it. */
    private State run(Outcome outcome, State state) {
        State after = value.set(state, outcome.after());
        if (outcome.invalidates()) {
            for (Node node : nodes) {
                after = node.invalidate(after);
            }
        }
        return after;
    }

    /** The next step of a writer. */
    private enum Writing {
        BEGIN,
        WAIT,
        STORE,
        WAIT_AFTER_STORE,
        END,
        WAIT_AFTER_END,
        ACKNOWLEDGE,
        DONE
    }

    private final class Writer {
        final String name;
        final boolean first;
        final int beginBit;
        final int endBit;
        final Choice<Writing> next;
        final Field writtenVersion;
        final Step begin;
        final Step end;
        /** The END of each version that carries the document. */
        final List<Step> storingEnds;

        Writer(int number, Layout layout) {
            byte[] token = RedisScript.bytes("00000000000000f" + number);
            this.name = "writer " + (number + 1);
            this.first = number == 0;
            this.beginBit = 1 << number;
            this.endBit = 1 << (writes + number);
            this.next = layout.oneOf(Writing.class);
            this.writtenVersion = layout.upTo(writes);
            this.begin = key.step(Script.BEGIN, token, TTL_MS);
            this.end = key.step(Script.END, token);
            this.storingEnds = IntStream.rangeClosed(0, writes)
                    .mapToObj(version -> key.step(Script.END, token, ScriptedKey.document(GENERATION, version), TTL_MS))
                    .toList();
        }

        void steps(State state, Steps steps) {
            switch (next.of(state)) {
                case BEGIN -> {
                    if (first || writers.get(0).next.of(state) != Writing.BEGIN) {
                        boolean waits = !has(Change.WAIT_AFTER_THE_WRITE) && !has(Change.NO_WAIT);
                        State begun = run(begin.from(value.of(state)), state);
                        steps.take(
                                name, "BEGIN", then(add(ran, beginBit, begun), waits ? Writing.WAIT : Writing.STORE));
                    }
                }
                case WAIT -> steps.take(name, "has waited", then(add(waited, beginBit, state), Writing.STORE));
                case STORE -> {
                    int version = stored.of(state) + 1;
                    State written = writtenVersion.set(stored.set(state, version), version);
                    Writing after = has(Change.WAIT_AFTER_THE_WRITE) ? Writing.WAIT_AFTER_STORE : Writing.END;
                    steps.take(name, "writes", then(written, after));
                }
                case WAIT_AFTER_STORE ->
                    steps.take(name, "has waited", then(add(waited, beginBit, state), Writing.END));
                case END -> {
                    end(end, state, steps);
                    end(storingEnds.get(writtenVersion.of(state)), state, steps);
                }
                case WAIT_AFTER_END ->
                    steps.take(name, "has waited again", then(add(waited, endBit, state), Writing.ACKNOWLEDGE));
                case ACKNOWLEDGE -> {
                    int newest = Math.max(acknowledged.of(state), writtenVersion.of(state));
                    State done = writtenVersion.set(acknowledged.set(state, newest), 0);
                    steps.take(name, "acknowledges", then(done, Writing.DONE));
                }
                case DONE -> {}
            }
        }

        private void end(Step step, State state, Steps steps) {
            Outcome outcome = step.from(value.of(state));
            State ended = run(outcome, state);
            boolean waits =
                    outcome.text().equals("gone") && !has(Change.NO_WAIT_AFTER_A_LOST_T) && !has(Change.NO_WAIT);
            State after =
                    waits ? add(ran, endBit, then(ended, Writing.WAIT_AFTER_END)) : then(ended, Writing.ACKNOWLEDGE);
            steps.take(name, "END: " + outcome.text(), after);
        }

        private State add(Field bits, int bit, State state) {
            return bits.set(state, bits.of(state) | bit);
        }

        private State then(State state, Writing step) {
            return next.set(state, step);
        }
    }

    /** A node with its near cache and its connection to Redis. */
    private final class Node {
        final String name;
        final Field near;
        /** Those bits of {@link #ran} that were set when an answered command ran. */
        final Field known;
        /** Whether Redis will push an invalidation at the next change of the key. */
        final Field tracked;

        /** The messages that have not arrived yet. The first message is in the lowest bits. */
        final Field channel;
        /** For each message, the bits of {@link #ran} at the moment when the command ran. */
        final Field ranBefore;

        final int messageBits;
        final List<Reader> readers;

        Node(int number, int readers, Layout layout) {
            this.name = "node " + (number + 1);
            this.near = layout.upTo(COPY + writes);
            this.known = layout.upTo(largest(bits()));
            this.tracked = layout.flag();
            // A reader awaits at most one reply. Redis pushes at most one invalidation per read.
            int capacity = 2 * readers + 2;
            this.messageBits = Integer.SIZE - Integer.numberOfLeadingZeros(REPLIES + readers * replies() - 1);
            this.channel = layout.upTo(largest(capacity * messageBits));
            this.ranBefore = layout.upTo(largest(capacity * bits()));
            this.readers = IntStream.range(0, readers)
                    .mapToObj(reader -> new Reader(this, number, reader, layout))
                    .toList();
        }

        void steps(State state, Steps steps) {
            int first = message(0, state);
            if (first != NO_MESSAGE) {
                arrive(0, state, steps);
            }
            if (first == INVALIDATION
                    && has(Change.REPLIES_OVERTAKE_INVALIDATIONS)
                    && message(1, state) > INVALIDATION) {
                arrive(1, state, steps);
            }
            boolean changesValidity = known.of(state) != ran.of(state);
            if ((changesValidity || has(Change.EARLIER_PING_IS_SHARED)) && !holds(PONG, state)) {
                steps.take(name, "PING", send(PONG, state));
            }
            for (Reader reader : readers) {
                reader.steps(state, steps);
            }
        }

        State invalidate(State state) {
            if (!tracked.isSet(state)) {
                return state;
            }
            State after = tracked.set(state, 0);
            // Invalidations that are overtaken would accumulate. Fewer of them break the promise, too.
            boolean enough = has(Change.REPLIES_OVERTAKE_INVALIDATIONS) && holds(INVALIDATION, state);
            return enough ? after : append(INVALIDATION, 0, after);
        }

        /** Redis runs a command and sends the reply. */
        State send(int reply, State state) {
            return append(reply, ran.of(state), state);
        }

        private State append(int message, int before, State state) {
            int end = 0;
            while (message(end, state) != NO_MESSAGE) {
                end++;
            }
            State after = channel.set(state, channel.of(state) | message << end * messageBits);
            return ranBefore.set(after, ranBefore.of(after) | before << end * bits());
        }

        private int message(int position, State state) {
            return channel.of(state) >>> position * messageBits & largest(messageBits);
        }

        private boolean holds(int message, State state) {
            for (int i = 0; message(i, state) != NO_MESSAGE; i++) {
                if (message(i, state) == message) {
                    return true;
                }
            }
            return false;
        }

        private void arrive(int position, State state, Steps steps) {
            int message = message(position, state);
            State after = channel.set(state, without(position, messageBits, channel.of(state)));
            after = ranBefore.set(after, without(position, bits(), ranBefore.of(state)));
            if (message == INVALIDATION) {
                steps.take(name, "receives an invalidation", put(NOTHING, after));
                return;
            }
            int before = ranBefore.of(state) >>> position * bits() & largest(bits());
            after = known.set(after, known.of(after) | before);
            if (message == PONG) {
                for (Reader reader : readers) {
                    after = reader.receivePong(after);
                }
                steps.take(name, "receives the reply to PING", after);
                return;
            }
            Reader reader = readers.get((message - REPLIES) / replies());
            steps.take(
                    reader.name,
                    "receives the reply to its command",
                    reader.receive((message - REPLIES) % replies(), after));
        }

        private int without(int position, int width, int list) {
            int before = list & largest(position * width);
            return before | list >>> (position + 1) * width << position * width;
        }

        boolean copiesAreValid(State state) {
            return (waited.of(state) & ~known.of(state)) == 0 || has(Change.COPIES_ARE_VALID_WITHOUT_A_REPLY);
        }

        /** Changes the content of the near cache. No slot that was reserved before is in the map then. */
        State put(int content, State state) {
            State after = near.set(state, content);
            for (Reader reader : readers) {
                after = reader.reserved.set(after, 0);
            }
            return after;
        }
    }

    /** The next step of a reader. */
    private enum Reading {
        START,
        LOOK,
        PING,
        RECEIVE_PONG,
        LOOK_AGAIN,
        GET,
        RECEIVE,
        STORE_COPY,
        ACQUIRE,
        BYPASS,
        LOAD,
        FILL
    }

    private final class Reader {
        final Node node;
        final int number;
        final String name;
        final Choice<Reading> next;
        final Field required;
        final Field result;
        /** Whether the slot that the reader has reserved is still in the map. */
        final Field reserved;

        final Step acquire;
        final List<Step> fills;

        Reader(Node node, int nodeNumber, int number, Layout layout) {
            this.node = node;
            this.number = number;
            this.name = node.name + (number == 0 ? "" : " again");
            this.next = layout.oneOf(Reading.class);
            this.required = layout.upTo(writes);
            this.result = layout.upTo(writes);
            this.reserved = layout.flag();
            String token = "0000000000000a" + nodeNumber + number;
            byte[] lease = Entry.loading(GENERATION, token);
            this.acquire = key.step(
                    Script.ACQUIRE, RedisScript.bytes(Long.toString(GENERATION)), RedisScript.bytes(token), TTL_MS);
            this.fills = IntStream.rangeClosed(0, writes)
                    .mapToObj(
                            version -> key.step(Script.FILL, lease, ScriptedKey.document(GENERATION, version), TTL_MS))
                    .toList();
        }

        void steps(State state, Steps steps) {
            switch (next.of(state)) {
                case START -> begin(state, steps);
                case LOOK -> look(state, steps);
                case PING -> steps.take(name, "PING", then(node.send(reply(pongToReader()), state), Reading.RECEIVE));
                case LOOK_AGAIN -> steps.take(name, "looks for a copy again", answerFromCopy(state));
                case GET -> {
                    State tracked = node.tracked.set(state, has(Change.REDIS_FORGETS_READS) ? 0 : 1);
                    steps.take(name, "GET", then(node.send(reply(replyToGet(state)), tracked), Reading.RECEIVE));
                }
                case RECEIVE, RECEIVE_PONG -> {}
                case STORE_COPY -> {
                    State stored = storeCopy(result.of(state), state);
                    steps.take(name, "stores the copy", then(result.set(stored, 0), Reading.START));
                }
                case ACQUIRE -> {
                    Outcome outcome = acquire.from(value.of(state));
                    State after = run(outcome, state);
                    Optional<Entry> found = outcome.reply();
                    State acquired = found.isEmpty()
                            ? then(after, Reading.LOAD)
                            : found.get().isDocument()
                                    ? answer(ScriptedKey.version(found.get()), Reading.START, after)
                                    : then(after, Reading.BYPASS);
                    steps.take(name, "ACQUIRE", acquired);
                }
                case BYPASS -> steps.take(name, "reads the store", answer(stored.of(state), Reading.START, state));
                case LOAD -> {
                    State loaded = answer(stored.of(state), Reading.FILL, state);
                    steps.take(name, "loads", result.set(loaded, stored.of(state)));
                }
                case FILL -> {
                    State filled = run(fills.get(result.of(state)).from(value.of(state)), state);
                    steps.take(name, "FILL", then(result.set(filled, 0), Reading.START));
                }
            }
        }

        private void begin(State state, Steps steps) {
            State begun = required.set(state, Math.max(acknowledged.of(state), shown.of(state)));
            steps.take(name, "begins and finds no valid copy", miss(begun));
            if (node.near.of(state) >= COPY) {
                steps.take(name, "begins and finds a copy", then(begun, Reading.PING));
                if (has(Change.EARLIER_PING_IS_SHARED) && node.holds(PONG, state)) {
                    steps.take(name, "begins and shares a PING", then(begun, Reading.RECEIVE_PONG));
                }
            }
            if (has(Change.COPY_TAKEN_BEFORE_THE_CHECK)) {
                if (node.near.of(state) >= COPY) {
                    State taken = result.set(begun, node.near.of(state) - COPY);
                    steps.take(name, "begins and takes a copy", then(taken, Reading.LOOK));
                }
            } else if (node.copiesAreValid(state)) {
                steps.take(name, "begins and may use a copy", then(begun, Reading.LOOK));
            }
        }

        private void look(State state, Steps steps) {
            boolean takenBefore = has(Change.COPY_TAKEN_BEFORE_THE_CHECK);
            State looked = result.set(state, 0);
            State after = !takenBefore
                    ? answerFromCopy(state)
                    : node.copiesAreValid(state) ? answer(result.of(state), Reading.START, looked) : miss(looked);
            steps.take(name, "looks for a copy", after);
        }

        private State answerFromCopy(State state) {
            int version = node.near.of(state) - COPY;
            return version < 0 ? miss(state) : answer(version, Reading.START, state);
        }

        /** The reply to a PING that this reader did not send. */
        State receivePong(State state) {
            return next.of(state) == Reading.RECEIVE_PONG ? then(state, Reading.LOOK_AGAIN) : state;
        }

        private State miss(State state) {
            State after = node.near.of(state) == NOTHING ? node.put(RESERVED, state) : state;
            return then(reserved.set(after, node.near.of(after) == RESERVED ? 1 : 0), Reading.GET);
        }

        private int reply(int reply) {
            return REPLIES + number * replies() + reply;
        }

        /** Returns the reply to a GET that runs now. */
        private int replyToGet(State state) {
            Optional<Entry> entry = key.get(value.of(state)).filter(found -> found.isValidIn(GENERATION));
            return entry.map(found -> found.isDocument() ? DOCUMENT + ScriptedKey.version(found) : OTHER)
                    .orElse(ABSENT);
        }

        private State receive(int reply, State state) {
            if (reply == pongToReader()) {
                return then(state, Reading.LOOK_AGAIN);
            }
            if (reply < DOCUMENT) {
                return then(state, reply == ABSENT ? Reading.ACQUIRE : Reading.BYPASS);
            }
            int version = reply - DOCUMENT;
            if (has(Change.STORED_LATE) || has(Change.STORED_LATE_WITHOUT_A_SLOT)) {
                return result.set(answer(version, Reading.STORE_COPY, state), version);
            }
            return storeCopy(version, answer(version, Reading.START, state));
        }

        private State storeCopy(int version, State state) {
            boolean stores = reserved.isSet(state) || has(Change.STORED_LATE_WITHOUT_A_SLOT);
            return stores ? node.put(COPY + version, state) : state;
        }

        private State answer(int version, Reading step, State state) {
            State after = version < required.of(state) ? broken.set(state, 1) : state;
            if (promise == Promise.AND_NO_READ_GOES_BACK) {
                after = shown.set(after, Math.max(shown.of(after), version));
            }
            return then(required.set(after, 0), step);
        }

        private State then(State state, Reading step) {
            return next.set(state, step);
        }
    }
}
