package org.gatehouse.store;

import com.mongodb.ConnectionString;
import com.mongodb.ErrorCategory;
import com.mongodb.MongoClientSettings;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.MongoInterruptedException;
import com.mongodb.MongoWriteException;
import com.mongodb.ReadConcern;
import com.mongodb.ReadPreference;
import com.mongodb.WriteConcern;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexModel;
import com.mongodb.connection.ClusterType;
import com.mongodb.event.CommandListener;
import io.prometheus.metrics.core.metrics.Counter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoErrors.Kind;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The application's MongoDB client. A majority acknowledges each write, and reads use the primary. Reads end within
 * {@link #READ_TIMEOUT} and writes within {@link #WRITE_TIMEOUT}, including retries and server selection.
 *
 * <p>If an operation itself is invalid, {@link #call} throws the exception of the driver. If MongoDB is unavailable,
 * {@link #call} throws {@code STORE_UNAVAILABLE}.
 */
public final class MongoConnection implements AutoCloseable {
    /** If the store does not reply, callers receive an error within two seconds. */
    static final Duration READ_TIMEOUT = Duration.ofMillis(1_800);

    /** This exceeds READ_TIMEOUT, because servers may lag. After a timeout, the outcome of the write is unknown. */
    public static final Duration WRITE_TIMEOUT = Duration.ofSeconds(3);

    /** This timeout is shorter than the other timeouts, so that the error gives the missing server as the reason. */
    static final Duration SERVER_SELECTION_TIMEOUT = Duration.ofMillis(1_200);

    private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

    /**
     * The read concerns, strongest first. With a weaker concern, a primary that was just replaced may still return old
     * data, but only in a deployment with several servers.
     */
    private static final List<ReadConcern> READ_CONCERNS =
            List.of(ReadConcern.LINEARIZABLE, ReadConcern.MAJORITY, ReadConcern.DEFAULT);

    /**
     * The errors of servers that do not support a read concern: BadValue, FailedToParse, InvalidOptions,
     * CommandNotSupported, NotAReplicaSet, ReadConcernMajorityNotEnabled, NotImplemented. Only servers other than
     * MongoDB return code 303.
     */
    private static final Set<Integer> UNSUPPORTED_READ_CONCERN = Set.of(2, 9, 72, 115, 123, 148, 238, 303);

    private static final Set<ClusterType> MULTI_SERVER =
            Set.of(ClusterType.REPLICA_SET, ClusterType.SHARDED, ClusterType.LOAD_BALANCED);

    private static final Logger log = LoggerFactory.getLogger(MongoConnection.class);

    private final MongoClient client;
    private final MongoDatabase database;
    private final Counter unavailable;
    private final MongoFailureLog failures;
    private final AtomicInteger readConcernIndex = new AtomicInteger();

    /**
     * Opens the client without waiting for a server.
     *
     * @param uri a well-formed connection string; its timeouts, read preference and write concern are overridden
     * @param listeners more listeners, in addition to the listener for metrics
     */
    public MongoConnection(Secret uri, String databaseName, Metrics metrics, CommandListener... listeners) {
        this.unavailable = metrics.counter(
                "gatehouse_mongodb_unavailable_total",
                "Calls for which MongoDB was unavailable or did not reply in time.");
        ConnectionString address = new ConnectionString(uri.reveal());
        ReplicaSetNames replicaSetNames = new ReplicaSetNames(address.getRequiredReplicaSetName());
        this.failures = new MongoFailureLog(replicaSetNames);
        MongoClientSettings.Builder settings =
                MongoClientSettings.builder().addCommandListener(new CommandMetrics(metrics));
        List.of(listeners).forEach(settings::addCommandListener);
        this.client = MongoClients.create(settings.applicationName("gatehouse")
                .applyConnectionString(address)
                .applyToServerSettings(server -> server.addServerListener(replicaSetNames))
                .applyToClusterSettings(cluster ->
                        cluster.serverSelectionTimeout(SERVER_SELECTION_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS))
                .applyToSocketSettings(
                        socket -> socket.connectTimeout(SERVER_SELECTION_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS))
                .timeout(WRITE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                .writeConcern(WriteConcern.MAJORITY)
                .readPreference(ReadPreference.primary())
                .build());
        this.database = client.getDatabase(databaseName);
    }

    /** Returns a collection for writes; its documents are raw BSON, so that no value changes its type. */
    public MongoCollection<BsonDocument> collection(String name) {
        return database.getCollection(name, BsonDocument.class);
    }

    /** Returns a collection for reads, with {@link #READ_TIMEOUT}. */
    public MongoCollection<BsonDocument> readOnly(String name) {
        return collection(name).withTimeout(READ_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Returns the collection for a write that must end before a deadline.
     *
     * @param deadline a time of {@link System#nanoTime}
     */
    public MongoCollection<BsonDocument> withDeadline(long deadline, MongoCollection<BsonDocument> collection) {
        long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (millis <= 0) {
            throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, RETRY_AFTER, null);
        }
        return collection.withTimeout(Math.min(millis, WRITE_TIMEOUT.toMillis()), TimeUnit.MILLISECONDS);
    }

    /**
     * Reads one document; the result includes every write that was acknowledged before the call. The read uses the
     * strongest read concern of the deployment: linearizable in replica sets and sharded clusters.
     *
     * @param filter a filter that matches at most one document, because the read concern requires this
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    public Optional<BsonDocument> findLinearizable(MongoCollection<BsonDocument> collection, Bson filter) {
        return findLinearizable(collection, filter, new BsonDocument());
    }

    /** Reads like {@link #findLinearizable(MongoCollection, Bson)}, with a projection. */
    public Optional<BsonDocument> findLinearizable(
            MongoCollection<BsonDocument> collection, Bson filter, Bson projection) {
        return call(() -> {
            int strongest = isMultiServer() ? readConcernIndex.get() : READ_CONCERNS.size() - 1;
            for (int strength = strongest; true; strength++) {
                ReadConcern concern = READ_CONCERNS.get(strength);
                try {
                    @Nullable
                    BsonDocument found = collection
                            .withReadConcern(concern)
                            .find(filter)
                            .projection(projection)
                            .first();
                    if (strength > strongest && readConcernIndex.compareAndSet(strongest, strength)) {
                        log.warn("MongoDB supports no read concern stronger than {}", concern.asDocument());
                    }
                    return Optional.ofNullable(found);
                } catch (MongoCommandException rejected) {
                    if (!UNSUPPORTED_READ_CONCERN.contains(rejected.getCode())
                            || strength == READ_CONCERNS.size() - 1) {
                        throw rejected;
                    }
                }
            }
        });
    }

    /**
     * Checks that a linearizable read is possible.
     *
     * @param timeout the timeout for a server's reply, without the time for the selection of the server
     * @throws StoreRefusedException if a server replies that it cannot read now
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    public void requireAvailable(Duration timeout) {
        try {
            var unused = findLinearizable(
                    collection("meta").withTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS),
                    Filters.eq(new BsonString("cache")));
        } catch (GatehouseException unavailable) {
            throw MongoErrors.serverError(unavailable)
                    .<RuntimeException>map(refused ->
                            new StoreRefusedException("It answers with the error " + refused.getCode() + ".", refused))
                    .orElse(unavailable);
        }
    }

    /**
     * Reads several documents; the result includes every write that was acknowledged before the call. Only reads of one
     * document can be linearizable. Therefore a linearizable read of one document follows. It fails if the primary was
     * replaced.
     */
    public <T> T readLatest(Supplier<T> reads) {
        T result = call(reads);
        if (call(this::isMultiServer)) {
            findLinearizable(readOnly("meta"), Filters.eq(new BsonString("cache")));
        }
        return result;
    }

    /**
     * Checks that this version can use the server and the database.
     *
     * @throws UnusableStoreException if this version cannot use them
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    public void requireSupported() {
        SupportedServer.require(this);
        StoredFormat.requireSupported(this);
    }

    /** @throws GatehouseException {@code STORE_UNAVAILABLE} */
    BsonDocument buildInfo() {
        return call(() -> database.withTimeout(READ_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                .runCommand(new BsonDocument("buildInfo", new BsonInt32(1)), BsonDocument.class));
    }

    /**
     * Creates the missing indexes of a collection; several nodes may do this at the same time.
     *
     * @throws MongoCommandException if the server rejects an index, for example a unique index because of duplicates
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    public void ensureIndexes(MongoCollection<BsonDocument> collection, List<IndexModel> indexes) {
        new MongoIndexes(this).ensure(collection, indexes);
    }

    /**
     * Inserts a document unless another document has the same value in a unique index.
     *
     * @return true if the document was inserted
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    public boolean insertIfAbsent(MongoCollection<BsonDocument> collection, BsonDocument document) {
        try {
            call(() -> collection.insertOne(document));
            return true;
        } catch (MongoWriteException rejected) {
            if (rejected.getError().getCategory() != ErrorCategory.DUPLICATE_KEY) {
                throw rejected;
            }
            return false;
        }
    }

    private boolean isMultiServer() {
        if (client.getClusterDescription().getType() == ClusterType.UNKNOWN) {
            database.runCommand(new BsonDocument("ping", new BsonInt32(1))); // waits for a server
        }
        return MULTI_SERVER.contains(client.getClusterDescription().getType());
    }

    /**
     * Executes one or more operations of the driver.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} if the store is unreachable, does not reply in time, or
     *     replies with a temporary error or a missing permission; a write may have happened even then
     */
    public <T> T call(Supplier<T> operations) {
        try {
            T result = operations.get();
            failures.succeeded();
            return result;
        } catch (MongoException failed) {
            Kind kind = MongoErrors.kind(failed).orElseThrow(() -> failed);
            unavailable.inc();
            if (!(failed instanceof MongoInterruptedException)) {
                failures.failed(kind, failed, client.getClusterDescription());
            }
            throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, RETRY_AFTER, failed);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
