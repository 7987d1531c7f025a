package org.gatehouse.migration;

import com.mongodb.MongoException;
import com.mongodb.client.FindIterable;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.cursor.TimeoutMode;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.identity.Username;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.user.MongoUserDao;
import org.gatehouse.user.ReservedUsernames;
import org.gatehouse.user.UserDocument;
import org.gatehouse.user.UserJson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives each migrated document its name if the name is unique, and logs the other documents. */
final class LegacyUsernames {
    /** The limit of warnings. More warnings would hide the rest of the log. */
    private static final int MAX_LINES = 100;

    private static final int MAX_NAMED = 10;
    private static final Logger log = LoggerFactory.getLogger(LegacyUsernames.class);

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;
    private final ReservedUsernames reservedUsernames;
    private int lines;

    /** @param users the collection of users, with the timeout of a batch */
    LegacyUsernames(MongoConnection mongo, MongoCollection<BsonDocument> users) {
        this.mongo = mongo;
        this.users = users;
        this.reservedUsernames =
                new ReservedUsernames(mongo, users.getNamespace().getCollectionName());
    }

    /**
     * Folds again the canonical usernames that an older version folded by other rules. If documents share a name under
     * the new rules, all of them get reserved names. Otherwise, one user could take over the name of another. Nodes of
     * the older version still find most users, because most canonical usernames do not change.
     */
    void refold() {
        FindIterable<BsonDocument> found = users.find(
                        Filters.regex(UserDocument.CANONICAL_USERNAME, Username.NOT_FOLDED))
                .projection(Projections.include(UserDocument.CANONICAL_USERNAME))
                .batchSize(LegacyUserMigration.BATCH);
        int refolded = mongo.call(() -> {
            AtomicInteger count = new AtomicInteger();
            found.forEach(document -> count.addAndGet(refold(document) ? 1 : 0));
            return count.get();
        });
        if (refolded > 0) {
            log.info("Folded the usernames of {} documents anew", refolded);
        }
    }

    /** Returns whether the document has another canonical username now. */
    private boolean refold(BsonDocument document) {
        String canonical = UserDocument.canonicalUsername(document);
        String folded = ReservedUsernames.refold(canonical);
        if (folded.equals(canonical)) {
            return false;
        }
        try {
            return setCanonicalUsername(document, folded);
        } catch (MongoException failed) {
            if (!MongoUserDao.isDuplicate(failed)) {
                throw failed;
            }
            boolean reserved = setCanonicalUsername(document, LegacyDocument.reservedUsername(folded, document));
            BsonDocument holder = users.find(Filters.eq(UserDocument.CANONICAL_USERNAME, new BsonString(folded)))
                    .projection(Projections.include(UserDocument.CANONICAL_USERNAME))
                    .first();
            if (holder != null) {
                setCanonicalUsername(holder, LegacyDocument.reservedUsername(folded, holder));
            }
            return reserved;
        }
    }

    private boolean setCanonicalUsername(BsonDocument document, String canonical) {
        Bson unchanged = UserDocument.unchanged(document, UserDocument.CANONICAL_USERNAME);
        return users.updateOne(unchanged, Updates.set(UserDocument.CANONICAL_USERNAME, new BsonString(canonical)))
                        .getModifiedCount()
                > 0;
    }

    /** Gives each document with a reserved name its own name, if no other document has that name. */
    void assign() {
        List<BsonDocument> alone = new ArrayList<>();
        List<BsonDocument> sharing = new ArrayList<>();
        FindIterable<BsonDocument> found = users.find(ReservedUsernames.all())
                .projection(Projections.include(UserDocument.CANONICAL_USERNAME, UserJson.USERNAME))
                .sort(Sorts.ascending(UserDocument.CANONICAL_USERNAME))
                .batchSize(LegacyUserMigration.BATCH)
                .timeoutMode(TimeoutMode.ITERATION);
        mongo.call(() -> {
            found.forEach(document -> {
                if (!sharing.isEmpty() && !name(sharing.get(0)).equals(name(document))) {
                    settle(sharing, alone);
                    sharing.clear();
                }
                sharing.add(document);
            });
            settle(sharing, alone);
            claim(alone);
            return alone;
        });
        if (lines > MAX_LINES) {
            log.warn("{} more warnings of this kind are not logged", lines - MAX_LINES);
        }
    }

    /** Handles the documents of one name. Collects a single document with a valid name, and logs all others. */
    private void settle(List<BsonDocument> sharing, List<BsonDocument> alone) {
        if (sharing.isEmpty()) {
            return;
        }
        if (name(sharing.get(0)).isEmpty()) {
            sharing.forEach(this::warnOfUnusable);
        } else if (sharing.size() > 1) {
            warn(
                    "{} documents share a username, so none of them can log in until an administrator renames all but"
                            + " one with PATCH /user/<id>: {}{}",
                    sharing.size(),
                    sharing.stream()
                            .limit(MAX_NAMED)
                            .map(LegacyDocument::describe)
                            .collect(Collectors.joining(", ")),
                    sharing.size() > MAX_NAMED ? ", …" : "");
        } else {
            alone.add(sharing.get(0));
            if (alone.size() == LegacyUserMigration.BATCH) {
                claim(alone);
                alone.clear();
            }
        }
    }

    private void claim(List<BsonDocument> alone) {
        if (alone.isEmpty()) {
            return;
        }
        for (BsonDocument late : reservedUsernames.claim(alone)) {
            warn(
                    "User {} has the username of another user and cannot log in until an administrator renames one of"
                            + " them with PATCH /user/<id>",
                    LegacyDocument.describe(late));
        }
    }

    private void warnOfUnusable(BsonDocument document) {
        warn(
                document.isObjectId(UserJson.ID)
                        ? "User {} has no usable username and cannot log in until an administrator sets one with PATCH"
                                + " /user/<id>"
                        : "The document {} is ignored, because its _id is not an ObjectId",
                LegacyDocument.describe(document));
    }

    private void warn(String sentence, Object... details) {
        lines++;
        if (lines <= MAX_LINES) {
            log.warn(sentence, details);
        }
    }

    private static String name(BsonDocument document) {
        return ReservedUsernames.name(UserDocument.canonicalUsername(document));
    }
}
