package org.gatehouse.fault;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.mongodb.ConnectionString;
import com.mongodb.ServerAddress;
import com.mongodb.client.model.Filters;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.Node;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Answer;
import org.gatehouse.war.ServiceClient;
import org.slf4j.LoggerFactory;

/**
 * Some nodes on one MongoDB and one Redis, each with links of its own to both, and the users that are read and written.
 *
 * @param <N> what the nodes are: in this process, or in processes of their own
 */
final class Site<N extends ServiceClient> implements AutoCloseable {
    static {
        // One line for each of some thousand requests would be the most expensive part of them.
        ((Logger) LoggerFactory.getLogger("org.gatehouse.access")).setLevel(Level.OFF);
        ((Logger) LoggerFactory.getLogger("org.eclipse.jetty")).setLevel(Level.WARN);
    }

    private static final int USERS = 54;

    /** So many of them are touched by nobody but a fault itself. */
    private static final int SPARED = 4;

    private static final String REDIS_URL = "REDIS_URL";

    /** How BSON has a search for one or more users. */
    private static final String FIND_USERS = "find\0\6\0\0\0users\0";

    private static final AtomicInteger number = new AtomicInteger();

    private final Stores stores;
    private final RedisClient redisClient;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final List<LinkedNode<N>> nodes = new ArrayList<>();
    private final AtomicLong finds = new AtomicLong();
    private final String token;
    private List<String> keys = List.of();

    /** A node and its links. */
    record LinkedNode<N extends ServiceClient>(N node, TcpProxy redis, TcpProxy mongo) {}

    /** How a node starts with these settings. */
    interface Starter<N> extends Function<Map<String, String>, N> {}

    private Site(Map<String, String> settings, List<Starter<N>> starters, List<Starter<N>> withoutRedis) {
        stores = new Stores();
        opened.push(stores);
        redisClient = RedisClient.create();
        opened.push(redisClient);
        try {
            // One prepares the database alone: the embedded one fails at times when two make its collections.
            nodes.add(start(settings, starters.get(0), false));
            List<CompletableFuture<LinkedNode<N>>> starting = Stream.concat(
                            starters.stream().skip(1).map(starter -> starting(settings, starter, false)),
                            withoutRedis.stream().map(starter -> starting(settings, starter, true)))
                    .toList();
            CompletableFuture.allOf(starting.toArray(new CompletableFuture<?>[0]))
                    .join();
            starting.forEach(node -> nodes.add(node.join()));
            token = nodes.get(0).node().adminToken();
            observeFinds();
            newUsers();
        } catch (RuntimeException failed) {
            close();
            throw failed;
        }
    }

    /** Nodes in this process, which start quickly and can be neither stopped nor killed. */
    static Site<Node> ofNodes(int count, Map<String, String> settings) {
        return new Site<>(
                settings,
                Stream.generate(() -> (Starter<Node>) Node::start).limit(count).toList(),
                List.of());
    }

    static Site<Node> ofNodes(int count) {
        return ofNodes(count, Map.of());
    }

    /** Two nodes that find Redis for themselves, such as through Sentinels; their links to it cannot be touched. */
    static Site<Node> onRedis(String uri) {
        return ofNodes(2, Map.of(REDIS_URL, uri));
    }

    static <N extends ServiceClient> Site<N> of(List<Starter<N>> starters) {
        return of(starters, List.of());
    }

    /** The same with more nodes, which are cut off from Redis from the start and read MongoDB alone. */
    static <N extends ServiceClient> Site<N> of(List<Starter<N>> starters, List<Starter<N>> withoutRedis) {
        return new Site<>(Map.of(), starters, withoutRedis);
    }

    private CompletableFuture<LinkedNode<N>> starting(Map<String, String> more, Starter<N> starter, boolean cutOff) {
        return CompletableFuture.supplyAsync(() -> start(more, starter, cutOff));
    }

    private LinkedNode<N> start(Map<String, String> more, Starter<N> starter, boolean cutOff) {
        TcpProxy redis = opened(new TcpProxy("127.0.0.1", stores.redis().port()));
        if (cutOff) {
            redis.cut();
        }
        String address = new ConnectionString(stores.mongoUri()).getHosts().get(0);
        ServerAddress server = new ServerAddress(address);
        TcpProxy mongo = opened(new TcpProxy(server.getHost(), server.getPort()));
        Map<String, String> settings = new HashMap<>(ServiceClient.settings(stores, more));
        if (!more.containsKey(REDIS_URL)) {
            settings.put(REDIS_URL, "redis://127.0.0.1:" + redis.port());
        }
        // With keys from MongoDB a node that cannot reach it would refuse everything before it could show anything old.
        settings.put("AUTH_ALG", "HS256");
        settings.put("DB_HOST", stores.mongoUri().replace(address, "127.0.0.1:" + mongo.port()));
        return new LinkedNode<>(opened(starter.apply(settings)), redis, mongo);
    }

    private synchronized <C extends AutoCloseable> C opened(C resource) {
        opened.push(resource);
        return resource;
    }

