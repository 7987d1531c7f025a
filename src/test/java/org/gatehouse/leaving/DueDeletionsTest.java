package org.gatehouse.leaving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Clock;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.config.Secret;
import org.gatehouse.identity.UserId;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.gatehouse.user.MongoLeavingUsers;
import org.junit.jupiter.api.Test;

/** Tests the background task with a deletion that fails. */
class DueDeletionsTest {
    @Test
    void aFailureDoesNotPreventOtherDeletions() {
        List<UserId> deleted = new CopyOnWriteArrayList<>();
        try (Stores stores = new Stores();
                MongoConnection mongo =
                        new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics())) {
            MongoLeavingUsers users = new MongoLeavingUsers(mongo, "users");
            users.createIndexes();
            UserId first = insert(stores, Instant.EPOCH.plusSeconds(1));
            UserId second = insert(stores, Instant.EPOCH.plusSeconds(2));
            try (DueDeletions deletions =
                    new DueDeletions(users, id -> delete(id, first, deleted), Clock.systemUTC())) {
                deletions.start();

                await().until(() -> deleted.contains(second));
                assertThat(deleted).doesNotContain(first);
            }
        }
    }

    private static void delete(UserId id, UserId failing, List<UserId> deleted) {
        if (id.equals(failing)) {
            throw new IllegalStateException("The deletion of this user fails, as the test intends");
        }
        deleted.add(id);
    }

    private static UserId insert(Stores stores, Instant due) {
        ObjectId id = new ObjectId();
        stores.users()
                .insertOne(new Document("_id", id)
                        .append("username", "user-" + id)
                        .append("usernameKey", "user-" + id)
                        .append("roles", List.of("user"))
                        .append("status", "disabled")
                        .append("version", 2L)
                        .append("sessionCutoff", 1L)
                        .append(
                                "_server",
                                new Document(
                                        "leaving", new Document("deletedAfter", Date.from(due)).append("epoch", 1L))));
        return new UserId(id.toHexString());
    }
}
