package org.gatehouse.store;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.bson.Document;
import org.gatehouse.dev.CleanEnvironment;
import org.gatehouse.dev.EmbeddedMongo;
import org.gatehouse.dev.EmbeddedRedis;

/** The stores of one test class: a database and a Redis process. {@link #close} drops the database. */
public final class Stores implements AutoCloseable {
    private static final String EXTERNAL_URI = "TEST_MONGODB_URI";

    private final Optional<EmbeddedMongo> embedded;
    private final String mongoUri;
    private final String database =
            "gatehouse-test-" + UUID.randomUUID().toString().substring(0, 13);
    private final MongoClient client;
    private final EmbeddedRedis redis;

    public Stores() {
        CleanEnvironment.require();
        Optional<String> external =
                Optional.ofNullable(System.getenv(EXTERNAL_URI)).filter(uri -> !uri.isBlank());
        this.embedded = external.isPresent() ? Optional.empty() : Optional.of(EmbeddedMongo.inMemory());
        this.mongoUri = external.or(() -> embedded.map(EmbeddedMongo::uri)).orElseThrow();
        this.client = MongoClients.create(mongoUri);
        this.redis = EmbeddedRedis.start(Path.of("target", "test-redis", database));
    }

    public String mongoUri() {
        return mongoUri;
    }

    public String database() {
        return database;
    }

    public EmbeddedRedis redis() {
        return redis;
    }

    /** Returns the collection of users. */
    public MongoCollection<Document> users() {
        return collection("users");
    }

    public MongoCollection<Document> collection(String name) {
        return client.getDatabase(database).getCollection(name);
    }

    /** Returns the names of all collections. */
    public List<String> collections() {
        return client.getDatabase(database).listCollectionNames().into(new ArrayList<>()).stream()
                .filter(name -> !name.startsWith("system."))
                .toList();
    }

    /** Returns the collection {@code meta}, which contains the state of the application. */
    public MongoCollection<Document> meta() {
        return client.getDatabase(database).getCollection("meta");
    }

    /** Returns whether MongoDB is the embedded server and not an external server. */
    public boolean isEmbedded() {
        return embedded.isPresent();
    }

    /** Runs a command and returns the reply of MongoDB. */
    public Document command(Document command) {
        return client.getDatabase(database).runCommand(command);
    }

    @Override
    public void close() {
        client.getDatabase(database).drop();
        client.close();
        redis.close();
        embedded.ifPresent(EmbeddedMongo::close);
    }
}
