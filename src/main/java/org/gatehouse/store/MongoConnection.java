package org.gatehouse.store;

import static java.util.stream.Collectors.joining;

import com.mongodb.ConnectionString;
import com.mongodb.MongoClientSettings;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.MongoInterruptedException;
import com.mongodb.MongoSecurityException;
import com.mongodb.ReadConcern;
import com.mongodb.ReadPreference;
import com.mongodb.WriteConcern;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.connection.ClusterType;
import com.mongodb.connection.ServerDescription;
import com.mongodb.event.CommandListener;
import io.prometheus.metrics.core.metrics.Counter;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
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
import org.slf4j.event.Level;

/**
 * The one client to MongoDB: writes are acknowledged by a majority, reads come from the primary, and every operation
 * is bounded: reads by {@link #READ_LIMIT}, writes by {@link #WRITE_LIMIT}, retries and waiting for a server included.
 *
 * <p>Callers may rely on {@link #call}: what the store refuses for a reason of theirs comes out as the driver's own
 * exception; that the store could not be asked comes out as {@code STORE_UNAVAILABLE}.
 */
public final class MongoConnection implements AutoCloseable {
    /** A caller hears within two seconds that the store does not answer. */
    static final Duration READ_LIMIT = Duration.ofMillis(1_800);

    /** More than for a read: a majority of nodes may lag, and giving up leaves open whether it was written. */
    public static final Duration WRITE_LIMIT = Duration.ofSeconds(3);

    /** A server that is not there is reported before either limit. */
    static final Duration SERVER_SELECTION_LIMIT = Duration.ofMillis(1_200);

    private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

    /**
     * An account may lack one permission only, so that failures and successes alternate; and several of a server's errors
     * come and go within a second.
     */
    private static final Duration REFUSAL_QUIET = Duration.ofSeconds(10);

    /**
     * From the strongest on. A server that others have replaced without its knowing still answers at the weaker ones;
     * that only happens where there are others.
     */
    private static final List<ReadConcern> READ_CONCERNS =
            List.of(ReadConcern.LINEARIZABLE, ReadConcern.MAJORITY, ReadConcern.DEFAULT);

    /**
     * What a server answers that does not know a read concern, for it need not be MongoDB itself: BadValue, FailedToParse,
     * InvalidOptions, CommandNotSupported, NotAReplicaSet, ReadConcernMajorityNotEnabled, NotImplemented, and a code
     * that only others have.
     */
    private static final Set<Integer> NOT_KNOWN = Set.of(2, 9, 72, 115, 123, 148, 238, 303);

    private static final Set<ClusterType> WITH_OTHERS =
            Set.of(ClusterType.REPLICA_SET, ClusterType.SHARDED, ClusterType.LOAD_BALANCED);

    private static final Logger log = LoggerFactory.getLogger(MongoConnection.class);

    private final MongoClient client;
    private final MongoDatabase database;
    private final Counter absences;
    private final ReplicaSetNames names;
    private final OutageLog absence = new OutageLog(log, "MongoDB answers again", Duration.ZERO);
    private final OutageLog refusals = new OutageLog(log, "MongoDB does again what it is asked", REFUSAL_QUIET);
    private final AtomicInteger weaker = new AtomicInteger();

