package org.gatehouse.migration;

import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoCursor;
import com.mongodb.client.cursor.TimeoutMode;
import com.mongodb.client.model.BulkWriteOptions;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.UpdateOneModel;
import com.mongodb.client.model.Updates;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.Username;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Sha256;
import org.gatehouse.store.UnusableStoreException;
import org.gatehouse.user.MongoUserDao;
import org.gatehouse.user.ReservedUsernames;
import org.gatehouse.user.UserDocument;
import org.gatehouse.user.UserJson;
import org.gatehouse.user.UserStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns documents of the legacy service into users, before the node serves requests. Callers may run it on any number
 * of nodes at once, stop it anywhere, and run it again.
 *
 * <p>First, each document gets, in one write, a reserved name ({@link ReservedUsernames}) and the fields that only Gatehouse may set.
 * Previous values of these fields are kept as {@code original_…}. Then the unique index is created. Then each document
 * whose name is unique gets that name. Documents that share a name are logged and stay reserved.
 *
 * <p>Each step depends only on the document or the index. At later starts, two index lookups find nothing to do.
 *
 * <p>The changes bypass the cache, which does not contain these documents, because a node serves requests only after
 * the migration. Later, a document without a key appears only if the legacy service continues to write.
 */
final class LegacyUserMigration {
    private static final int BATCH = 500;

    /**
     * The timeout of one batch. Millions of documents take longer in total. But a server that does not respond must be
     * detected, and the stop of the application must not wait for it.
     */
    private static final Duration BATCH_TIMEOUT = Duration.ofSeconds(30);

    /** The limit of warnings, because more would hide the rest of the log. */
    private static final int MAX_LINES = 100;

    /** Each attempt after the first is needed only if the legacy service writes a document meanwhile. */
    private static final int MAX_ATTEMPTS = 10;

    private static final int MAX_SHOWN = 80;
    private static final String KEPT = "original_";

    /** Fields that only Gatehouse writes, and that a new user does not have. */
    private static final List<String> RESERVED_FIELDS =
            List.of(UserDocument.SESSION_EPOCH, UserDocument.SESSION_EXEMPT, UserDocument.SOURCES, UserDocument.LATER);

    private static final Logger log = LoggerFactory.getLogger(LegacyUserMigration.class);

    private final MongoConnection mongo;
    private final LegacyPasswordMigration passwordMigration;
    private final ReservedUsernames reservedUsernames;
    private final UsernameIndex usernameIndex;
    private final MongoCollection<BsonDocument> users;
    private int lines;

