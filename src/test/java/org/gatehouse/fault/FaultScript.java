package org.gatehouse.fault;

import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.stream.Stream;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.fault.TcpProxy.Direction;
import org.gatehouse.war.ServiceClient;

/**
 * Scenarios of a few operations, with delays at critical points. Each scenario tests one mechanism. Without this
 * mechanism, the scenario breaks a promise every time.
 *
 * <p>The scenarios need three nodes. Two nodes read and write. The third node has no Redis, so it always returns the
 * document in MongoDB. The comments call the value before a change "old", and the value after a change "new".
 */
enum FaultScript {
    /**
     * A node loads the old document. Then another node changes the document. Then the first node stores the old
     * document in the cache.
     */
    A_LOAD_OLDER_THAN_A_CHANGE {
        @Override
        void perform(Stage stage) {
            stage.link(ONE).hold(Direction.TO_CLIENT, stage.delayFor(FIND, WAIT_TIMEOUT));
            CompletableFuture<?> slow = stage.async(() -> stage.load.read(ONE, stage.key));
            stage.awaitHeld(ONE);
            stage.load.write(OTHER, stage.key);
            stage.link(ONE).restore();
            slow.join();
            stage.load.read(OTHER, stage.key);
        }
    },

    /** A node has changed a document in MongoDB, but has not yet received the reply. */
    A_CHANGE_WITH_A_LATE_REPLY {
        @Override
        void perform(Stage stage) {
            stage.load.read(OTHER, stage.key);
            stage.link(ONE).hold(Direction.TO_CLIENT, stage.delayFor(CHANGE, WAIT_TIMEOUT));
            CompletableFuture<?> change = stage.async(() -> stage.load.write(ONE, stage.key));
            stage.awaitStored();
            stage.load.read(WITHOUT_REDIS, stage.key);
            stage.load.read(OTHER, stage.key);
            stage.link(ONE).restore();
            change.join();
        }
    },

    /**
     * Redis loses the mark (T) of a change in progress. Then a node caches the old document before the change reaches
     * MongoDB.
     */
    A_LOST_MARK {
        @Override
        void perform(Stage stage) {
            CompletableFuture<?> change = stage.changeThatLosesItsMark();
            stage.load.read(OTHER, stage.key);
            stage.link(ONE).restore();
            change.join();
            stage.load.read(OTHER, stage.key);
        }
    },

    /** A node that cannot reach Redis changes a document, while Redis contains the old document. */
    A_CHANGE_WITHOUT_REDIS {
        @Override
        void perform(Stage stage) {
            stage.copy(OTHER);
            stage.cluster.nodes().get(ONE).redis().cut();
            stage.load.write(ONE, stage.key);
            // The quarantine of the other node ends at most 1 s later than the quarantine of the node that made the
            // change.
            Repeat.during(Duration.ofSeconds(1), () -> stage.load.read(OTHER, stage.key));
        }
    },

    /**
     * One node connects to a new Redis and makes a change there. The lease of the other node still permits the old
     * Redis.
     */
    TWO_NODES_ON_TWO_REDIS {
        @Override
        void perform(Stage stage) {
            stage.load.read(ONE, stage.key);
            try (EmbeddedRedis another = EmbeddedRedis.start(Path.of("target", "test-redis", "another-" + stage.key))) {
                long before = GenerationWatch.generation(stage.cluster.stores());
                TcpProxy link = stage.cluster.nodes().get(OTHER).redis();
                link.redirect(another.port());
                link.cut();
                link.restore();
                await().pollInterval(Duration.ofMillis(5))
                        .atMost(WAIT_TIMEOUT)
                        .until(() -> GenerationWatch.generation(stage.cluster.stores()) != before);
                // The stall prevents node ONE from reading the increment.
                stage.link(ONE).stall(Direction.TO_CLIENT);
                Sleep.millis(550); // each node reads the generation every 500 ms
                stage.load.write(OTHER, stage.key);
                stage.load.read(ONE, stage.key);
                link.redirect(stage.cluster.stores().redis().port());
                link.cut();
            }
        }
    },

