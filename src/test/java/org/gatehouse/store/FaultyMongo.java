package org.gatehouse.store;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.gatehouse.dev.EmbeddedMongo;
import org.h2.mvstore.MVStore;

/** An embedded MongoDB server. A test can replace the reply to each command. */
public final class FaultyMongo implements AutoCloseable {
    private final Backend backend = new Backend();
    private final MongoServer server = new MongoServer(backend);
    private final String uri;
    private volatile Function<Document, Optional<Document>> rule = command -> Optional.empty();
    private volatile Function<Document, Document> handshake = reply -> reply;

    private FaultyMongo(int port) {
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        this.uri = server.getConnectionString();
    }

    public static FaultyMongo start() {
        return start(0);
    }

    /** Starts a server on this port. */
    public static FaultyMongo start(int port) {
        EmbeddedMongo.silence();
        return new FaultyMongo(port);
    }

    public String uri() {
        return uri;
    }

    /** Returns the host and the port. */
    public String address() {
        return uri.substring("mongodb://".length());
    }

    /** Replies to each command with the result of the rule. If the result is empty, the server executes the command. */
    public void replyWith(Function<Document, Optional<Document>> newRule) {
        this.rule = newRule;
    }

    /** Replies to the next command of this name, on any collection. The server executes all other commands. */
    public void replyOnce(String name, Document reply) {
        AtomicInteger left = new AtomicInteger(1);
        replyWith(command ->
                name(command).equals(name) && left.getAndDecrement() > 0 ? Optional.of(reply) : Optional.empty());
    }

    /** Replies with this error code to all commands of these names on one collection. */
    public void failWith(int code, String collection, String... names) {
        replyWith(command -> List.of(names).contains(name(command)) && collection.equals(command.get(name(command)))
                ? Optional.of(error(code))
                : Optional.empty());
    }

    /** Stops the replacement of replies. The server then executes every command. */
    public void reset() {
        replyWith(command -> Optional.empty());
    }

    /** Changes the replies to the handshakes of clients. */
    public void handshake(Function<Document, Document> newHandshake) {
        this.handshake = newHandshake;
    }

    /** Returns an error reply in the format of a server. */
    public static Document error(int code) {
        return new Document("ok", 0.0)
                .append("code", code)
                .append("codeName", "Code" + code)
                .append("errmsg", "refused by the test { secret: 'hunter2' }");
    }

    public static String name(Document command) {
        return command.keySet().iterator().next();
    }

    @Override
    public void close() {
        server.shutdownNow();
        backend.close();
    }

    private final class Backend extends H2Backend {
        Backend() {
            super(MVStore.open(null));
        }

        @Override
        public Document handleCommand(Channel channel, String databaseName, String command, Document query) {
            Document reply = super.handleCommand(channel, databaseName, command, query);
            return command.equalsIgnoreCase("ismaster") ? handshake.apply(reply) : reply;
        }

        @Override
        public Document handleMessage(MongoMessage message) {
            return rule.apply(message.getDocument()).orElseGet(() -> super.handleMessage(message));
        }
    }
}
