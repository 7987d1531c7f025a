package org.gatehouse.bench;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.json.IsoTime;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;

/**
 * Numbered users with the same password. The service creates user 0 and logs this user in. The other users are inserted
 * directly into the store. Their documents are copies of user 0 with other names, in the format that the service
 * stores.
 */
final class Population {
    static final String PASSWORD = "correct horse battery staple";

    private static final int BATCH = 1_000;
    private static final Instant FIRST_CREATED = Instant.parse("2020-01-01T00:00:00.000Z");
    private static final String CREATED_AT = "createdAt";

    private final MongoCollection<Document> users;
    private final Document document;
    private final Response template;

    private Population(MongoCollection<Document> users, Document document, Response template) {
        this.users = users;
        this.document = document;
        this.template = template;
    }

    /** Creates user 0. */
    static Population begin(Stores stores, ServiceClient service) {
        String admin = service.adminToken();
        String body = """
                {"username":"%s","password":"%s","email":"%s@example.com","address":"1 Main Street"}""".formatted(name(0), PASSWORD, name(0));
        require(201, service.post("/user", admin, body));
        require(200, service.loginFrom("10.255.255.1", name(0), PASSWORD));
        MongoCollection<Document> users = stores.users();
        Document document = Objects.requireNonNull(
                users.find(Filters.eq("username", name(0))).first(), "was just stored");
        Response template = service.get("/user/" + document.getObjectId("_id"), admin);
        require(200, template);
        return new Population(users, document, template);
    }

    /** Inserts users into the store. */
    void add(int from, int to) {
        for (int i = from; i < to; i += BATCH) {
            List<Document> batch = new ArrayList<>();
            for (int number = i; number < Math.min(i + BATCH, to); number++) {
                batch.add(copy(number));
            }
            users.insertMany(batch);
        }
    }

    private Document copy(int number) {
        Document copy = new Document(document);
        copy.put("_id", new ObjectId(hex(number)));
        copy.put(CREATED_AT, createdAt(number));
        for (String field : List.of("username", "usernameKey", "email")) {
            copy.put(field, document.getString(field).replace(name(0), name(number)));
        }
        return copy;
    }

    private static void require(int status, Response response) {
        if (response.status() != status) {
            throw new AssertionError("Expected " + status + ": " + response.body());
        }
    }

    static String name(int number) {
        return String.format(Locale.ROOT, "user-%06d", number);
    }

    /** Returns the id of any user except the first. */
    String id(int number) {
        return hex(number);
    }

    static Instant createdAt(int number) {
        return FIRST_CREATED.plusSeconds(number);
    }

    /** Returns the response of {@code GET /user/{id}} for a user that was never changed. */
    String json(int number) {
        return template.body()
                .replace(template.text("_id"), hex(number))
                .replace(name(0), name(number))
                .replace(created(template.text(CREATED_AT)), created(IsoTime.format(createdAt(number))));
    }

    private static String created(String time) {
        return "\"" + CREATED_AT + "\":\"" + time + "\"";
    }

    private static String hex(int number) {
        return String.format(Locale.ROOT, "6b%022x", number);
    }
}
