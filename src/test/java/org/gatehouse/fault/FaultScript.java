package org.gatehouse.fault;

import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.fault.TcpProxy.Direction;
import org.gatehouse.war.ServiceClient;

/**
 * Scenarios of a few operations, each delayed at a critical point. Each scenario breaks a promise every time if the
 * mechanism that it tests is missing.
 *
 * <p>The scenarios need three nodes. The first two do the work. The third has no Redis and therefore always returns
 * what MongoDB contains. "Old" means the value before the change, "new" the value after it, in the cache or in MongoDB.
 */
enum FaultScript {
    /** One node loads the old document and stores it in the cache after another node has changed the document. */
    A_LOAD_THAT_A_CHANGE_OVERTOOK {
        @Override
        void play(Stage on) {
            on.link(ONE).hold(Direction.TO_CLIENT, on.whenAsked(FIND, LONG));
            CompletableFuture<?> slow = on.later(() -> on.load.read(ONE, on.key));
            on.awaitHeld(ONE);
            on.load.write(OTHER, on.key);
            on.link(ONE).restore();
            slow.join();
            on.load.read(OTHER, on.key);
        }
    },

    /** A change is in MongoDB, but the node that made it has not yet received the reply. */
    A_CHANGE_THAT_TAKES_LONG_TO_END {
        @Override
        void play(Stage on) {
            on.load.read(OTHER, on.key);
            on.link(ONE).hold(Direction.TO_CLIENT, on.whenAsked(CHANGE, LONG));
            CompletableFuture<?> change = on.later(() -> on.load.write(ONE, on.key));
            on.awaitStored();
            on.load.read(WITHOUT_REDIS, on.key);
            on.load.read(OTHER, on.key);
            on.link(ONE).restore();
            change.join();
        }
    },

    /** Redis loses the mark of a change in progress, and the old document is cached before the change is made. */
    A_MARK_THAT_REDIS_LOST {
        @Override
        void play(Stage on) {
            on.link(ONE).hold(Direction.TO_SERVER, on.whenAsked(CHANGE, LONG));
            CompletableFuture<?> change = on.later(() -> on.load.write(ONE, on.key));
            on.awaitHeld(ONE);
            on.site.withRedis(redis -> redis.flushall());
            on.load.read(OTHER, on.key);
            on.link(ONE).restore();
            change.join();
            on.load.read(OTHER, on.key);
        }
    },

    /** A node that cannot reach Redis makes a change, while Redis contains the old document. */
    A_CHANGE_WITHOUT_REDIS {
        @Override
        void play(Stage on) {
            on.load.read(OTHER, on.key);
            on.site.nodes().get(ONE).redis().cut();
            on.load.write(ONE, on.key);
            // Longer than the other node's quarantine may outlast that of the node that made the change.
            Repeat.during(Duration.ofSeconds(1), () -> on.load.read(OTHER, on.key));
        }
    },

    /** One node has connected to a new Redis and makes a change there; the other's lease still permits the old one. */
    TWO_NODES_ON_TWO_REDIS {
        @Override
        void play(Stage on) {
            on.load.read(ONE, on.key);
            try (EmbeddedRedis another = EmbeddedRedis.start(Path.of("target", "test-redis", "another-" + on.key))) {
                long before = GenerationWatch.generation(on.site.stores());
                TcpProxy link = on.site.nodes().get(OTHER).redis();
                link.lead(another.port());
                link.cut();
                link.restore();
                await().pollInterval(Duration.ofMillis(5))
                        .atMost(LONG)
                        .until(() -> GenerationWatch.generation(on.site.stores()) != before);
                on.link(ONE).stall(Direction.TO_CLIENT); // this node must not learn of the increment
                Pause.millis(550); // by then the other node has learned of it
                on.load.write(OTHER, on.key);
                on.load.read(ONE, on.key);
                link.lead(on.site.stores().redis().port());
                link.cut();
            }
        }
    },

    /** A node gives up on a change, but the change reaches MongoDB a second later. */
    A_CHANGE_THAT_WAS_GIVEN_UP {
        @Override
        void play(Stage on) {
            on.link(ONE).hold(Direction.TO_SERVER, on.whenAsked(CHANGE, Duration.ofSeconds(4)));
            on.load.write(ONE, on.key);
            on.load.read(OTHER, on.key);
            on.awaitStored();
            on.load.read(WITHOUT_REDIS, on.key);
            on.load.read(OTHER, on.key);
        }
    },