    /** A node stops waiting for the reply to a change. The change reaches MongoDB a second later. */
    A_CHANGE_AFTER_ITS_TIMEOUT {
        @Override
        void perform(Stage stage) {
            stage.link(ONE).hold(Direction.TO_SERVER, stage.delayFor(CHANGE, Duration.ofSeconds(4)));
            stage.load.write(ONE, stage.key);
            stage.load.read(OTHER, stage.key);
            stage.awaitStored();
            stage.load.read(WITHOUT_REDIS, stage.key);
            stage.load.read(OTHER, stage.key);
        }
    },

    /** A node receives no replies from MongoDB. Meanwhile a node that cannot reach Redis makes a change. */
    A_NODE_WITHOUT_REPLIES {
        @Override
        void perform(Stage stage) {
            stage.load.read(ONE, stage.key);
            stage.link(ONE).stall(Direction.TO_CLIENT);
            stage.cluster.nodes().get(OTHER).redis().cut();
            stage.load.write(OTHER, stage.key);
            stage.load.read(ONE, stage.key);
            stage.link(ONE).restore();
        }
    },

    /** A node makes a change. Then Redis restarts with a snapshot from before the change. */
    AN_OLD_SNAPSHOT {
        @Override
        void perform(Stage stage) {
            stage.load.read(ONE, stage.key);
            stage.cluster.withRedis(redis -> redis.save());
            stage.load.write(ONE, stage.key);
            stage.cluster.stores().redis().restart();
            Repeat.during(Duration.ofSeconds(2), () -> {
                stage.load.read(ONE, stage.key);
                stage.load.read(OTHER, stage.key);
            });
        }
    },

    /**
     * A user asks for its own data, and the node asks Redis whether its copy is current. Before the reply arrives, another
     * node makes a change. Then the user asks once more.
     */
    A_PING_BEFORE_A_CHANGE {
        @Override
        void perform(Stage stage) {
            // An administrator would not do: the node would ask for the caller's data first, and then ask again.
            String token = stage.cluster.tokenOf(stage.key);
            Runnable read = () -> stage.load.read(OTHER, stage.key, token);
            Stream.generate(() -> read).limit(3).forEach(Runnable::run);
            CompletableFuture<?> early;
            do {
                stage.redis(OTHER).restore();
                Sleep.millis(50); // so that the copy is not used without asking, unless the node has just used Redis
                stage.redis(OTHER).stall(Direction.TO_CLIENT);
                early = stage.asyncUntilSent("PING", read);
            } while (early.isDone());
            stage.load.write(ONE, stage.key);
            CompletableFuture<?> late = stage.async(read);
            Sleep.millis(200); // so that the late read waits for a reply, too
            stage.redis(OTHER).restore();
            early.join();
            late.join();
        }
    },

    /** A node changes a document that another node has copied. */
    A_REPORTED_CHANGE {
        @Override
        void perform(Stage stage) {
            stage.copy(OTHER);
            stage.load.write(ONE, stage.key);
            Repeat.during(COPY_TIME, () -> stage.load.read(OTHER, stage.key));
        }
    },

    /** A node has a copy, but receives no reports from Redis. Meanwhile another node makes a change. */
    A_NODE_WITHOUT_REPORTS {
        @Override
        void perform(Stage stage) {
            stage.copy(OTHER);
            stage.redis(OTHER).stall(Direction.TO_CLIENT);
            stage.load.write(ONE, stage.key);
            stage.load.read(OTHER, stage.key);
        }
    },

    /** As before, but the reads happen while the change is stored and not yet acknowledged. */
    A_CHANGE_BEFORE_ITS_REPORT {
        @Override
        void perform(Stage stage) {
            stage.copy(OTHER);
            stage.redis(OTHER).stall(Direction.TO_CLIENT);
            CompletableFuture<?> change = stage.async(() -> stage.load.write(ONE, stage.key));
            stage.awaitStored();
            stage.load.read(WITHOUT_REDIS, stage.key);
            stage.load.read(OTHER, stage.key);
            change.join();
        }
    },

