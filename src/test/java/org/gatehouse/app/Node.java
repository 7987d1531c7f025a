package org.gatehouse.app;

import static org.awaitility.Awaitility.await;

import com.mongodb.event.CommandListener;
import com.mongodb.event.CommandStartedEvent;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonValue;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.gatehouse.config.SettingSources;
import org.gatehouse.config.Settings;
import org.gatehouse.http.HttpModule;
import org.gatehouse.key.KeySchedule;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.password.CheapHasher;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.LocalJetty;
import org.gatehouse.war.ServiceClient;

/**
 * An instance of the application in this process, with its own Jetty and very cheap password hashes. Several instances
 * on the same stores form one service with several nodes.
 *
 * <p>Use this class for tests that need thousands of logins or their own clock. The tests of the packaged WAR are in
 * {@code org.gatehouse.war}.
 */
public final class Node extends ServiceClient {
    static final KeySchedule SCHEDULE = KeySchedule.every(Duration.ofDays(30), Duration.ofMinutes(10));

    /** Accepts any name and any password for the first administrator. */
    static final Settings.AccountRules NO_RULES = (username, password, minLength) -> List.of();

    private final Gatehouse gatehouse;
    private final String contextPath;
    private final LocalJetty jetty;

    private Node(Gatehouse gatehouse, String contextPath, Duration bodyTimeout) {
        this.gatehouse = gatehouse;
        this.contextPath = contextPath;
        ServletContextHandler context = new ServletContextHandler(contextPath.isEmpty() ? "/" : contextPath);
        context.addServlet(
                new ServletHolder(gatehouse.http.servlet(new HttpApplication(gatehouse), bodyTimeout)), "/*");
        this.jetty = new LocalJetty(context);
    }

    public static Node start(Stores stores) {
        return start(stores, Map.of());
    }

    /** Starts a node. The given settings extend or replace the usual settings. */
    public static Node start(Stores stores, Map<String, String> settings) {
        return start(settings(stores, settings));
    }

    /**
     * Starts a node that passes the name and collection of each MongoDB command to an observer, such as
     * {@code find users}.
     */
    public static Node start(Stores stores, Map<String, String> settings, Consumer<String> observer) {
        return startObserved(stores, settings, command -> observer.accept(name(command)));
    }

    /** Starts a node that passes each complete MongoDB command to an observer. */
    public static Node startObserved(Stores stores, Map<String, String> more, Consumer<BsonDocument> observer) {
        Map<String, String> settings = settings(stores, more);
        return start("", settings, parts(settings, afterStart(observer)), HttpModule.BODY_TIMEOUT);
    }

    /**
     * Hides the commands of the startup thread from an observer. Otherwise a deadlock is possible. The initializer
     * of the observer's class may wait for this node, while the startup thread waits for this initializer.
     */
    private static Consumer<BsonDocument> afterStart(Consumer<BsonDocument> observer) {
        return command -> {
            if (!Thread.currentThread().getName().equals("gatehouse-startup")) {
                observer.accept(command);
            }
        };
    }

    /**
     * Returns the application's real parts, but with cheap password hashes. The observer receives each MongoDB command
     * before it is sent.
     */
    static Gatehouse.Parts parts(Map<String, String> settings, Consumer<BsonDocument> observer) {
        CommandListener listener = new CommandListener() {
            @Override
            public void commandStarted(CommandStartedEvent event) {
                observer.accept(event.getCommand());
            }
        };
        Settings read = Settings.read(SettingSources.of(settings), NO_RULES);
        Metrics metrics = new Metrics();
        return new Gatehouse.Parts(
                metrics,
                Clock.systemUTC(),
                CheapHasher.create(metrics),
                SCHEDULE,
                new MongoConnection(read.mongoUri(), read.databaseName(), metrics, listener));
    }

    private static String name(BsonDocument command) {
        String name = command.getFirstKey();
        BsonValue collection = command.getOrDefault(name, BsonNull.VALUE);
        return collection.isString() ? name + " " + collection.asString().getValue() : name;
    }

    /** Starts a node with only the given settings. */
    public static Node start(Map<String, String> settings) {
        return start("", settings, parts(settings, command -> {}), HttpModule.BODY_TIMEOUT);
    }

    /** Starts a node with this clock. */
    public static Node start(Stores stores, Map<String, String> more, Clock clock) {
        return start(stores, more, clock, command -> {});
    }

    /** Starts a node with this clock and this observer. */
    public static Node start(Stores stores, Map<String, String> more, Clock clock, Consumer<String> observer) {
        Map<String, String> settings = settings(stores, more);
        Gatehouse.Parts parts = parts(settings, afterStart(command -> observer.accept(name(command))));
        return start(
                "",
                settings,
                new Gatehouse.Parts(parts.metrics(), clock, parts.hasher(), parts.keySchedule(), parts.mongo()),
                HttpModule.BODY_TIMEOUT);
    }

    /** Starts a node with this hasher. */
    public static Node start(Stores stores, Map<String, String> more, PasswordHasher hasher) {
        return startWith(
                stores,
                more,
                parts -> new Gatehouse.Parts(
                        parts.metrics(), parts.clock(), hasher, parts.keySchedule(), parts.mongo()));
    }

    /** Starts a node with signing keys that rotate on this schedule. */
    public static Node start(Stores stores, Map<String, String> more, KeySchedule schedule) {
        return startWith(
                stores,
                more,
                parts -> new Gatehouse.Parts(parts.metrics(), parts.clock(), parts.hasher(), schedule, parts.mongo()));
    }

    private static Node startWith(Stores stores, Map<String, String> more, UnaryOperator<Gatehouse.Parts> change) {
        Map<String, String> settings = settings(stores, more);
        return start("", settings, change.apply(parts(settings, command -> {})), HttpModule.BODY_TIMEOUT);
    }

    /** Starts a node with this timeout for request bodies. */
    public static Node start(Stores stores, Map<String, String> more, Duration bodyTimeout) {
        Map<String, String> settings = settings(stores, more);
        return start("", settings, parts(settings, command -> {}), bodyTimeout);
    }

    /** Starts a node under this context path. */
    public static Node startUnder(String contextPath, Stores stores, Map<String, String> more) {
        Map<String, String> settings = settings(stores, more);
        return start(contextPath, settings, parts(settings, command -> {}), HttpModule.BODY_TIMEOUT);
    }

    private static Node start(
            String contextPath, Map<String, String> settings, Gatehouse.Parts parts, Duration bodyTimeout) {
        Node node = new Node(
                new Gatehouse(Settings.read(SettingSources.of(settings), NO_RULES), parts, created -> {}),
                contextPath,
                bodyTimeout);
        try {
            node.gatehouse.start();
            node.jetty.start();
            // On a busy machine, the deployment may end before the stores are prepared.
            await().atMost(Duration.ofSeconds(60)).until(() -> !node.gatehouse.startup.isPreparing());
            return node;
        } catch (Exception failed) {
            node.close();
            throw new IllegalStateException("The node did not start", failed);
        }
    }

    /** Returns the Jersey resource classes of this node. */
    public List<Class<?>> resources() {
        return gatehouse.resources.stream().<Class<?>>map(Object::getClass).toList();
    }

    public int port() {
        return jetty.port();
    }

    @Override
    public String baseUri() {
        return "http://127.0.0.1:" + port() + contextPath;
    }

    @Override
    public void close() {
        try {
            jetty.close();
        } finally {
            gatehouse.close();
        }
    }
}