    /** A node receives no replies from MongoDB while another node, without Redis, makes a change. */
    A_NODE_THAT_HEARS_NOTHING {
        @Override
        void play(Stage on) {
            on.load.read(ONE, on.key);
            on.link(ONE).stall(Direction.TO_CLIENT);
            on.site.nodes().get(OTHER).redis().cut();
            on.load.write(OTHER, on.key);
            on.load.read(ONE, on.key);
            on.link(ONE).restore();
        }
    },

    /** Redis restarts with a snapshot that is older than a change. */
    AN_OLD_SNAPSHOT {
        @Override
        void play(Stage on) {
            on.load.read(ONE, on.key);
            on.site.withRedis(redis -> redis.save());
            on.load.write(ONE, on.key);
            on.site.stores().redis().restart();
            Repeat.during(Duration.ofSeconds(2), () -> {
                on.load.read(ONE, on.key);
                on.load.read(OTHER, on.key);
            });
        }
    },

    /** Redis restarts without the mark of a late change, whose node is killed. This must be the last scenario. */
    A_CHANGE_OLDER_THAN_REDIS {
        @Override
        void play(Stage on) {
            Duration onItsWay = Duration.ofMillis(4_500);
            Duration dies = Duration.ofMillis(2_600); // before it gives up and marks the user again
            on.link(ONE).hold(Direction.TO_SERVER, on.whenAsked(CHANGE, onItsWay));
            CompletableFuture<?> change = on.later(() -> on.load.write(ONE, on.key));
            await().pollInterval(Duration.ofMillis(20))
                    .atMost(LONG)
                    .until(() -> on.site.inRedis(on.key).startsWith("T"));
            long marked = System.nanoTime();
            on.site.stores().redis().restart();
            Repeat.during(dies.minusNanos(System.nanoTime() - marked), () -> on.load.read(OTHER, on.key));
            ((NodeProcess) on.site.node(ONE)).kill();
            change.join();
            while (on.isOld()) {
                on.load.read(OTHER, on.key);
                Pause.millis(20);
            }
            on.load.read(WITHOUT_REDIS, on.key);
            on.load.read(OTHER, on.key);
        }
    };

    private static final int ONE = 0;
    private static final int OTHER = 1;
    private static final int WITHOUT_REDIS = 2;
    private static final Duration NONE = Duration.ZERO;
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String FIND = "find\0";
    private static final String CHANGE = "findAndModify\0";

    abstract void play(Stage on);

    /** Plays the scenario with one user on warm nodes, and restores the links of the first two nodes. */
    Scenario.Outcome run(TestCluster<ServiceClient> site) throws Exception {
        site.awaitHits(LONG);
        site.newUsers();
        List.of(ONE, OTHER).forEach(node -> warmUp(site, node));
        return Scenario.direct(toString(), site, load -> {
            try {
                play(new Stage(site, load, site.keys().get(0)));
            } finally {
                site.nodes().subList(ONE, WITHOUT_REDIS).forEach(node -> {
                    node.redis().restore();
                    node.mongo().restore();
                });
            }
        });
    }

    /** Waits until the node caches what it loads. Makes a change first, because a node's first change takes seconds. */
    private static void warmUp(TestCluster<ServiceClient> site, int node) {
        String user = site.keys().get(1 + node);
        site.node(node).patch("/user/" + user, site.token(), "{\"warm\":true}");
        await().atMost(LONG).until(() -> {
            site.node(node).get("/user/" + user, site.token());
            return site.inRedis(user).startsWith("V");
        });
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private record Stage(TestCluster<ServiceClient> site, Load load, String key) {
        TcpProxy link(int node) {
            return site.nodes().get(node).mongo();
        }

        boolean isAsked(String command, String request) {
            return request.contains(command) && request.contains(TestCluster.raw(key));
        }

        Function<String, Duration> whenAsked(String command, Duration time) {
            return request -> isAsked(command, request) ? time : NONE;
        }

        CompletableFuture<Void> later(Runnable work) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            Thread thread = new Thread(() -> {
                work.run();
                done.complete(null);
            });
            thread.setDaemon(true);
            thread.start();
            return done;
        }

        void awaitHeld(int node) {
            await().pollInterval(Duration.ofMillis(5))
                    .atMost(LONG)
                    .until(() -> link(node).lateBytes() > 0);
        }

        boolean isOld() {
            return site.stored().getOrDefault(key, 0L) == 1;
        }

        void awaitStored() {
            await().pollInterval(Duration.ofMillis(20)).atMost(LONG).until(() -> !isOld());
        }
    }
}