    /**
     * Creates the migration.
     *
     * @param passwordMigration gets a request before new documents are changed, so that their passwords are migrated too
     */
    LegacyUserMigration(MongoConnection mongo, String collection, LegacyPasswordMigration passwordMigration) {
        this.mongo = mongo;
        this.passwordMigration = passwordMigration;
        this.reservedUsernames = new ReservedUsernames(mongo, collection);
        this.usernameIndex = new UsernameIndex(mongo, collection);
        this.users = mongo.collection(collection).withTimeout(BATCH_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Runs all steps. This is harmless if they have run before, or run on another node at the same time.
     *
     * @throws UnusableStoreException if the unique index was created before and is missing although users exist, or if
     *     another service keeps writing documents
     */
    public void run() {
        lines = 0;
        usernameIndex.requireNotLost();
        int adopted = migrate();
        for (int attempt = 0; !usernameIndex.make(); attempt++) {
            if (attempt == MAX_ATTEMPTS) {
                throw new UnusableStoreException("Another service goes on writing to " + users.getNamespace()
                        + "; stop it, and start Gatehouse again");
            }
            adopted += migrate();
        }
        adopted += migrate(); // because the unique index permits one document without a key
        if (adopted > 0) {
            log.info("Made users of {} documents in {}", adopted, users.getNamespace());
        }
        refoldKeys();
        giveNames();
        if (lines > MAX_LINES) {
            log.warn("{} more lines of this kind are left out", lines - MAX_LINES);
        }
    }

    private int migrate() {
        Bson filter = usernameIndex.exists()
                ? Filters.eq(UserDocument.CANONICAL_USERNAME, BsonNull.VALUE)
                : new BsonDocument();
        return mongo.call(() -> {
            int adopted = 0;
            try (MongoCursor<BsonDocument> cursor = users.find(filter)
                    .projection(Projections.exclude(UserJson.PASSWORD))
                    .batchSize(BATCH)
                    .timeoutMode(TimeoutMode.ITERATION)
                    .cursor()) {
                List<BsonDocument> batch = new ArrayList<>();
                while (cursor.hasNext()) {
                    batch.add(cursor.next());
                    if (batch.size() == BATCH || !cursor.hasNext()) {
                        adopted += migrate(batch);
                        batch.clear();
                    }
                }
            }
            return adopted;
        });
    }

    /**
     * Adopts the documents that are not users yet. Values that clients of the legacy service wrote into Gatehouse's
     * fields are not trusted, including the key. But after the index exists, only Gatehouse writes keys. Therefore the
     * index is checked after the documents were read.
     */
    private int migrate(List<BsonDocument> documents) {
        boolean keysAreOurs = usernameIndex.exists();
        List<UpdateOneModel<BsonDocument>> adoptions = documents.stream()
                .filter(document -> !keysAreOurs || !document.containsKey(UserDocument.CANONICAL_USERNAME))
                .map(LegacyUserMigration::userMigration)
                .flatMap(Optional::stream)
                .toList();
        if (adoptions.isEmpty()) {
            return 0;
        }
        passwordMigration.request();
        return users.bulkWrite(adoptions, new BulkWriteOptions().ordered(false)).getModifiedCount();
    }

    /** Returns the write that adopts a document if it is unchanged since the read; empty if it was adopted before. */
    private static Optional<UpdateOneModel<BsonDocument>> userMigration(BsonDocument document) {
        BsonDocument ours = new BsonDocument(
                        UserDocument.CANONICAL_USERNAME, new BsonString(reservedUsername(document)))
                .append(UserJson.VERSION, new BsonInt64(1))
                .append(UserJson.ROLES, UserDocument.roles(Set.of(Roles.USER)))
                .append(UserJson.STATUS, new BsonString(UserStatus.ACTIVE.text()));
        if (!document.isDateTime(UserJson.CREATED_AT)) {
            ours.append(UserJson.CREATED_AT, createdAt(document));
        }
        List<Bson> changes = new ArrayList<>();
        ours.forEach((name, value) -> {
            BsonValue theirs = document.get(name);
            if (value.equals(theirs)) {
                return;
            }
            changes.add(Updates.set(name, value));
            if (theirs != null && !document.containsKey(KEPT + name)) {
                changes.add(Updates.set(KEPT + name, theirs));
            }
        });
        if (changes.isEmpty()) {
            return Optional.empty();
        }
        for (String name : RESERVED_FIELDS) {
            if (document.containsKey(name)) {
                changes.add(Updates.rename(name, KEPT + name));
            }
        }
        for (String name : document.keySet()) {
            // JSON parsers that ignore case would take it for a field of Gatehouse.
            boolean otherCase =
                    UserJson.reservedName(name).filter(own -> !own.equals(name)).isPresent();
            if (otherCase) {
                String kept = KEPT + name;
                while (document.containsKey(kept)) {
                    kept = KEPT + kept;
                }
                changes.add(Updates.rename(name, kept));
            }
        }
        if (document.containsKey(UserDocument.PASSWORD_HASH)) {
            // It is not kept, because it is never returned, and the legacy service's password field is authoritative.
            changes.add(Updates.unset(UserDocument.PASSWORD_HASH));
        }
        Bson unchanged =
                UserDocument.unchanged(document, UserDocument.CANONICAL_USERNAME, UserJson.VERSION, UserJson.USERNAME);
        return Optional.of(new UpdateOneModel<>(unchanged, Updates.combine(changes)));
    }

    /**
     * Folds keys again that an older version wrote with other rules. All documents that share a name under the new
     * rules are reserved, because none may get a name that is known as another user's. A node of the older version
     * still finds most users, because most keys do not change.
     */
    private void refoldKeys() {
        mongo.call(() -> {
            int refolded = 0;
            try (MongoCursor<BsonDocument> cursor = users.find(
                            Filters.regex(UserDocument.CANONICAL_USERNAME, Username.NOT_FOLDED))
                    .projection(Projections.include(UserDocument.CANONICAL_USERNAME))
                    .batchSize(BATCH)
                    .cursor()) {
                while (cursor.hasNext()) {
                    refolded += refold(cursor.next()) ? 1 : 0;
                }
            }
            if (refolded > 0) {
                log.info("Folded the usernames of {} documents anew", refolded);
            }
            return refolded;
        });
    }

    private boolean refold(BsonDocument document) {
        String key = UserDocument.canonicalUsername(document);
        String folded = ReservedUsernames.refold(key);
        if (folded.equals(key)) {
            return false;
        }
        try {
            return setKey(document, folded);
        } catch (MongoException refused) {
            if (!MongoUserDao.isDuplicate(refused)) {
                throw refused;
            }
            boolean parked = reserve(document, folded);
            BsonDocument holder = users.find(Filters.eq(UserDocument.CANONICAL_USERNAME, new BsonString(folded)))
                    .projection(Projections.include(UserDocument.CANONICAL_USERNAME))
                    .first();
            if (holder != null) {
                reserve(holder, folded);
            }
            return parked;
        }
    }

    private boolean reserve(BsonDocument document, String name) {
        return setKey(document, ReservedUsernames.form(name, documentId(document)));
    }

    private boolean setKey(BsonDocument document, String key) {
        Bson unchanged = UserDocument.unchanged(document, UserDocument.CANONICAL_USERNAME);
        return users.updateOne(unchanged, Updates.set(UserDocument.CANONICAL_USERNAME, new BsonString(key)))
                        .getModifiedCount()
                > 0;
    }

    private void giveNames() {
        List<BsonDocument> alone = new ArrayList<>();
        List<BsonDocument> sharing = new ArrayList<>();
        mongo.call(() -> {
            try (MongoCursor<BsonDocument> cursor = users.find(ReservedUsernames.all())
                    .projection(Projections.include(UserDocument.CANONICAL_USERNAME, UserJson.USERNAME))
                    .sort(Sorts.ascending(UserDocument.CANONICAL_USERNAME))
                    .batchSize(BATCH)
                    .timeoutMode(TimeoutMode.ITERATION)
                    .cursor()) {
                while (cursor.hasNext()) {
                    BsonDocument document = cursor.next();
                    if (!sharing.isEmpty() && !name(sharing.get(0)).equals(name(document))) {
                        settle(sharing, alone);
                        sharing.clear();
                    }
                    sharing.add(document);
                }
            }
            settle(sharing, alone);
            claim(alone);
            return alone;
        });
    }

    /** Handles all documents that have one name: collects a single document for its claim, or logs why it cannot. */
    private void settle(List<BsonDocument> sharing, List<BsonDocument> alone) {
        if (sharing.isEmpty()) {
            return;
        }
        if (name(sharing.get(0)).isEmpty()) {
            sharing.forEach(this::warnOfUnusable);
            return;
        }
        if (sharing.size() > 1) {
            String them =
                    sharing.stream().limit(10).map(LegacyUserMigration::shown).collect(Collectors.joining(", "));
            warn(
                    "{} documents share a username, so none of them can log in until an administrator renames all but"
                            + " one with PATCH /user/<id>: {}{}",
                    sharing.size(),
                    them,
                    sharing.size() > 10 ? ", …" : "");
            return;
        }
        alone.add(sharing.get(0));
        if (alone.size() == BATCH) {
            claim(alone);
            alone.clear();
        }
    }

    private void claim(List<BsonDocument> alone) {
        if (alone.isEmpty()) {
            return;
        }
        for (BsonDocument late : reservedUsernames.claim(alone)) {
            warn(
                    "The username of {} belongs to another user, so it cannot log in until an administrator renames one"
                            + " of them with PATCH /user/<id>",
                    shown(late));
        }
    }

    private void warnOfUnusable(BsonDocument document) {
        if (document.isObjectId(UserJson.ID)) {
            warn(
                    "User {} cannot log in: it has no usable username until an administrator gives it one with PATCH"
                            + " /user/<id>",
                    shown(document));
            return;
        }
        warn("The document {} is left alone: its _id is no ObjectId, so it cannot be served", shown(document));
    }

    private void warn(String sentence, Object... details) {
        lines++;
        if (lines <= MAX_LINES) {
            log.warn(sentence, details);
        }
    }

    private static String documentId(BsonDocument document) {
        BsonValue id = UserDocument.anyId(document);
        return id.isObjectId()
                ? id.asObjectId().getValue().toHexString()
                : Sha256.hex(new BsonDocument(UserJson.ID, id).toJson());
    }

    private static String reservedUsername(BsonDocument document) {
        if (!UserDocument.anyId(document).isObjectId()) {
            return ReservedUsernames.form("", documentId(document));
        }
        String name = UserDocument.text(document, UserJson.USERNAME)
                .flatMap(Username::fold)
                .map(Username::canonical)
                .orElse("");
        return ReservedUsernames.form(name, documentId(document));
    }

    private static BsonValue createdAt(BsonDocument document) {
        BsonValue id = UserDocument.anyId(document);
        return id.isObjectId()
                ? BsonValues.time(id.asObjectId().getValue().getDate().toInstant())
                : BsonValues.time(Instant.EPOCH);
    }

    private static String name(BsonDocument document) {
        return ReservedUsernames.name(UserDocument.canonicalUsername(document));
    }

    private static String shown(BsonDocument document) {
        String id = document.isObjectId(UserJson.ID)
                ? document.getObjectId(UserJson.ID).getValue().toHexString()
                : cut(new BsonDocument(UserJson.ID, UserDocument.anyId(document)).toJson());
        return UserDocument.text(document, UserJson.USERNAME)
                .map(name -> id + " (" + cut(name) + ")")
                .orElse(id);
    }

    private static String cut(String text) {
        return text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) + "…" : text;
    }
}
