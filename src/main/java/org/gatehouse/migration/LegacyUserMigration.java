package org.gatehouse.migration;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoCursor;
import com.mongodb.client.cursor.TimeoutMode;
import com.mongodb.client.model.BulkWriteOptions;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.UpdateOneModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.conversions.Bson;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.UnusableStoreException;
import org.gatehouse.user.ReservedUsernames;
import org.gatehouse.user.UserDocument;
import org.gatehouse.user.UserJson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns documents of the legacy service into users, before the node serves requests. The migration may run on several
 * nodes at once, stop at any point, and run again.
 *
 * <p>First, one write gives each document a reserved name ({@link ReservedUsernames}) and the fields that only
 * Gatehouse may set ({@link LegacyDocument}). Then the unique index is created. Then {@link LegacyUsernames} gives each
 * document its own name, if no other document has the name. Documents that share a name are logged and keep their
 * reserved names.
 *
 * <p>Each step can be repeated, because it depends only on the document or the index. Later starts need only two index
 * lookups.
 *
 * <p>The changes bypass the cache. The cache does not contain these documents, because a node serves requests only
 * after the migration. Later, new documents of this kind appear only if the legacy service continues to write.
 */
final class LegacyUserMigration {
    static final int BATCH = 500;

    /**
     * The timeout applies to one batch, because the whole migration may take much longer. The timeout detects a server
     * that does not respond, so that the application can stop.
     */
    static final Duration BATCH_TIMEOUT = Duration.ofSeconds(30);

    /** The limit of attempts to create the unique index. An attempt fails only if the legacy service still writes. */
    private static final int MAX_ATTEMPTS = 10;

    private static final Logger log = LoggerFactory.getLogger(LegacyUserMigration.class);

    private final MongoConnection mongo;
    private final LegacyPasswordMigration passwordMigration;
    private final AddressMigration addressMigration;
    private final UsernameIndex usernameIndex;
    private final MongoCollection<BsonDocument> users;

    /**
     * Creates the migration.
     *
     * @param passwordMigration is asked to migrate the passwords before documents are turned into users
     * @param addressMigration is asked to migrate the addresses before documents are turned into users
     */
    LegacyUserMigration(
            MongoConnection mongo,
            String collection,
            LegacyPasswordMigration passwordMigration,
            AddressMigration addressMigration) {
        this.mongo = mongo;
        this.passwordMigration = passwordMigration;
        this.addressMigration = addressMigration;
        this.usernameIndex = new UsernameIndex(mongo, collection);
        this.users = mongo.collection(collection).withTimeout(BATCH_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Runs all steps. Repeated and concurrent runs are harmless.
     *
     * @throws UnusableStoreException if the unique index was created before and is now missing although users exist, or
     *     if another service keeps writing documents
     */
    void run() {
        usernameIndex.requireNotLost();
        int migrated = migrate();
        for (int attempt = 0; !usernameIndex.make(); attempt++) {
            if (attempt == MAX_ATTEMPTS) {
                throw new UnusableStoreException("Another service goes on writing to " + users.getNamespace()
                        + "; stop it, and start Gatehouse again");
            }
            migrated += migrate();
        }
        migrated += migrate(); // once more, because the index permits one document without a usernameKey
        if (migrated > 0) {
            log.info("Turned {} documents in {} into users", migrated, users.getNamespace());
        }
        LegacyUsernames usernames = new LegacyUsernames(mongo, users);
        usernames.refold();
        usernames.assign();
    }

    private int migrate() {
        Bson filter = usernameIndex.exists()
                ? Filters.eq(UserDocument.CANONICAL_USERNAME, BsonNull.VALUE)
                : new BsonDocument();
        return mongo.call(() -> {
            int migrated = 0;
            try (MongoCursor<BsonDocument> cursor = users.find(filter)
                    .projection(Projections.exclude(UserJson.PASSWORD))
                    .batchSize(BATCH)
                    .timeoutMode(TimeoutMode.ITERATION)
                    .cursor()) {
                List<BsonDocument> batch = new ArrayList<>();
                while (cursor.hasNext()) {
                    batch.add(cursor.next());
                    if (batch.size() == BATCH || !cursor.hasNext()) {
                        migrated += migrate(batch);
                        batch.clear();
                    }
                }
            }
            return migrated;
        });
    }

    /**
     * Migrates the documents that are not users yet. A {@code usernameKey} is trusted only if the index exists, because
     * Gatehouse overwrites all foreign values before it creates the index. The index is checked after the documents
     * were read. Otherwise, users that another node has just migrated would be migrated again.
     */
    private int migrate(List<BsonDocument> documents) {
        boolean canonicalUsernamesAreTrusted = usernameIndex.exists();
        List<UpdateOneModel<BsonDocument>> migrations = documents.stream()
                .filter(document ->
                        !canonicalUsernamesAreTrusted || !document.containsKey(UserDocument.CANONICAL_USERNAME))
                .map(LegacyDocument::migration)
                .flatMap(Optional::stream)
                .toList();
        if (migrations.isEmpty()) {
            return 0;
        }
        passwordMigration.request();
        addressMigration.request();
        return users.bulkWrite(migrations, new BulkWriteOptions().ordered(false))
                .getModifiedCount();
    }
}
