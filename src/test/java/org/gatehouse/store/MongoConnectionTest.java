package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.mongodb.client.model.Filters;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.bson.BsonDocument;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests which read concern each read uses. The test server can imitate the primary of a replica set. */
class MongoConnectionTest {
    private final ImitatedServer backend = new ImitatedServer();
    private final MongoServer server = new MongoServer(backend);
    private final List<MongoConnection> connections = new ArrayList<>();

    @AfterEach
    void close() {
        connections.forEach(MongoConnection::close);
        server.shutdownNow();
        backend.close();
    }

    @Test
    void readsAReplicaSetLinearizably() {
        backend.asReplicaSet = true;
        MongoConnection mongo = connect();

        find(mongo);
        find(mongo);

        assertThat(backend.concerns).containsExactly("linearizable", "linearizable");
    }

    @Test
    void readsAStandaloneServerWithoutAReadConcern() {
        MongoConnection mongo = connect();

        find(mongo);

        assertThat(backend.concerns).containsExactly("none");
    }

    @Test
    void confirmsTheResultOfReadLatestWithALinearizableRead() {
        backend.asReplicaSet = true;
        MongoConnection mongo = connect();

        mongo.readLatest(() -> mongo.readOnly("things").find().first());

        assertThat(backend.concerns).containsExactly("none", "linearizable");
    }

    @Test
    void triesAnUnsupportedReadConcernOnlyOnce() {
        backend.asReplicaSet = true;
        backend.errors.put("linearizable", 115);
        MongoConnection mongo = connect();

        find(mongo);
        find(mongo);

        assertThat(backend.concerns).containsExactly("linearizable", "majority", "majority");
    }

    @Test
    void usesNoWeakerReadConcernDuringAnOutage() {
        backend.asReplicaSet = true;
        MongoConnection mongo = connect();
        for (int outage : new int[] {50, 187}) {
            backend.concerns.clear();
            backend.errors.put("linearizable", outage);

            assertThatThrownBy(() -> find(mongo))
                    .isInstanceOfSatisfying(
                            GatehouseException.class,
                            unavailable -> assertThat(unavailable.code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE));
            assertThat(backend.concerns).isNotEmpty().containsOnly("linearizable");
        }
        backend.errors.clear();
        find(mongo);
        assertThat(backend.concerns).endsWith("linearizable");
    }

    @Test
    void doesNotStartAWriteAfterItsDeadline() {
        MongoConnection mongo = connect();

        assertThatThrownBy(() -> mongo.withDeadline(System.nanoTime(), mongo.collection("things")))
                .isInstanceOfSatisfying(
                        GatehouseException.class,
                        unavailable -> assertThat(unavailable.code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE));
    }

    private MongoConnection connect() {
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        backend.address = server.getLocalAddress().getAddress().getHostAddress() + ":"
                + server.getLocalAddress().getPort();
        String uri = "mongodb://" + backend.address + (backend.asReplicaSet ? "/?replicaSet=imitated" : "");
        MongoConnection mongo = new MongoConnection(new Secret(uri), "test", new Metrics());
        connections.add(mongo);
        return mongo;
    }

    private static void find(MongoConnection mongo) {
        assertThat(mongo.findLinearizable(mongo.readOnly("things"), Filters.eq(1), new BsonDocument()))
                .isEmpty();
    }

    private static final class ImitatedServer extends H2Backend {
        private final List<String> concerns = new CopyOnWriteArrayList<>();
        private final Map<String, Integer> errors = new HashMap<>();
        private boolean asReplicaSet;
        private String address = "";

        ImitatedServer() {
            super(MVStore.open(null));
        }

        @Override
        public Document handleCommand(Channel channel, String databaseName, String command, Document query) {
            Document reply = super.handleCommand(channel, databaseName, command, query);
            return command.equalsIgnoreCase("ismaster") ? imitated(reply) : reply;
        }

        @Override
        public Document handleMessage(MongoMessage message) {
            Document command = message.getDocument();
            if (!command.containsKey("find")) {
                return super.handleMessage(message);
            }
            String concern =
                    command.get("readConcern") instanceof Document given ? (String) given.get("level") : "none";
            concerns.add(concern);
            Integer error = errors.get(concern);
            return error == null
                    ? super.handleMessage(message)
                    : new Document("ok", 0.0).append("code", error).append("errmsg", "rejected");
        }

        private Document imitated(Document reply) {
            if (asReplicaSet) {
                reply.append("setName", "imitated")
                        .append("hosts", List.of(address))
                        .append("me", address);
                reply.append("primary", address).append("secondary", false);
            }
            return reply;
        }
    }
}
