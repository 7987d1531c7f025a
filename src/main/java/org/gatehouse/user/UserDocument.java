package org.gatehouse.user;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Updates;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bson.BsonArray;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.password.StoredPassword;
import org.gatehouse.store.BsonJson;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.Sha256;
import org.jspecify.annotations.Nullable;

/**
 * Maps users to documents. Custom fields are at the top level, as in the legacy service, beside the server's fields.
 *
 * <p>A document without a version was written by another service; its {@code roles} and {@code status} are ignored.
 */
public final class UserDocument {
    public static final String CANONICAL_USERNAME = "usernameKey";
    public static final String PASSWORD_HASH = "passwordHash";
    public static final String SESSION_EPOCH = "sessionCutoff";
    public static final String SESSION_EXEMPT = "sessionKept";

    /** The last login time of each source, by {@link #sourceKey}; only the login throttle uses it. */
    public static final String SOURCES = "loginSources";

    /**
     * The field for server data that callers may neither see nor set. This version writes only the staged values of
     * {@link MongoUserDao} to this field. A later version may add data to it, because this version hides it.
     */
    public static final String SERVER_DATA = "_server";

    /** Matches users with a stored password. A user needs one of these fields to log in with a password. */
    static final Bson HAS_PASSWORD = Filters.or(Filters.exists(PASSWORD_HASH), Filters.exists(UserJson.PASSWORD));

    /** The fields that a password check needs: all except custom fields. */
    static final Bson CREDENTIAL = Projections.include(
            UserJson.ID,
            UserJson.USERNAME,
            PASSWORD_HASH,
            UserJson.PASSWORD,
            UserJson.ROLES,
            UserJson.STATUS,
            UserJson.VERSION,
            UserJson.CREATED_AT,
            UserJson.UPDATED_AT,
            UserJson.LAST_LOGIN,
            SESSION_EPOCH,
            SESSION_EXEMPT,
            SOURCES);

    private static final int SOURCE_KEY_LENGTH = 20;

    /** The maximum number of sources per user. A further source replaces the source with the oldest login. */
    private static final int MAX_SOURCES = 32;

    private UserDocument() {}

    public static UserId newId() {
        return new UserId(new ObjectId().toHexString());
    }

    /** Returns the document of a new user, or of a user imported from another database. */
    static BsonDocument of(NewUser user, Instant now) {
        BsonDocument document = new BsonDocument(UserJson.ID, BsonValues.id(user.id()));
        document.put(UserJson.USERNAME, new BsonString(user.username().typed()));
        document.put(CANONICAL_USERNAME, new BsonString(user.username().canonical()));
        if (user.passwordHash() != null) {
            document.put(PASSWORD_HASH, new BsonString(user.passwordHash()));
        }
        document.put(UserJson.ROLES, roles(user.roles()));
        document.put(UserJson.STATUS, new BsonString(user.status().text()));
        NewUser.Imported imported = user.imported();
        Instant created = requireNonNullElse(imported.createdAt(), now);
        document.put(UserJson.VERSION, new BsonInt64(requireNonNullElse(imported.version(), 1L)));
        document.put(UserJson.CREATED_AT, BsonValues.time(created));
        document.put(UserJson.UPDATED_AT, BsonValues.time(requireNonNullElse(imported.updatedAt(), created)));
        if (imported.lastLogin() != null) {
            document.put(UserJson.LAST_LOGIN, BsonValues.time(imported.lastLogin()));
        }
        if (imported.sameId()) {
            // A user with this id may have been deleted here, and the sessions of that user must stay ended.
            document.put(SESSION_EPOCH, new BsonInt64(now.toEpochMilli()));
        }
        user.fields().properties().forEach(field -> document.put(field.getKey(), BsonJson.toBson(field.getValue())));
        return document;
    }

    /** Reads the user in a document. Omits credentials that another service may have written into custom fields. */
    static User read(BsonDocument document) {
        UserId id = id(document);
        boolean ours = document.isNumber(UserJson.VERSION);
        Instant created = instant(document, UserJson.CREATED_AT)
                .orElseGet(() -> new ObjectId(id.hex()).getDate().toInstant());
        BsonDocument fields = document.clone();
        UserJson.RESERVED_FIELDS.forEach(fields::remove);
        UserJson.SETTABLE.forEach(fields::remove);
        return new User(
                id,
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
                instant(document, UserJson.LAST_LOGIN).orElse(null),
                epoch(document),
                CredentialFields.without((ObjectNode) BsonJson.toJson(fields)),
                new UserAnswer());
    }

    /** Reads the user and the stored password in a document. */
    static Credential credential(BsonDocument document, Map<String, Instant> sources) {
        return new Credential(read(document), password(document).orElse(null), sources);
    }

    /** Returns whether an update from one state of a user to the other would change nothing. */
    public static boolean isUnchanged(User before, User after) {
        return MongoUserChanges.between(before, after).isEmpty();
    }