    private void observeFinds() {
        String self = raw(node(0).get("/user/me", token).text("_id"));
        nodes.forEach(node -> node.mongo().observe(request -> {
            if (request.contains(FIND_USERS) && !request.contains(self)) {
                finds.incrementAndGet();
            }
        }));
    }

    Stores stores() {
        return stores;
    }

    List<LinkedNode<N>> nodes() {
        return nodes;
    }

    N node(int index) {
        return nodes.get(index).node();
    }

    /** The administrator's. */
    String token() {
        return token;
    }

    /** The ids of the users. */
    List<String> keys() {
        return keys;
    }

    /** Those that every client may read and change. */
    List<String> commonKeys() {
        return keys.subList(SPARED, keys.size());
    }

    /** Those that are left to a fault. */
    List<String> sparedKeys() {
        return keys.subList(0, SPARED);
    }

    /** The users that all scenarios before this moment used are left alone: a late write of theirs matters to nobody. */
    void newUsers() {
        Document like =
                stores.users().find(Filters.eq("username", ServiceClient.ADMIN)).first();
        List<Document> users = new ArrayList<>();
        for (int i = 0; i < USERS; i++) {
            String name = "user-" + number.incrementAndGet();
            Document user = new Document(like == null ? Map.of() : like);
            user.put("_id", new ObjectId());
            user.put("username", name);
            user.put("usernameKey", name);
            user.put("roles", List.of("user"));
            user.put("version", 1L);
            users.add(user);
        }
        stores.users().insertMany(users);
        keys = users.stream().map(user -> user.getObjectId("_id").toHexString()).toList();
    }

    /** The version of each user as it is stored. */
    Map<String, Long> stored() {
        Map<String, Long> versions = new HashMap<>();
        List<ObjectId> ids = keys.stream().map(ObjectId::new).toList();
        stores.users()
                .find(Filters.in("_id", ids))
                .forEach(user -> versions.put(user.getObjectId("_id").toHexString(), user.getLong("version")));
        return versions;
    }

    /** How often the nodes have asked MongoDB for users; when the administrator's own account is asked for, that is none. */
    long finds() {
        return finds.get();
    }

    /**
     * Which share of reads is answered from Redis now, every user read on every node that is not cut off, after all have
     * been read once.
     */
    double hitShare(List<String> users) {
        List<N> caching = nodes.stream()
                .filter(node -> !node.redis().isCut())
                .map(LinkedNode::node)
                .toList();
        read(users, caching);
        long before = finds();
        read(users, caching);
        return 1 - (double) (finds() - before) / (users.size() * caching.size());
    }

    private void read(List<String> users, List<N> from) {
        for (String user : users) {
            for (N node : from) {
                Answer answer = node.get("/user/" + user, token);
                if (answer.status() != 200) {
                    throw new AssertionError("a read was answered " + answer.body());
                }
            }
        }
    }

    /** Waits until more than nine reads of ten are answered from Redis. */
    void awaitHits(Duration limit) {
        awaitHits(keys, limit);
    }

    void awaitHits(List<String> users, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            // Asked at least once, for the time may have run out before.
            double share = hitShare(users.subList(0, 1));
            share = share > 0.9 ? hitShare(users) : share;
            if (share > 0.9) {
                return;
            }
            if (System.nanoTime() >= deadline) {
                throw new AssertionError("of reads only " + share + " are hits after " + limit);
            }
            Pause.millis(200);
        }
    }

    /** Asks the Redis of this site. */
    <T> T withRedis(Function<RedisCommands<String, String>, T> use) {
        return withRedis(stores.redis(), use);
    }

    <T> T withRedis(EmbeddedRedis server, Function<RedisCommands<String, String>, T> use) {
        try (StatefulRedisConnection<String, String> connection = redisClient.connect(RedisURI.create(server.uri()))) {
            return use.apply(connection.sync());
        }
    }

    /** How many users have an entry on this server that is older than what is stored. */
    long staleEntries(EmbeddedRedis server) {
        Map<String, Long> stored = stored();
        return withRedis(
                server,
                redis -> keys.stream()
                        .filter(key -> {
                            String[] entry =
                                    String.valueOf(redis.get("u:{" + key + "}")).split(" ", 3);
                            return entry[0].startsWith("V") && Long.parseLong(entry[1]) < stored.getOrDefault(key, 0L);
                        })
                        .count());
    }

    /** The user's entry in Redis; "null" when there is none. */
    String inRedis(String key) {
        return withRedis(redis -> String.valueOf(redis.get("u:{" + key + "}")));
    }

    /** An id as it lies in a message to MongoDB; see {@link TcpProxy#hold}. */
    static String raw(String id) {
        return new String(new ObjectId(id).toByteArray(), StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {
        // A node that is about to stop must not wait for what a fault still holds.
        nodes.forEach(node -> {
            node.redis().restore();
            node.mongo().restore();
        });
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception failed) {
                throw new IllegalStateException("not closed", failed);
            }
        }
    }
}
