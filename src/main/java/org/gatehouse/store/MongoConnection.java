package org.gatehouse.store;

import com.mongodb.ConnectionString;
import com.mongodb.MongoBulkWriteException;
import com.mongodb.MongoClientSettings;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.MongoWriteException;
import com.mongodb.ReadConcern;
import com.mongodb.ReadPreference;
import com.mongodb.WriteConcern;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.connection.ClusterType;
import com.mongodb.event.CommandFailedEvent;
import com.mongodb.event.CommandListener;
import com.mongodb.event.CommandStartedEvent;
import com.mongodb.event.CommandSucceededEvent;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
     * What a server answers when it, or one behind it, cannot do the work now: HostUnreachable, HostNotFound,
     * MaxTimeMSExpired, WriteConcernFailed, NetworkTimeout, ShutdownInProgress, FailedToSatisfyReadPreference,
     * LinearizableReadConcernError, PrimarySteppedDown, ExceededTimeLimit, NotWritablePrimary, InterruptedAtShutdown,
     * InterruptedDueToReplStateChange, NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary.
     */
    private static final Set<Integer> OUTAGES =
            Set.of(6, 7, 50, 64, 89, 91, 133, 187, 189, 262, 10107, 11600, 11602, 13435, 13436);

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
    private final MongoObserver observer;
    private final AtomicBoolean away = new AtomicBoolean();
    private final AtomicInteger weaker = new AtomicInteger();

    /**
     * Opens the client without waiting for a server.
     *
     * @param uri a well-formed connection string; its time limits, read preference and write concern are overruled
     */
    public MongoConnection(Secret uri, String databaseName) {
        this(uri, databaseName, MongoObserver.NONE);
    }

    /**
     * The same, observed.
     *
     * @param observer told each command before it is sent
     */
    public MongoConnection(Secret uri, String databaseName, MongoObserver observer) {
        this.observer = observer;
        this.client = MongoClients.create(MongoClientSettings.builder()
                .applicationName("gatehouse")
                .applyConnectionString(new ConnectionString(uri.reveal()))
                .addCommandListener(new CommandListener() {
                    @Override
                    public void commandStarted(CommandStartedEvent event) {
                        observer.sending(event.getCommand());
                    }

                    @Override
                    public void commandSucceeded(CommandSucceededEvent event) {
                        observer.answered(event.getCommandName(), event.getElapsedTime(TimeUnit.NANOSECONDS), true);
                    }

                    @Override
                    public void commandFailed(CommandFailedEvent event) {
                        observer.answered(event.getCommandName(), event.getElapsedTime(TimeUnit.NANOSECONDS), false);
                    }
                })
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
    public Optional<BsonDocument> findAsOfNow(MongoCollection<BsonDocument> collection, Bson filter) {
        return findAsOfNow(collection, filter, new BsonDocument());
    }

    /** The same without some fields. */
    public Optional<BsonDocument> findAsOfNow(MongoCollection<BsonDocument> collection, Bson filter, Bson projection) {
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
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    public void requireAnswer(Duration limit) {
        var unused = findAsOfNow(
                collection("meta").withTimeout(limit.toMillis(), TimeUnit.MILLISECONDS),
                Filters.eq(new BsonString("cache")));
    }

    /**
     * Reads several documents, for which there is no such read concern; that the server was not replaced is asked
     * afterwards.
     */
    public <T> T asOfNow(Supplier<T> reads) {
        T result = call(reads);
        if (call(this::hasOthers)) {
            findAsOfNow(readOnly("meta"), Filters.eq(new BsonString("cache")));
        }
        return result;
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
     * @throws GatehouseException {@code STORE_UNAVAILABLE} when the store could not be asked, or did not answer in time
     */
    public <T> T call(Supplier<T> operations) {
        try {
            T result = operations.get();
            if (away.compareAndSet(true, false)) {
                log.info("MongoDB answers again");
            }
            return result;
        } catch (MongoWriteException | MongoBulkWriteException | MongoCommandException refused) {
            if (OUTAGES.contains(refused.getCode())) {
                throw unavailable(refused);
            }
            throw refused;
        } catch (MongoException unreachable) {
            throw unavailable(unreachable);
        }
    }

    private GatehouseException unavailable(MongoException unreachable) {
        observer.unavailable();
        if (away.compareAndSet(false, true)) {
            log.warn("MongoDB cannot be reached: {}", unreachable.getMessage());
        }
        return GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, RETRY_AFTER, unreachable);
    }

    @Override
    public void close() {
        client.close();
    }
}