    /** Returns the stored password of a document; the legacy field is used only if the document has no hash. */
    private static Optional<StoredPassword> password(BsonDocument document) {
        return text(document, PASSWORD_HASH)
                .map(StoredPassword::hash)
                .or(() -> text(document, UserJson.PASSWORD).flatMap(StoredPassword::ofLegacy));
    }

    static UserId id(BsonDocument document) {
        return BsonValues.userId(document.getObjectId(UserJson.ID));
    }

    /** Returns the document's id. The type may differ from ObjectId, because another service may have chosen the id. */
    public static BsonValue anyId(BsonDocument document) {
        return document.getOrDefault(UserJson.ID, BsonNull.VALUE);
    }

    /** Returns the canonical username by which a document is found; an empty text if the document has none. */
    public static String canonicalUsername(BsonDocument document) {
        return text(document, CANONICAL_USERNAME).orElse("");
    }

    /** Returns the update that stores this hash and removes the legacy password. */
    public static Bson replacePassword(String hash) {
        return Updates.combine(Updates.set(PASSWORD_HASH, new BsonString(hash)), Updates.unset(UserJson.PASSWORD));
    }

    /**
     * Returns the condition that matches this document if the named fields still have the values in this document. Only
     * text, numbers and null are compared. If a value has another type, the field must only exist, because a regular
     * expression would act as a pattern.
     */
    public static BsonDocument unchanged(BsonDocument document, String... names) {
        BsonDocument condition = new BsonDocument(UserJson.ID, anyId(document));
        for (String name : names) {
            BsonValue value = document.getOrDefault(name, BsonNull.VALUE); // null also matches an absent field
            boolean comparable = value.isString() || value.isNumber() || value.isNull();
            condition.append(name, comparable ? value : new BsonDocument("$exists", BsonBoolean.TRUE));
        }
        return condition;
    }

    static Map<String, Instant> sources(BsonDocument document) {
        Map<String, Instant> sources = new HashMap<>();
        BsonValue value = document.getOrDefault(SOURCES, BsonNull.VALUE);
        if (value.isDocument()) {
            value.asDocument().forEach((key, time) -> {
                if (time.isDateTime()) {
                    sources.put(key, BsonValues.instant(time));
                }
            });
        }
        return sources;
    }

    /** Returns the updates that record a login and remove old and surplus sources, to keep the document small. */
    static List<Bson> login(Map<String, Instant> sources, String source, Instant at) {
        String key = sourceKey(source);
        List<Bson> notes = new ArrayList<>();
        notes.add(Updates.set(UserJson.LAST_LOGIN, BsonValues.time(at)));
        notes.add(Updates.set(SOURCES + "." + key, BsonValues.time(at)));
        List<Map.Entry<String, Instant>> others = sources.entrySet().stream()
                .filter(other -> !other.getKey().equals(key))
                .sorted(Map.Entry.<String, Instant>comparingByValue().reversed())
                .toList();
        Instant tooOld = at.minus(Credential.SOURCE_LIFETIME);
        for (int i = 0; i < others.size(); i++) {
            Map.Entry<String, Instant> other = others.get(i);
            if (i >= MAX_SOURCES - 1 || other.getValue().isBefore(tooOld)) {
                notes.add(Updates.unset(SOURCES + "." + other.getKey()));
            }
        }
        return notes;
    }

    /** Returns the field name of a source: the start of its SHA-256, because an address contains dots and colons. */
    static String sourceKey(String source) {
        return Sha256.hex(source).substring(0, SOURCE_KEY_LENGTH);
    }

    static List<Bson> epoch(SessionEpoch epoch) {
        return List.of(Updates.set(SESSION_EPOCH, new BsonInt64(epoch.number())), exempt(epoch.exempt()));
    }

    /** Returns the update that stores the exempt session of an epoch. */
    static Bson exempt(@Nullable SessionId exempt) {
        return exempt == null
                ? Updates.unset(SESSION_EXEMPT)
                : Updates.set(SESSION_EXEMPT, new BsonString(exempt.text()));
    }

    private static SessionEpoch epoch(BsonDocument document) {
        return document.isNumber(SESSION_EPOCH)
                ? new SessionEpoch(
                        document.getNumber(SESSION_EPOCH).longValue(),
                        text(document, SESSION_EXEMPT).flatMap(SessionId::parse).orElse(null))
                : SessionEpoch.FIRST;
    }

    public static BsonArray roles(Set<String> roles) {
        return new BsonArray(roles.stream().sorted().map(BsonString::new).toList());
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

    public static Optional<String> text(BsonDocument document, String name) {
        BsonValue value = document.getOrDefault(name, BsonNull.VALUE);
        return value.isString() ? Optional.of(value.asString().getValue()) : Optional.empty();
    }

    private static Optional<Instant> instant(BsonDocument document, String name) {
        BsonValue value = document.getOrDefault(name, BsonNull.VALUE);
        return value.isDateTime() ? Optional.of(BsonValues.instant(value)) : Optional.empty();
    }
}
