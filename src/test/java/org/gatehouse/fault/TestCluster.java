package org.gatehouse.fault;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.mongodb.ConnectionString;
import com.mongodb.ServerAddress;
import com.mongodb.client.model.Filters;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.slf4j.LoggerFactory;

/**
 * Several nodes on one MongoDB and one Redis, with users for the tests. Each node has its own links to both servers.
 *
 * @param <N> the type of the nodes: {@link NodeProcess} for separate processes, or the class of nodes in this process
 */
final class TestCluster<N extends ServiceClient> implements AutoCloseable {
    static {
        // A log line for each of thousands of requests would take more processor time than the requests themselves.
        ((Logger) LoggerFactory.getLogger("org.gatehouse.access")).setLevel(Level.OFF);
        ((Logger) LoggerFactory.getLogger("org.eclipse.jetty")).setLevel(Level.WARN);
    }

    private static final int USERS = 54;

    /** The number of users that only the fault reads and changes. The load does not use these users. */
    private static final int RESERVED = 4;

    private static final String REDIS_URL = "REDIS_URL";

    /** The beginning of a MongoDB command that finds users. */
    private static final String FIND_USERS = "find\0\6\0\0\0users\0";

    private static final String EVICT_ENTRY =
            "if string.sub(redis.call('GET', KEYS[1]) or '', 1, 1) == 'V' then return redis.call('DEL', KEYS[1]) end"
                    + " return 0";

    private static final AtomicInteger number = new AtomicInteger();

    private final Stores stores;
    private final RedisClient redisClient;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final List<LinkedNode<N>> nodes = new ArrayList<>();
    private final AtomicLong finds = new AtomicLong();
    private final String token;
    private List<String> keys = List.of();

    /** A node with its links to Redis and MongoDB. */
    record LinkedNode<N extends ServiceClient>(N node, TcpProxy redis, TcpProxy mongo) {}

    /** Starts a node with these settings. */
    interface Starter<N> extends Function<Map<String, String>, N> {}

    private TestCluster(Map<String, String> settings, List<Starter<N>> starters, List<Starter<N>> withoutRedis) {
        stores = new Stores();
        opened.push(stores);
        redisClient = RedisClient.create();
        opened.push(redisClient);
        try {
            // The first node starts alone, because the embedded MongoDB may fail if two nodes create collections at the
            // same time.
            nodes.add(start(settings, starters.get(0), false));
            List<CompletableFuture<LinkedNode<N>>> started = Stream.concat(
                            starters.stream().skip(1).map(starter -> startAsync(settings, starter, false)),
                            withoutRedis.stream().map(starter -> startAsync(settings, starter, true)))
                    .toList();
            CompletableFuture.allOf(started.toArray(new CompletableFuture<?>[0]))
                    .join();
            started.forEach(node -> nodes.add(node.join()));
            token = nodes.get(0).node().adminToken();
            observeFinds();
            newUsers();
        } catch (RuntimeException failed) {
            close();
            throw failed;
        }
    }

    /** Creates nodes in this process. Such nodes start quickly, but cannot be paused or killed. */
    static TestCluster<Node> ofNodes(int count, Map<String, String> settings) {
        return new TestCluster<>(
                settings,
                Stream.generate(() -> (Starter<Node>) Node::start).limit(count).toList(),
                List.of());
    }

    static TestCluster<Node> ofNodes(int count) {
        return ofNodes(count, Map.of());
    }

    /**
     * Creates two nodes that find Redis through the given address, such as the address of a Sentinel. Tests cannot cut
     * the links to Redis, because these links have no proxy.
     */
    static TestCluster<Node> onRedis(String uri) {
        return ofNodes(2, Map.of(REDIS_URL, uri));
    }

    static <N extends ServiceClient> TestCluster<N> of(List<Starter<N>> starters) {
        return of(starters, List.of());
    }

    /**
     * Creates two groups of nodes. The links of the second group to Redis are cut before the nodes start, so these
     * nodes read only MongoDB.
     */
    static <N extends ServiceClient> TestCluster<N> of(List<Starter<N>> starters, List<Starter<N>> withoutRedis) {
        return new TestCluster<>(Map.of(), starters, withoutRedis);
    }

    private CompletableFuture<LinkedNode<N>> startAsync(
            Map<String, String> extraSettings, Starter<N> starter, boolean withoutRedis) {
        return CompletableFuture.supplyAsync(() -> start(extraSettings, starter, withoutRedis));
    }

    private LinkedNode<N> start(Map<String, String> extraSettings, Starter<N> starter, boolean withoutRedis) {
        TcpProxy redis = register(new TcpProxy("127.0.0.1", stores.redis().port()));
        if (withoutRedis) {
            redis.cut();
        }
        String address = new ConnectionString(stores.mongoUri()).getHosts().get(0);
        ServerAddress server = new ServerAddress(address);
        TcpProxy mongo = register(new TcpProxy(server.getHost(), server.getPort()));
        Map<String, String> settings = new HashMap<>(ServiceClient.settings(stores, extraSettings));
        if (!extraSettings.containsKey(REDIS_URL)) {
            settings.put(REDIS_URL, "redis://127.0.0.1:" + redis.port());
        }
        // If the signing keys were in MongoDB, a node without MongoDB would reject every request. Then no test could
        // detect that the node returns old data.
        settings.put("AUTH_ALG", "HS256");
        settings.put("DB_HOST", stores.mongoUri().replace(address, "127.0.0.1:" + mongo.port()));
        return new LinkedNode<>(register(starter.apply(settings)), redis, mongo);
    }

