package org.gatehouse.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import com.mongodb.event.CommandListener;
import com.mongodb.event.CommandStartedEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.config.Secret;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AddressMigrationTest {
    private static final String NOTE = "addresses of users";

    private final Stores stores = new Stores();
    private final AtomicReference<Runnable> beforeUpdate = new AtomicReference<>(() -> {});
    private final MongoConnection mongo =
            new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics(), new CommandListener() {
                @Override
                public void commandStarted(CommandStartedEvent event) {
                    if (event.getCommandName().equals("update")
                            && event.getCommand().getString("update").getValue().equals("users")) {
                        beforeUpdate.getAndSet(() -> {}).run();
                    }
                }
            });

    @BeforeEach
    void startEmpty() {
        stores.users().drop();
        stores.meta().drop();
    }

    @AfterAll
    void closeStores() {
        mongo.close();
        stores.close();
    }

    @Test
    void storesTheCanonicalFormOfEachAddress() {
        ObjectId bob = insert(new Document("email", "Bob@EXAMPLE.com").append("version", 3L));
        ObjectId idn = insert(new Document("email", "eve@b\u00fccher.example"));
        ObjectId staged = insert(new Document("email", "S@example.com").append("_server", new Document("staged", 1)));
        ObjectId present = insert(
                new Document("email", "new@example.com").append("_server", new Document("address", "old@example.com")));
        List<ObjectId> others = new ArrayList<>();
        others.add(insert(new Document("email", "Bob <bob@example.com>")));
        others.add(insert(new Document("email", new Document("work", "bob@example.com"))));
        others.add(insert(new Document("email", List.of("bob@example.com"))));
        others.add(insert(new Document("email", null)));
        others.add(insert(new Document("name", "bob@example.com")));
        stores.users().insertOne(new Document("_id", "text").append("email", "bob@example.com"));

        migrate();

        assertThat(find(bob))
                .containsEntry("email", "Bob@EXAMPLE.com")
                .containsEntry("version", 3L)
                .containsEntry("_server", new Document("address", "bob@example.com"));
        assertThat(address(idn)).isEqualTo("eve@xn--bcher-kva.example");
        assertThat(find(staged).get("_server", Document.class))
                .containsEntry("staged", 1)
                .containsEntry("address", "s@example.com");
        assertThat(address(present)).isEqualTo("old@example.com");
        assertThat(others).allSatisfy(id -> assertThat(find(id)).doesNotContainKey("_server"));
    }

    @Test
    void skipsAnAddressThatChangesMeanwhile() {
        ObjectId bob = insert(new Document("email", "old@example.com"));
        ObjectId eve = insert(new Document("email", "eve@example.com"));
        beforeUpdate.set(() -> stores.users()
                .updateOne(
                        Filters.eq(bob),
                        Updates.combine(
                                Updates.set("email", "new@example.com"),
                                Updates.set("_server.address", "new@example.com"))));

        migrate();

        assertThat(address(bob)).isEqualTo("new@example.com");
        assertThat(address(eve)).isEqualTo("eve@example.com");
    }

    @Test
    void readsEachDocumentOnce() {
        ObjectId first = insert(new Document("email", "a@example.com"));
        migrate();
        stores.users().updateOne(Filters.eq(first), Updates.unset("_server"));
        ObjectId second = insert(new Document("email", "b@example.com"));

        migrate();

        assertThat(find(first)).doesNotContainKey("_server");
        assertThat(address(second)).isEqualTo("b@example.com");
    }

    @Test
    void startsAgainAfterDocumentsWereTurnedIntoUsers() {
        ObjectId first = insert(new Document("email", "a@example.com"));
        migrate();
        stores.users().updateOne(Filters.eq(first), Updates.unset("_server"));

        try (AddressMigration migration = new AddressMigration(mongo, "users")) {
            migration.request();
        }
        migrate();

        assertThat(address(first)).isEqualTo("a@example.com");
    }

    @Test
    void aRequestDuringAPassIsNotLost() {
        ObjectId first = insert(new Document("email", "a@example.com"));
        try (AddressMigration other = new AddressMigration(mongo, "users")) {
            beforeUpdate.set(() -> {
                stores.users().updateOne(Filters.eq(first), Updates.set("email", "b@example.com"));
                other.request();
            });
            migrate();
        }

        assertThat(address(first)).isEqualTo("b@example.com");
    }

    @Test
    void severalNodesMigrateTheSameDocuments() {
        stores.users()
                .insertMany(IntStream.range(0, 1_234)
                        .mapToObj(i -> new Document("email", i + "@EXAMPLE.com"))
                        .toList());
        try (AddressMigration one = new AddressMigration(mongo, "users");
                AddressMigration two = new AddressMigration(mongo, "users")) {
            one.start();
            two.start();
            two.start();
            await().until(() -> stores.users().countDocuments(Filters.exists("_server.address")) == 1_234);
        }
        assertThat(stores.users().countDocuments(Filters.eq("_server.address", "1233@example.com")))
                .isEqualTo(1);
    }

    /** Runs a pass to its end. */
    private void migrate() {
        ObjectId last = Objects.requireNonNull(stores.users()
                        .find(Filters.type("_id", "objectId"))
                        .sort(new Document("_id", -1))
                        .first())
                .getObjectId("_id");
        try (AddressMigration migration = new AddressMigration(mongo, "users")) {
            migration.start();
            await().until(() ->
                    stores.meta().countDocuments(Filters.and(Filters.eq(NOTE), Filters.eq("after", last))) > 0);
        }
    }

    private ObjectId insert(Document document) {
        ObjectId id = new ObjectId();
        stores.users().insertOne(document.append("_id", id));
        return id;
    }

    private String address(ObjectId id) {
        return find(id).get("_server", Document.class).getString("address");
    }

    private Document find(ObjectId id) {
        return Objects.requireNonNull(stores.users().find(Filters.eq(id)).first());
    }
}
