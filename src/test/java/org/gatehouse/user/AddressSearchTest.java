package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Sorts;
import java.util.ArrayList;
import java.util.List;
import org.bson.BsonDateTime;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.config.Secret;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.StoredUsers;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests that users of earlier versions are found by address, and that duplicate addresses do no harm. */
class AddressSearchTest {
    private static final String PASSWORD = "correct horse battery staple";

    private final Stores stores = new Stores();
    private final MongoConnection mongo =
            new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics());
    private final MongoAddressDao addresses = new MongoAddressDao(mongo, "users");

    @AfterEach
    void close() {
        mongo.close();
        stores.close();
    }

    @Test
    void usersOfEarlierVersionsAreFoundInEverySpelling() {
        stores.users()
                .insertMany(List.of(
                        legacy("bob", "Bob@EXAMPLE.com"),
                        StoredUsers.document(new ObjectId(), "bobby", new BsonDateTime(0))
                                .append("email", "BOB@example.com"),
                        legacy("eve", "eve@B\u00fccher.example"),
                        legacy("tim", "not an address")));
        try (Node node = Node.start(stores)) {
            await().until(() -> stores.users().countDocuments(Filters.exists("_server.address")) == 3);

            assertThat(holders("bob@example.com")).containsExactlyInAnyOrder("bob", "bobby");
            assertThat(holders("EVE@xn--bcher-kva.example")).containsExactly("eve");
            assertThat(holders("b.ob@example.com")).isEmpty();
            assertThat(node.login("tim", PASSWORD).status()).isEqualTo(200);
        }
    }

    @Test
    void aNodeStartsWithDuplicateAddressesAndKeepsThem() {
        String address = "info@example.com";
        stores.users()
                .insertMany(List.of(
                        legacy("first", address).append("emailVerified", true).append("locale", "de"),
                        legacy("second", address).append("emailVerified", "2020-01-01"),
                        legacy("third", "INFO@example.com")));
        List<Document> before = addresses();
        try (Node node = Node.start(stores);
                Node other = Node.start(stores)) {
            await().until(() -> stores.users().countDocuments(Filters.exists("_server.address")) == 3);

            for (String name : List.of("first", "second", "third")) {
                assertThat(node.login(name, PASSWORD).status()).as(name).isEqualTo(200);
                assertThat(other.login(name, PASSWORD).json().path("user").has("emailVerified"))
                        .as(name)
                        .isFalse();
            }
            assertThat(node.login(address, PASSWORD).status())
                    .as("the address is not verified")
                    .isEqualTo(401);
            assertThat(addresses()).isEqualTo(before);
            assertThat(holders(address)).containsExactlyInAnyOrder("first", "second", "third");
            Document first =
                    stores.users().find(Filters.eq("username", "first")).first();
            assertThat(first)
                    .containsEntry("original_emailVerified", true)
                    .containsEntry("original_locale", "de")
                    .doesNotContainKeys("emailVerified", "locale");
        }
    }

    private List<Document> addresses() {
        return stores.users()
                .find(Filters.exists("email"))
                .projection(new Document("email", 1).append("username", 1))
                .sort(Sorts.ascending("_id"))
                .into(new ArrayList<>());
    }

    private List<String> holders(String address) {
        return addresses.findHolders(EmailAddress.parse(address).orElseThrow()).stream()
                .map(User::username)
                .toList();
    }

    private static Document legacy(String name, String email) {
        return new Document("_id", new ObjectId())
                .append("username", name)
                .append("password", PASSWORD)
                .append("email", email);
    }
}