    private synchronized <C extends AutoCloseable> C register(C resource) {
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

    /** Returns the administrator's token. */
    String token() {
        return token;
    }

    /** Logs a user in, and returns the token. */
    String tokenOf(String key) {
        String name = Objects.requireNonNull(
                        stores.users().find(Filters.eq(new ObjectId(key))).first())
                .getString("username");
        return node(0).login(name, ServiceClient.ADMIN_PASSWORD).text("token");
    }

    /** Returns the ids of the users. */
    List<String> keys() {
        return keys;
    }

    /** Returns the ids of the users that the load reads and changes. */
    List<String> commonKeys() {
        return keys.subList(RESERVED, keys.size());
    }

    /** Returns the ids of the users that only the fault reads and changes. */
    List<String> reservedKeys() {
        return keys.subList(0, RESERVED);
    }

    /** Replaces the users with new ones, so that late writes of earlier scenarios have no effect. */
    void newUsers() {
        Document template =
                stores.users().find(Filters.eq("username", ServiceClient.ADMIN)).first();
        List<Document> users = new ArrayList<>();
        for (int i = 0; i < USERS; i++) {
            String name = "user-" + number.incrementAndGet();
            Document user = new Document(template == null ? Map.of() : template);
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

    /** Returns the version of each user in MongoDB. */
    Map<String, Long> stored() {
        Map<String, Long> versions = new HashMap<>();
        List<ObjectId> ids = keys.stream().map(ObjectId::new).toList();
        stores.users()
                .find(Filters.in("_id", ids))
                .forEach(user -> versions.put(user.getObjectId("_id").toHexString(), user.getLong("version")));
        return versions;
    }

    /** Returns the number of MongoDB queries for users. Queries for the administrator do not count. */
    long finds() {
        return finds.get();
    }

    /**
     * Reads every user twice on every node whose link to Redis is not cut. Returns the share of second reads that
     * caused no query to MongoDB.
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
                Response response = node.get("/user/" + user, token);
                if (response.status() != 200) {
                    throw new AssertionError("a read failed: " + response.body());
                }
            }
        }
    }

    /** Waits until more than nine of ten reads are cache hits. */
    void awaitHits(Duration limit) {
        awaitHits(keys, limit);
    }

    void awaitHits(List<String> users, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            // The loop measures the share before it compares the time, because the time limit may already have passed.
            double share = hitShare(users.subList(0, 1));
            share = share > 0.9 ? hitShare(users) : share;
            if (share > 0.9) {
                return;
            }
            if (System.nanoTime() >= deadline) {
                throw new AssertionError("only " + share + " of the reads are hits after " + limit);
            }
            Sleep.millis(200);
        }
    }

    /** Returns the number of reads of users that copies in the near caches answered. A stopped node does not count. */
    long nearHits() {
        return nodes.stream().mapToLong(linked -> nearHits(linked.node())).sum();
    }

    private static long nearHits(ServiceClient node) {
        try {
            return node.send("GET", "/metrics", "")
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("gatehouse_cache_reads_total{cache=\"users\",outcome=\"near\"}"))
                    .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                    .sum();
        } catch (UncheckedIOException stopped) {
            return 0;
        }
    }

    /** Calls a function with a connection to the Redis of this cluster. */
    <T> T withRedis(Function<RedisCommands<String, String>, T> function) {
        return withRedis(stores.redis(), function);
    }

    <T> T withRedis(EmbeddedRedis server, Function<RedisCommands<String, String>, T> function) {
        try (StatefulRedisConnection<String, String> connection = redisClient.connect(RedisURI.create(server.uri()))) {
            return function.apply(connection.sync());
        }
    }

    /** Returns the number of users whose entry on this Redis server is older than the version in MongoDB. */
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

    /** Returns the user's entry in Redis, or "null" if there is no entry. */
    String entryInRedis(String key) {
        return withRedis(redis -> String.valueOf(redis.get("u:{" + key + "}")));
    }

    /** Deletes the entries of these users from Redis, as an eviction does, but not the mark (T) of a write. */
    void evictEntries(List<String> users) {
        withRedis(redis -> users.stream()
                .map(key -> redis.<Long>eval(EVICT_ENTRY, ScriptOutputType.INTEGER, "u:{" + key + "}"))
                .toList());
    }

    /**
     * Returns the binary form of an id, with each byte as one character. A request to MongoDB contains this form. See
     * {@link TcpProxy#hold}.
     */
    static String raw(String id) {
        return new String(new ObjectId(id).toByteArray(), StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {
        // The links are restored before the nodes stop. Otherwise a node could wait for data that a fault still holds
        // back.
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
