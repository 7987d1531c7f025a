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
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.mail.MailDocument;
import org.gatehouse.mail.MailRequest;
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
     * The field for server data that callers may neither see nor set. A later version may add data to it, because this
     * version hides it.
     */
    public static final String SERVER_DATA = "_server";

    /** The prefix of the names that fields of other services get if Gatehouse needs their own names. */
    public static final String ORIGINAL = "original_";

    /** The canonical form of the address in {@code email}, verified or not; absent if the field is not an address. */
    public static final String ADDRESS = SERVER_DATA + ".address";

    /** The canonical form of a verified address. The index is unique, so one account at most has verified it. */
    static final String VERIFIED_ADDRESS = SERVER_DATA + ".email";

    static final String VERIFIED_AT = SERVER_DATA + ".emailVerified";

    /**
     * The planned deletion of a leaving user, whose status in the store is {@code disabled}. It is valid only for the
     * session epoch that it contains. A node of an earlier version keeps the field if it enables the user. If it disables
     * the user again, the epoch differs, and the user is not deleted.
     */
    static final String LEAVING = SERVER_DATA + ".leaving";

    static final String LEAVING_TIME = LEAVING + "." + UserJson.DELETED_AFTER;
    static final String LEAVING_EPOCH = LEAVING + ".epoch";

    /** Proofs that only a receiver of a mail knows; see {@link MongoProofDao}. */
    static final String PROOFS = SERVER_DATA + ".proofs";

    /** Proofs that restore an earlier address. */
    static final String UNDO = SERVER_DATA + ".undo";

    /** The second factors of a user, by id. The package {@code factor} defines their format. */
    public static final String FACTORS = SERVER_DATA + ".factors";

    /** The version of the user with the first of the present factors. */
    public static final String FACTORS_SINCE = SERVER_DATA + ".factorsSince";

    /** TOTP devices that are not confirmed yet, by id. */
    public static final String ENROLMENTS = SERVER_DATA + ".enrolments";

    /** The hashes of unused recovery codes. */
    public static final String RECOVERY_CODES = SERVER_DATA + ".recovery";

    /** The ids of the credentials of all passkeys; absent if there are none. */
    public static final String CREDENTIAL_IDS = SERVER_DATA + ".credentialIds";

    /** Mails that this change requested and that are not in the queue yet. */
    static final String OUTBOX = SERVER_DATA + ".outbox";

    /** The time of the last login of each device, by {@link #deviceKey}. */
    static final String DEVICES = SERVER_DATA + ".devices";

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
            SOURCES,
            UserJson.EMAIL,
            UserJson.LOCALE,
            VERIFIED_ADDRESS,
            VERIFIED_AT,
            DEVICES,
            FACTORS,
            LEAVING);

    private static final int KEY_LENGTH = 20;

    /** The maximum number of sources per user. A further source replaces the source with the oldest login. */
    private static final int MAX_SOURCES = 32;

    /** The maximum number of devices per user. A further device replaces the device with the oldest login. */
    private static final int MAX_DEVICES = 32;

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
        document.put(UserJson.STATUS, new BsonString(user.status().stored()));
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
        BsonDocument serverData = serverData(user);
        if (!serverData.isEmpty()) {
            document.put(SERVER_DATA, serverData);
        }
        return document;
    }

    private static BsonDocument serverData(NewUser user) {
        BsonDocument data = user.imported().serverData().data().clone();
        String address = user.email().map(EmailAddress::canonical).orElse(null);
        if (address != null) {
            data.put(lastName(ADDRESS), new BsonString(address));
        }
        Instant verified = user.imported().emailVerified();
        if (address != null && verified != null) {
            data.put(lastName(VERIFIED_ADDRESS), new BsonString(address));
            data.put(lastName(VERIFIED_AT), BsonValues.time(verified));
        }
        if (!user.mails().isEmpty()) {
            data.put(
                    lastName(OUTBOX),
                    new BsonArray(user.mails().stream().map(MailDocument::of).toList()));
        }
        return data;
    }

    private static String lastName(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    /** Reads the user in a document. Omits credentials that another service may have written into custom fields. */
    static User read(BsonDocument document) {
        UserId id = id(document);
        boolean ours = document.isNumber(UserJson.VERSION);
        Instant created = instant(document, UserJson.CREATED_AT)
                .orElseGet(() -> new ObjectId(id.hex()).getDate().toInstant());
        BsonDocument fields = document.clone();
        UserJson.NEVER_CUSTOM.forEach(fields::remove);
        ObjectNode custom = CredentialFields.without((ObjectNode) BsonJson.toJson(fields));
        NewlyReserved.rename(custom);
        UserStatus status = ours
                ? text(document, UserJson.STATUS).flatMap(UserStatus::parse).orElse(UserStatus.DISABLED)
                : UserStatus.ACTIVE;
        Instant deletedAfter = status == UserStatus.DISABLED ? deletedAfter(document) : null;
        return new User(
                id,
                text(document, UserJson.USERNAME).orElse(""),
                ours ? roles(document.get(UserJson.ROLES)) : Set.of(Roles.USER),
                deletedAfter == null ? status : UserStatus.LEAVING,
                ours ? document.getNumber(UserJson.VERSION).longValue() : 0,
                created,
                instant(document, UserJson.UPDATED_AT).orElse(created),
                instant(document, UserJson.LAST_LOGIN).orElse(null),
                epoch(document),
                custom,
                emailVerified(document),
                hasFactor(document),
                deletedAfter,
                new UserAnswer());
    }

    /** Returns when a disabled user is due for deletion; null if the user is not leaving. */
    private static @Nullable Instant deletedAfter(BsonDocument document) {
        BsonValue found = serverData(document).get(lastName(LEAVING));
        BsonDocument leaving = found != null && found.isDocument() ? found.asDocument() : new BsonDocument();
        boolean valid = leaving.isNumber(lastName(LEAVING_EPOCH))
                && leaving.getNumber(lastName(LEAVING_EPOCH)).longValue()
                        == epoch(document).number();
        return valid ? instant(leaving, lastName(LEAVING_TIME)).orElse(null) : null;
    }

    /** Returns the update that stores or removes the planned deletion of a user. */
    static Bson leaving(User after) {
        Instant time = after.deletedAfter();
        return time == null
                ? Updates.unset(LEAVING)
                : Updates.set(
                        LEAVING,
                        new BsonDocument(lastName(LEAVING_TIME), BsonValues.time(time))
                                .append(
                                        lastName(LEAVING_EPOCH),
                                        new BsonInt64(after.epoch().number())));
    }

    /** Matches the users that have a planned deletion, by its index. Some of them may not be leaving; see {@link #LEAVING}. */
    static Bson hasLeaving() {
        return Filters.gte(LEAVING_TIME, BsonValues.time(Instant.EPOCH));
    }

    /** Returns when the address was verified; null if another service has changed the address since. */
    private static @Nullable Instant emailVerified(BsonDocument document) {
        BsonDocument data = serverData(document);
        String verified = verifiedAddress(document);
        if (verified.isEmpty()) {
            return null;
        }
        return text(document, UserJson.EMAIL)
                .flatMap(EmailAddress::parse)
                .filter(address -> address.canonical().equals(verified))
                .flatMap(address -> instant(data, lastName(VERIFIED_AT)))
                .orElse(null);
    }

    private static boolean hasFactor(BsonDocument document) {
        BsonValue factors = serverData(document).get(lastName(FACTORS));
        return factors != null && factors.isDocument() && !factors.asDocument().isEmpty();
    }

    /** Returns whether the document has the canonical form of an address. */
    public static boolean hasAddress(BsonDocument document) {
        return serverData(document).containsKey(lastName(ADDRESS));
    }

    /** Returns the canonical form of the address that was verified; an empty text if there is none. */
    static String verifiedAddress(BsonDocument document) {
        return text(serverData(document), lastName(VERIFIED_ADDRESS)).orElse("");
    }

    /** Matches the user who has verified this address. */
    static Bson byVerifiedAddress(EmailAddress address) {
        return Filters.eq(VERIFIED_ADDRESS, new BsonString(address.canonical()));
    }

    /** Whether a document has a verified address, even if another service has changed the field {@code email} since. */
    static boolean hasVerifiedAddress(BsonDocument document) {
        return serverData(document).containsKey(lastName(VERIFIED_ADDRESS));
    }

    /** Returns the server data of a document; an empty document if there is none. */
    public static BsonDocument serverData(BsonDocument document) {
        return document.isDocument(SERVER_DATA) ? document.getDocument(SERVER_DATA) : new BsonDocument();
    }

    /** Returns the updates that store the address of a user and whether it is verified. */
    static List<Bson> address(User after) {
        String address = after.email().map(EmailAddress::canonical).orElse(null);
        Instant verified = after.emailVerified();
        List<Bson> updates = new ArrayList<>();
        updates.add(address == null ? Updates.unset(ADDRESS) : Updates.set(ADDRESS, new BsonString(address)));
        if (address == null || verified == null) {
            updates.add(Updates.unset(VERIFIED_ADDRESS));
            updates.add(Updates.unset(VERIFIED_AT));
        } else {
            updates.add(Updates.set(VERIFIED_ADDRESS, new BsonString(address)));
            updates.add(Updates.set(VERIFIED_AT, BsonValues.time(verified)));
        }
        return updates;
    }

    /** Returns the update that adds mails to the outbox of a user. */
    static List<Bson> mails(List<MailRequest> mails) {
        return mails.isEmpty()
                ? List.of()
                : List.of(Updates.pushEach(
                        OUTBOX, mails.stream().map(MailDocument::of).toList()));
    }

    /** Reads the user and the stored password in a document. */
    static Credential credential(BsonDocument document) {
        return new Credential(
                read(document),
                password(document).orElse(null),
                times(document.get(SOURCES)),
                times(serverData(document).get(lastName(DEVICES))));
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

    /** Matches a user whose session epoch has not changed since the user was read. */
    public static Bson sameEpoch(User read) {
        long number = read.epoch().number();
        return number == 0
                ? Filters.in(SESSION_EPOCH, new BsonInt64(0), BsonNull.VALUE) // null also matches an absent field
                : Filters.eq(SESSION_EPOCH, new BsonInt64(number));
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

    private static Map<String, Instant> times(@Nullable BsonValue value) {
        Map<String, Instant> times = new HashMap<>();
        if (value != null && value.isDocument()) {
            value.asDocument().forEach((key, time) -> {
                if (time.isDateTime()) {
                    times.put(key, BsonValues.instant(time));
                }
            });
        }
        return times;
    }

    /** Returns the update that makes a source known, as after a login from it. */
    public static Bson knownSource(ClientInfo client, Instant at) {
        return Updates.set(SOURCES + "." + sourceKey(client.source()), BsonValues.time(at));
    }

    /** Returns the updates that record a login with its source, its device and its mails. */
    static List<Bson> login(Credential credential, UserLogin login) {
        ClientInfo client = login.client();
        String source = sourceKey(client.source());
        String device = deviceKey(client);
        Instant at = login.at();
        List<Bson> notes = new ArrayList<>();
        notes.add(Updates.set(UserJson.LAST_LOGIN, BsonValues.time(at)));
        notes.add(Updates.set(SOURCES + "." + source, BsonValues.time(at)));
        notes.add(Updates.set(DEVICES + "." + device, BsonValues.time(at)));
        surplus(credential.sources(), source, MAX_SOURCES, at.minus(Credential.SOURCE_LIFETIME))
                .forEach(key -> notes.add(Updates.unset(SOURCES + "." + key)));
        surplus(credential.devices(), device, MAX_DEVICES, at.minus(Credential.DEVICE_LIFETIME))
                .forEach(key -> notes.add(Updates.unset(DEVICES + "." + key)));
        notes.addAll(mails(login.mails()));
        return notes;
    }

    /** Returns the old and surplus entries of a map of times. Their removal keeps the document small. */
    private static List<String> surplus(Map<String, Instant> times, String newKey, int max, Instant tooOld) {
        List<Map.Entry<String, Instant>> latest = times.entrySet().stream()
                .filter(other -> !other.getKey().equals(newKey))
                .sorted(Map.Entry.<String, Instant>comparingByValue().reversed())
                .toList();
        List<String> surplus = new ArrayList<>();
        for (int i = 0; i < latest.size(); i++) {
            if (i >= max - 1 || latest.get(i).getValue().isBefore(tooOld)) {
                surplus.add(latest.get(i).getKey());
            }
        }
        return surplus;
    }

    /** Returns the field name of a source: the start of its SHA-256, because an address contains dots and colons. */
    static String sourceKey(String source) {
        return Sha256.hex(source).substring(0, KEY_LENGTH);
    }

    /** Returns the field name of a device: the start of the SHA-256 of its address range and its browser family. */
    static String deviceKey(ClientInfo client) {
        String family = UserAgentName.parse(client.userAgent()).family();
        return Sha256.hex(client.addressRange() + " " + family).substring(0, KEY_LENGTH);
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
