package org.gatehouse.user;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Updates;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.gatehouse.identity.UserId;
import org.gatehouse.mail.MailDocument;
import org.gatehouse.mail.MailKind;
import org.gatehouse.mail.MailOutbox;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;

/** The mails that changes of users requested, in the documents of the users. */
final class MongoUserOutbox implements MailOutbox {
    static final String TIME = UserDocument.OUTBOX + "." + MailDocument.CREATED_AT;

    private static final Bson OUTBOX = Projections.include(UserDocument.OUTBOX);

    /** The maximum number of users in one sweep. The next sweep follows after some seconds. */
    private static final int MAX_USERS = 200;

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;
    private final MongoCollection<BsonDocument> reads;

    MongoUserOutbox(MongoConnection mongo, String collection) {
        this.mongo = mongo;
        this.users = mongo.collection(collection);
        this.reads = mongo.readOnly(collection);
    }

    @Override
    public void handOver(UserId user, Consumer<MailRequest> queue) {
        mongo.findLinearizable(reads, Filters.eq(UserJson.ID, BsonValues.id(user)), OUTBOX)
                .ifPresent(document -> handOver(document, queue));
    }

    @Override
    public void handOverAll(Instant before, Consumer<MailRequest> queue) {
        // Requests of unknown kinds are left to nodes of a later version, and must not fill the sweep.
        Bson old = Filters.elemMatch(
                UserDocument.OUTBOX,
                Filters.and(
                        Filters.lte(MailDocument.CREATED_AT, BsonValues.time(before)),
                        Filters.in(MailDocument.KIND, MailKind.texts())));
        List<BsonDocument> found = mongo.call(
                () -> reads.find(old).projection(OUTBOX).limit(MAX_USERS).into(new ArrayList<>()));
        found.forEach(document -> handOver(document, queue));
    }

    private void handOver(BsonDocument document, Consumer<MailRequest> queue) {
        BsonValue outbox = UserDocument.serverData(document).getOrDefault("outbox", BsonNull.VALUE);
        if (!outbox.isArray()) {
            return;
        }
        for (BsonValue element : outbox.asArray()) {
            if (element.isDocument()) {
                MailDocument.request(element.asDocument()).ifPresent(request -> {
                    queue.accept(request);
                    remove(document, request);
                });
            }
        }
    }

    private void remove(BsonDocument document, MailRequest request) {
        Bson pull = Updates.pull(UserDocument.OUTBOX, new BsonDocument(MailDocument.ID, BsonValues.id(request.id())));
        mongo.call(() -> users.updateOne(Filters.eq(UserJson.ID, UserDocument.anyId(document)), pull));
    }
}