    /**
     * Redis loses the mark (T) of a change in progress. Then a node caches and copies the old document. The report of
     * its removal is late.
     */
    A_COPY_OF_A_LOST_MARK {
        @Override
        void perform(Stage stage) {
            CompletableFuture<?> change = stage.changeThatLosesItsMark();
            stage.copy(OTHER);
            stage.redis(OTHER).stall(Direction.TO_CLIENT);
            stage.link(ONE).restore();
            change.join();
            stage.load.read(OTHER, stage.key);
        }
    },

    /** A node receives a document. Then another node changes the document. Then the first node stores its copy. */
    A_SLOW_COPY {
        @Override
        void perform(Stage stage) {
            stage.copy(ONE); // so that the change begins at once
            CompletableFuture<?> slow = stage.readOfOther();
            stage.load.write(ONE, stage.key);
            slow.join();
            Repeat.during(COPY_TIME, () -> stage.load.read(OTHER, stage.key));
        }
    },

    /** As before, but the first node loses its connection to Redis before the change. */
    A_SLOW_COPY_OF_A_LOST_CONNECTION {
        @Override
        void perform(Stage stage) {
            stage.copy(ONE); // so that the change begins at once
            CompletableFuture<?> slow = stage.readOfOther();
            stage.redis(OTHER).cut();
            stage.load.write(ONE, stage.key);
            stage.redis(OTHER).restore();
            slow.join();
            Repeat.during(RECONNECT_TIME, () -> stage.load.read(OTHER, stage.key));
        }
    },

    /** Redis loses its data, and forgets which keys a node has copied. Then another node makes a change. */
    A_FLUSH {
        @Override
        void perform(Stage stage) {
            stage.copy(OTHER);
            stage.cluster.withRedis(redis -> redis.flushall());
            stage.load.write(ONE, stage.key);
            Repeat.during(COPY_TIME, () -> stage.load.read(OTHER, stage.key));
        }
    },

    /** A node loses its connection to Redis. Another node makes a change before the first node connects again. */
    A_LOST_CONNECTION {
        @Override
        void perform(Stage stage) {
            stage.copy(OTHER);
            stage.redis(OTHER).cut();
            stage.load.write(ONE, stage.key);
            stage.redis(OTHER).restore();
            Repeat.during(RECONNECT_TIME, () -> stage.load.read(OTHER, stage.key));
        }
    },

    /**
     * Redis restarts and loses the mark (T) of a change that is still on the way to MongoDB. Then the node that made
     * the change is killed. Therefore no scenario can run after this one.
     */
    A_CHANGE_OLDER_THAN_REDIS {
        @Override
        void perform(Stage stage) {
            Duration inTransit = Duration.ofMillis(4_500);
            // The kill comes before the timeout of the change, because the node marks the user again after the timeout.
            Duration killAfter = Duration.ofMillis(2_600);
            stage.link(ONE).hold(Direction.TO_SERVER, stage.delayFor(CHANGE, inTransit));
            CompletableFuture<?> change = stage.async(() -> stage.load.write(ONE, stage.key));
            await().pollInterval(Duration.ofMillis(20))
                    .atMost(WAIT_TIMEOUT)
                    .until(() -> stage.cluster.entryInRedis(stage.key).startsWith("T"));
            long marked = System.nanoTime();
            stage.cluster.stores().redis().restart();
            Repeat.during(killAfter.minusNanos(System.nanoTime() - marked), () -> stage.load.read(OTHER, stage.key));
            ((NodeProcess) stage.cluster.node(ONE)).kill();
            change.join();
            while (stage.isOld()) {
                stage.load.read(OTHER, stage.key);
                Sleep.millis(20);
            }
            stage.load.read(WITHOUT_REDIS, stage.key);
            stage.load.read(OTHER, stage.key);
        }
    };

