package org.gatehouse.user;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.mongodb.ErrorCategory;
import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import com.mongodb.client.result.DeleteResult;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.bson.BsonArray;
import org.bson.BsonDateTime;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.gatehouse.auth.Roles;
import org.gatehouse.auth.UserId;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.store.BsonJson;
import org.gatehouse.store.MongoConnection;
import org.jspecify.annotations.Nullable;

/**
 * Users in MongoDB: one document each, own fields at the top level as the original service kept them.
 *
 * <p>A change touches only the fields that changed, so what another version of the application wrote beside them stays.
 * Passwords are read here for {@link #findCredential} alone; every other read leaves them in the store.
 */
public final class MongoUserDao implements UserDao {
    static final String KEY = "usernameKey";
    static final String PASSWORD_HASH = "passwordHash";

    /** Losing this often means that others succeeded this often within milliseconds. */
    private static final int MAX_ATTEMPTS = 100;

    private static final Bson WITHOUT_PASSWORDS = Projections.exclude(PASSWORD_HASH, UserJson.PASSWORD);

    /** 1 and 1.0 are the same number, whichever type the store or the parser chose. */
    private static final Comparator<JsonNode> BY_VALUE = (one, other) -> one.isNumber() && other.isNumber()
            ? one.decimalValue().compareTo(other.decimalValue())
            : one.equals(other) ? 0 : 1;

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;
    private final MongoCollection<BsonDocument> reads;
    private final Clock clock;

    public MongoUserDao(MongoConnection mongo, String collection, Clock clock) {
        this.mongo = mongo;
        this.users = mongo.collection(collection);
        this.reads = mongo.readOnly(collection);
        this.clock = clock;
    }

    /** Makes the indexes that uniqueness and lists rest on; harmless when they exist or another node makes them too. */
    public void createIndexes() {
        List<IndexModel> indexes = List.of(
                new IndexModel(Indexes.ascending(KEY), new IndexOptions().unique(true)),
                new IndexModel(Indexes.ascending(UserJson.CREATED_AT, UserJson.ID)),
                new IndexModel(Indexes.ascending(UserJson.ROLES)));
        // A first index over millions of users takes longer than any request may.
        MongoCollection<BsonDocument> patient =
                users.withTimeout(Duration.ofHours(1).toMillis(), TimeUnit.MILLISECONDS);
        try {
            mongo.call(() -> patient.createIndexes(indexes));
        } catch (MongoException refused) {
            if (isDuplicate(refused)) {
                throw new IllegalStateException(
                        "The collection " + users.getNamespace() + " holds documents that Gatehouse did not write;"
                                + " name another one in DB_COLLECTION_USERS",
                        refused);
            }
            throw refused;
        }
    }

    @Override
    public Optional<User> find(UserId id) {
        return Optional.ofNullable(mongo.call(
                        () -> reads.find(byId(id)).projection(WITHOUT_PASSWORDS).first()))
                .map(MongoUserDao::user);
    }

    /** The user of this name with the hash of the password; always asked of the store itself. */
    public Optional<Credential> findCredential(Username username) {
        return Optional.ofNullable(mongo.call(() -> reads.find(Filters.eq(KEY, new BsonString(username.key())))
                        .first()))
                .map(document -> new Credential(user(document), text(document, PASSWORD_HASH)));
    }

    /** Notes a login; not a change of the user, so the version stays. */
    public void recordLogin(UserId id, Instant at) {
        mongo.call(() -> users.updateOne(byId(id), Updates.set(UserJson.LAST_LOGIN, time(at))));
    }

    /** Some of the administrators who can log in; never more than the limit. */
    List<UserId> activeAdministrators(int limit) {
        Bson filter = Filters.and(
                Filters.eq(UserJson.ROLES, new BsonString(Roles.ADMIN)),
                Filters.eq(UserJson.STATUS, new BsonString(UserStatus.ACTIVE.text())));
        List<BsonDocument> found = mongo.call(() -> reads.find(filter)
                .projection(Projections.include(UserJson.ID))
                .limit(limit)
                .into(new ArrayList<>()));
        return found.stream()
                .map(document ->
                        new UserId(document.getObjectId(UserJson.ID).getValue().toHexString()))
                .toList();
    }