    /**
     * Opens the client without waiting for a server.
     *
     * @param uri a well-formed connection string; its time limits, read preference and write concern are overruled
     * @param listeners of the driver, beside the one for the metrics
     */
    public MongoConnection(Secret uri, String databaseName, Metrics metrics, CommandListener... listeners) {
        this.absences = metrics.counter(
                "gatehouse_mongodb_unavailable_total",
                "Times that MongoDB could not be asked or did not answer in time.");
        ConnectionString address = new ConnectionString(uri.reveal());
        this.names = new ReplicaSetNames(address.getRequiredReplicaSetName());
        MongoClientSettings.Builder settings =
                MongoClientSettings.builder().addCommandListener(new CommandMetrics(metrics));
        List.of(listeners).forEach(settings::addCommandListener);
        this.client = MongoClients.create(settings.applicationName("gatehouse")
                .applyConnectionString(address)
                .applyToServerSettings(server -> server.addServerListener(names))
                .applyToClusterSettings(cluster ->
                        cluster.serverSelectionTimeout(SERVER_SELECTION_LIMIT.toMillis(), TimeUnit.MILLISECONDS))
                .applyToSocketSettings(
                        socket -> socket.connectTimeout(SERVER_SELECTION_LIMIT.toMillis(), TimeUnit.MILLISECONDS))
                .timeout(WRITE_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                .writeConcern(WriteConcern.MAJORITY)
                .readPreference(ReadPreference.primary())
                .build());
        this.database = client.getDatabase(databaseName);
    }

    /** A collection to write to; documents are as the wire has them, so that no value changes its type on the way. */
    public MongoCollection<BsonDocument> collection(String name) {
        return database.getCollection(name, BsonDocument.class);
    }

    /** The same collection for reads, with their shorter time limit. */
    public MongoCollection<BsonDocument> readOnly(String name) {
        return collection(name).withTimeout(READ_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The same collection for a write that must have ended by then, as {@link System#nanoTime}. */
    public MongoCollection<BsonDocument> until(long deadline, MongoCollection<BsonDocument> collection) {
        long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (millis <= 0) {
            throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, RETRY_AFTER, null);
        }
        return collection.withTimeout(Math.min(millis, WRITE_LIMIT.toMillis()), TimeUnit.MILLISECONDS);
    }

    /**
     * Reads one document, so that every write is seen that was acknowledged before: at the strongest read concern that
     * the deployment offers, linearizable in a replica set and a sharded cluster.
     *
     * @param filter names at most one document, for that is what the read concern needs
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    public Optional<BsonDocument> findLinearizable(MongoCollection<BsonDocument> collection, Bson filter) {
        return findLinearizable(collection, filter, new BsonDocument());
    }

    /** The same without some fields. */
    public Optional<BsonDocument> findLinearizable(
            MongoCollection<BsonDocument> collection, Bson filter, Bson projection) {
        return call(() -> {
            int strongest = hasOthers() ? weaker.get() : READ_CONCERNS.size() - 1;
            for (int strength = strongest; true; strength++) {
                ReadConcern concern = READ_CONCERNS.get(strength);
                try {
                    @Nullable
                    BsonDocument found = collection
                            .withReadConcern(concern)
                            .find(filter)
                            .projection(projection)
                            .first();
                    if (strength > strongest && weaker.compareAndSet(strongest, strength)) {
                        log.warn("MongoDB knows no stronger read concern than {}", concern.asDocument());
                    }
                    return Optional.ofNullable(found);
                } catch (MongoCommandException refused) {
                    if (!NOT_KNOWN.contains(refused.getCode()) || strength == READ_CONCERNS.size() - 1) {
                        throw refused;
                    }
                }
            }
        });
    }

    /**
     * Reads something as of now, whatever it is, to find out whether that can be done.
     *
     * @param limit for the answer of a server; the search for one has its own
     * @throws StoreRefusedException if a server answers that it cannot do that now
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    public void requireAnswer(Duration limit) {
        try {
            var unused = findLinearizable(
                    collection("meta").withTimeout(limit.toMillis(), TimeUnit.MILLISECONDS),
                    Filters.eq(new BsonString("cache")));
        } catch (GatehouseException unavailable) {
            throw MongoErrors.answer(unavailable)
                    .<RuntimeException>map(refused ->
                            new StoreRefusedException("It answers with the error " + refused.getCode() + ".", refused))
                    .orElse(unavailable);
        }
    }

    /**
     * Reads several documents, for which there is no such read concern; that the server was not replaced is asked
     * afterwards.
     */
    public <T> T asOfNow(Supplier<T> reads) {
        T result = call(reads);
        if (call(this::hasOthers)) {
            findLinearizable(readOnly("meta"), Filters.eq(new BsonString("cache")));
        }
        return result;
    }

    /**
     * What the server says of itself.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    BsonDocument buildInfo() {
        return call(() -> database.withTimeout(READ_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                .runCommand(new BsonDocument("buildInfo", new BsonInt32(1)), BsonDocument.class));
    }

    private boolean hasOthers() {
        if (client.getClusterDescription().getType() == ClusterType.UNKNOWN) {
            database.runCommand(new BsonDocument("ping", new BsonInt32(1))); // waits for a server
        }
        return WITH_OTHERS.contains(client.getClusterDescription().getType());
    }

    /**
     * Runs one or more operations of the driver.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} when the store could not be asked, did not answer in time, or
     *     answered that it cannot or may not do it now; a write may have happened nevertheless
     */
    public <T> T call(Supplier<T> operations) {
        try {
            T result = operations.get();
            absence.ended();
            refusals.succeeded();
            return result;
        } catch (MongoException failed) {
            Kind kind = MongoErrors.kind(failed).orElseThrow(() -> failed);
            absences.inc();
            if (!(failed instanceof MongoInterruptedException)) {
                note(kind, failed);
            }
            throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, RETRY_AFTER, failed);
        }
    }

    private void note(Kind kind, MongoException failed) {
        switch (kind) {
            case UNREACHABLE -> noteAbsence(failed);
            case TEMPORARY -> {
                String line = "MongoDB cannot do now what it is asked: " + MongoErrors.summary(failed);
                refusals.failed(Level.WARN, MongoErrors.reason(failed), line);
            }
            case FORBIDDEN -> noteMissingPermission(failed);
        }
    }

    private void noteAbsence(MongoException failed) {
        List<ServerDescription> servers = client.getClusterDescription().getServerDescriptions();
        for (ServerDescription server : servers) {
            if (server.getException() instanceof MongoSecurityException refused
                    && MongoErrors.kind(refused).equals(Optional.of(Kind.FORBIDDEN))) {
                noteMissingPermission(refused);
                return;
            }
        }
        String reason = Stream.of(
                        names.problems().stream(),
                        Stream.ofNullable(client.getClusterDescription().getSrvResolutionException())
                                .map(MongoErrors::summary),
                        servers.stream()
                                .filter(server -> server.getException() != null)
                                .map(MongoConnection::describe)
                                .sorted())
                .flatMap(problems -> problems)
                .collect(joining("; "));
        String shown = reason.isEmpty() ? MongoErrors.summary(failed) : reason;
        absence.failed(Level.WARN, shown.replaceAll("\\d+", "0"), "MongoDB cannot be reached: " + shown);
    }

    private void noteMissingPermission(MongoException refused) {
        String line =
                "MongoDB refuses the account that DB_HOST names, or what it asks for: " + MongoErrors.summary(refused);
        refusals.failed(Level.ERROR, MongoErrors.reason(refused), line);
    }

    private static String describe(ServerDescription server) {
        Throwable cause = Objects.requireNonNull(server.getException());
        StringBuilder text = new StringBuilder(server.getAddress().toString());
        for (Throwable next = cause; next != null; next = next.getCause()) {
            text.append(": ").append(next.getClass().getSimpleName());
            if (next.getMessage() != null) {
                text.append(" (").append(MongoErrors.shown(next.getMessage())).append(')');
            }
        }
        return text.toString();
    }

    @Override
    public void close() {
        client.close();
    }
}