    private static final int ONE = 0;
    private static final int OTHER = 1;
    private static final int WITHOUT_REDIS = 2;
    private static final Duration NONE = Duration.ZERO;
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);
    private static final String FIND = "find\0";
    private static final String CHANGE = "findAndModify\0";

    /** Longer than a node uses a copy without a report of Redis, even with {@link Alteration#LONG_REPORT_TIME}. */
    private static final Duration COPY_TIME = Duration.ofMillis(1_500);

    /** Long enough for a new connection to Redis, and for the use of a copy after it. */
    private static final Duration RECONNECT_TIME = Duration.ofSeconds(3);

    abstract void perform(Stage stage);

    /** Returns the scenarios whose subject is a copy in the near cache. */
    static Set<FaultScript> ofCopies() {
        return EnumSet.range(A_REPORTED_CHANGE, A_LOST_CONNECTION);
    }

    /**
     * Runs the scenario with one user. The nodes already use the cache when the scenario starts. Afterwards, this
     * method restores the links of the first two nodes.
     */
    Scenario.Outcome run(TestCluster<ServiceClient> cluster) throws Exception {
        cluster.awaitHits(WAIT_TIMEOUT);
        cluster.newUsers();
        List.of(ONE, OTHER).forEach(node -> warmUp(cluster, node));
        return Scenario.runWithoutLoad(toString(), cluster, load -> {
            try {
                perform(new Stage(cluster, load, cluster.keys().get(0)));
            } finally {
                cluster.nodes().subList(ONE, WITHOUT_REDIS).forEach(node -> {
                    node.redis().restore();
                    node.mongo().restore();
                });
            }
        });
    }

    /**
     * Waits until the node stores a loaded document in the cache. Before that, the node makes a change, because the
     * first change of a node is slow.
     */
    private static void warmUp(TestCluster<ServiceClient> cluster, int node) {
        String user = cluster.keys().get(1 + node);
        cluster.node(node).patch("/user/" + user, cluster.token(), "{\"warm\":true}");
        await().atMost(WAIT_TIMEOUT).until(() -> {
            cluster.node(node).get("/user/" + user, cluster.token());
            return cluster.entryInRedis(user).startsWith("V");
        });
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private record Stage(TestCluster<ServiceClient> cluster, Load load, String key) {
        TcpProxy link(int node) {
            return cluster.nodes().get(node).mongo();
        }

        TcpProxy redis(int node) {
            return cluster.nodes().get(node).redis();
        }

        /** Makes the node copy the document: it loads the document, then finds it in Redis, then uses the copy. */
        void copy(int node) {
            for (int i = 0; i < 3; i++) {
                load.read(node, key);
            }
        }

        /** Starts a read on the other node, and waits until this node has sent a GET to Redis. */
        CompletableFuture<Void> readOfOther() {
            return asyncUntilSent("u:{" + key + "}", () -> load.read(OTHER, key));
        }

        /** Starts work, and waits until it ends or the other node has sent a command with this text to Redis. */
        CompletableFuture<Void> asyncUntilSent(String text, Runnable work) {
            CountDownLatch sent = new CountDownLatch(1);
            redis(OTHER).observe(request -> {
                if (request.contains(text)) {
                    sent.countDown();
                }
            });
            CompletableFuture<Void> read = async(work);
            await().atMost(WAIT_TIMEOUT).until(() -> sent.getCount() == 0 || read.isDone());
            return read;
        }

        /** Starts a change on node ONE, holds it on its way to MongoDB, and deletes its mark (T) from Redis. */
        CompletableFuture<Void> changeThatLosesItsMark() {
            link(ONE).hold(Direction.TO_SERVER, delayFor(CHANGE, WAIT_TIMEOUT));
            CompletableFuture<Void> change = async(() -> load.write(ONE, key));
            awaitHeld(ONE);
            cluster.withRedis(redis -> redis.flushall());
            return change;
        }

        boolean isCommand(String command, String request) {
            return request.contains(command) && request.contains(TestCluster.raw(key));
        }

        Function<String, Duration> delayFor(String command, Duration time) {
            return request -> isCommand(command, request) ? time : NONE;
        }

        CompletableFuture<Void> async(Runnable work) {
            return CompletableFuture.runAsync(work, task -> {
                Thread thread = new Thread(task);
                thread.setDaemon(true);
                thread.start();
            });
        }

        void awaitHeld(int node) {
            await().pollInterval(Duration.ofMillis(5))
                    .atMost(WAIT_TIMEOUT)
                    .until(() -> link(node).lateBytes() > 0);
        }

        boolean isOld() {
            return cluster.stored().getOrDefault(key, 0L) == 1;
        }

        void awaitStored() {
            await().pollInterval(Duration.ofMillis(20)).atMost(WAIT_TIMEOUT).until(() -> !isOld());
        }
    }
}