    @Override
    public List<User> list(UserQuery query) {
        // Each order is that of an index: names are unique, equal times are told apart by id.
        List<String> fields = query.sort().byTime() ? List.of(UserJson.CREATED_AT, UserJson.ID) : List.of(KEY);
        Bson order = query.sort().ascending() ? Sorts.ascending(fields) : Sorts.descending(fields);
        Bson filter = query.after().map(MongoUserDao::beyond).orElseGet(BsonDocument::new);
        List<BsonDocument> documents = mongo.call(() -> reads.find(filter)
                .projection(WITHOUT_PASSWORDS)
                .sort(order)
                .limit(query.limit())
                .into(new ArrayList<>()));
        return documents.stream().map(MongoUserDao::user).toList();
    }

    @Override
    public User insert(NewUser user) {
        BsonDateTime now = time(clock.instant());
        BsonDocument document = new BsonDocument(UserJson.ID, new BsonObjectId(new ObjectId()));
        document.put(UserJson.USERNAME, new BsonString(user.username().typed()));
        document.put(KEY, new BsonString(user.username().key()));
        document.put(PASSWORD_HASH, new BsonString(user.passwordHash()));
        document.put(UserJson.ROLES, roles(user.roles()));
        document.put(UserJson.STATUS, new BsonString(user.status().text()));
        document.put(UserJson.VERSION, new BsonInt64(1));
        document.put(UserJson.CREATED_AT, now);
        document.put(UserJson.UPDATED_AT, now);
        user.fields().properties().forEach(field -> document.put(field.getKey(), BsonJson.toBson(field.getValue())));
        mongo.call(() -> refusingTakenNames(() -> users.insertOne(document)));
        return user(document);
    }

    @Override
    public Optional<User> update(UserId id, UnaryOperator<User> edit) {
        return untilUndisturbed(id, before -> {
            List<Bson> changes = changes(before, edit.apply(before));
            if (changes.isEmpty()) {
                return Optional.of(before);
            }
            changes.add(Updates.inc(UserJson.VERSION, 1L));
            changes.add(Updates.set(UserJson.UPDATED_AT, time(clock.instant())));
            FindOneAndUpdateOptions options = new FindOneAndUpdateOptions()
                    .returnDocument(ReturnDocument.AFTER)
                    .projection(WITHOUT_PASSWORDS);
            BsonDocument after = mongo.call(() -> refusingTakenNames(
                    () -> users.findOneAndUpdate(unchangedSince(before), Updates.combine(changes), options)));
            return Optional.ofNullable(after).map(MongoUserDao::user);
        });
    }

    @Override
    public boolean delete(UserId id, Consumer<User> check) {
        return untilUndisturbed(id, before -> {
                    check.accept(before);
                    DeleteResult result = mongo.call(() -> users.deleteOne(unchangedSince(before)));
                    return result.getDeletedCount() > 0 ? Optional.of(before) : Optional.empty();
                })
                .isPresent();
    }

    /**
     * Reads a user and writes on the condition that it is unchanged, again and again until it was.
     *
     * @param write empty when the user had changed meanwhile
     * @return what the write answered; empty when there is no such user
     */
    private Optional<User> untilUndisturbed(UserId id, Function<User, Optional<User>> write) {
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            Optional<User> before = find(id);
            if (before.isEmpty()) {
                return before;
            }
            Optional<User> written = before.flatMap(write);
            if (written.isPresent()) {
                return written;
            }
        }
        throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, Duration.ofSeconds(1), null);
    }

    private static Bson unchangedSince(User before) {
        Bson sameVersion = before.version() == 0
                ? Filters.exists(UserJson.VERSION, false)
                : Filters.eq(UserJson.VERSION, before.version());
        return Filters.and(byId(before.id()), sameVersion);
    }

    private static List<Bson> changes(User before, User after) {
        List<Bson> changes = new ArrayList<>();
        if (!after.username().equals(before.username())) {
            Username username = Username.parse(after.username()).orElseThrow();
            changes.add(Updates.set(UserJson.USERNAME, new BsonString(username.typed())));
            changes.add(Updates.set(KEY, new BsonString(username.key())));
        }
        if (!after.roles().equals(before.roles())) {
            changes.add(Updates.set(UserJson.ROLES, roles(after.roles())));
        }
        if (after.status() != before.status()) {
            changes.add(
                    Updates.set(UserJson.STATUS, new BsonString(after.status().text())));
        }
        ObjectNode old = before.fields();
        after.fields().properties().forEach(field -> {
            if (!field.getValue().equals(BY_VALUE, old.path(field.getKey()))) {
                changes.add(Updates.set(field.getKey(), BsonJson.toBson(field.getValue())));
            }
        });
        old.fieldNames().forEachRemaining(name -> {
            if (!after.fields().has(name)) {
                changes.add(Updates.unset(name));
            }
        });
        return changes;
    }

    private static <T> T refusingTakenNames(Supplier<T> write) {
        try {
            return write.get();
        } catch (MongoException refused) {
            if (isDuplicate(refused)) {
                throw new GatehouseException(ErrorCode.USERNAME_TAKEN);
            }
            throw refused;
        }
    }

    private static boolean isDuplicate(MongoException refused) {
        return ErrorCategory.fromErrorCode(refused.getCode()) == ErrorCategory.DUPLICATE_KEY;
    }

    /** Everything after the place. */
    private static Bson beyond(UserQuery.Place place) {
        boolean ascending = place.sort().ascending();
        if (!place.sort().byTime()) {
            BsonString name = new BsonString(place.value());
            return ascending ? Filters.gt(KEY, name) : Filters.lt(KEY, name);
        }
        String field = UserJson.CREATED_AT;
        BsonDateTime time = time(place.time());
        BsonObjectId id = new BsonObjectId(new ObjectId(place.id().hex()));
        // The first bound repeats what the second implies, for the sake of the index.
        return ascending
                ? Filters.and(
                        Filters.gte(field, time), Filters.or(Filters.gt(field, time), Filters.gt(UserJson.ID, id)))
                : Filters.and(
                        Filters.lte(field, time), Filters.or(Filters.lt(field, time), Filters.lt(UserJson.ID, id)));
    }

    private static Bson byId(UserId id) {
        return Filters.eq(UserJson.ID, new BsonObjectId(new ObjectId(id.hex())));
    }

    private static BsonDateTime time(Instant instant) {
        return new BsonDateTime(instant.toEpochMilli());
    }

    private static BsonArray roles(Set<String> roles) {
        return new BsonArray(roles.stream().sorted().map(BsonString::new).toList());
    }

    private static User user(BsonDocument document) {
        ObjectId id = document.getObjectId(UserJson.ID).getValue();
        // Without a version another service wrote it, and its roles and status are only fields of that name.
        boolean ours = document.isNumber(UserJson.VERSION);
        Instant created = instant(document, UserJson.CREATED_AT)
                .orElseGet(() -> id.getDate().toInstant().truncatedTo(ChronoUnit.MILLIS));
        BsonDocument fields = document.clone();
        UserJson.SERVERS_OWN.forEach(fields::remove);
        UserJson.SETTABLE.forEach(fields::remove);
        return new User(
                new UserId(id.toHexString()),
                text(document, UserJson.USERNAME).orElse(""),
                ours ? roles(document.get(UserJson.ROLES)) : Set.of(Roles.USER),
                ours
                        ? text(document, UserJson.STATUS)
                                .flatMap(UserStatus::parse)
                                .orElse(UserStatus.DISABLED)
                        : UserStatus.ACTIVE,
                ours ? document.getNumber(UserJson.VERSION).longValue() : 0,
                created,
                instant(document, UserJson.UPDATED_AT).orElse(created),
                instant(document, UserJson.LAST_LOGIN),
                (ObjectNode) BsonJson.toJson(fields));
    }

    private static Set<String> roles(@Nullable BsonValue value) {
        if (value == null || !value.isArray()) {
            return Set.of();
        }
        return value.asArray().stream()
                .filter(BsonValue::isString)
                .map(role -> role.asString().getValue())
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private static Optional<String> text(BsonDocument document, String name) {
        BsonValue value = document.getOrDefault(name, BsonNull.VALUE);
        return value.isString() ? Optional.of(value.asString().getValue()) : Optional.empty();
    }

    private static Optional<Instant> instant(BsonDocument document, String name) {
        BsonValue value = document.getOrDefault(name, BsonNull.VALUE);
        return value.isDateTime()
                ? Optional.of(Instant.ofEpochMilli(value.asDateTime().getValue()))
                : Optional.empty();
    }
}
