package org.gatehouse.user;

import static java.util.stream.Collectors.toUnmodifiableMap;
import static java.util.stream.Collectors.toUnmodifiableSet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.IsoTime;
import org.gatehouse.json.Json;

/** Converts users to JSON for responses, and to cache entries and back. Cache entries have additional fields. */
public final class UserJson {
    public static final String ID = "_id";
    public static final String USERNAME = "username";
    public static final String PASSWORD = "password";
    public static final String ROLES = "roles";
    public static final String STATUS = "status";
    public static final String VERSION = "version";
    public static final String CREATED_AT = "createdAt";
    public static final String UPDATED_AT = "updatedAt";
    public static final String LAST_LOGIN = "lastLogin";

    /** A custom field that must be an address, because mails are sent to it. */
    public static final String EMAIL = "email";

    /** When the user proved the address. Responses contain it; the store has it in {@link UserDocument#SERVER_DATA}. */
    public static final String EMAIL_VERIFIED = "emailVerified";

    /** When the account of a leaving user is due for deletion. */
    public static final String DELETED_AFTER = "deletedAfter";

    /** The second factors of a user in an import or export. */
    public static final String FACTORS = "factors";

    /** The hashes of the recovery codes of a user in an import or export. */
    public static final String RECOVERY_CODES = "recoveryCodes";

    /** The reserved names that an earlier version allowed for custom fields. */
    static final Set<String> NEWLY_RESERVED = Set.of(EMAIL_VERIFIED, DELETED_AFTER, FACTORS, RECOVERY_CODES);

    /** The name in cache entries only. */
    private static final String HAS_FACTOR = "hasFactor";

    /** A custom field that must be a language tag, because it selects the language of mails. */
    public static final String LOCALE = "locale";

    /** Names of the fields that callers cannot set and that are not custom fields; responses contain some of them. */
    static final Set<String> RESERVED_FIELDS = Set.of(
            ID,
            VERSION,
            CREATED_AT,
            UPDATED_AT,
            LAST_LOGIN,
            EMAIL_VERIFIED,
            DELETED_AFTER,
            FACTORS,
            RECOVERY_CODES,
            PASSWORD,
            UserDocument.PASSWORD_HASH,
            UserDocument.CANONICAL_USERNAME,
            UserDocument.SESSION_EPOCH,
            UserDocument.SESSION_EXEMPT,
            UserDocument.SOURCES,
            UserDocument.SERVER_DATA);

    /** The fields that every user has and callers may set. Other fields are custom fields or reserved. */
    static final Set<String> SETTABLE = Set.of(USERNAME, ROLES, STATUS);

    /** The fields of a document that no version has ever treated as custom fields. */
    static final Set<String> NEVER_CUSTOM = Stream.of(RESERVED_FIELDS, SETTABLE)
            .flatMap(Set::stream)
            .filter(name -> !NEWLY_RESERVED.contains(name))
            .collect(toUnmodifiableSet());

    /** The reserved names, by their lower-case form. */
    private static final Map<String, String> RESERVED_NAMES = Stream.of(RESERVED_FIELDS, SETTABLE)
            .flatMap(Set::stream)
            .collect(toUnmodifiableMap(name -> name.toLowerCase(Locale.ROOT), name -> name));

    private UserJson() {}

    /** Compares names without regard to case. Returns the reserved name that equals this name, or empty. */
    public static Optional<String> reservedName(String name) {
        return Optional.ofNullable(
                RESERVED_NAMES.get(name.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT)));
    }

    public static ObjectNode write(User user) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put(ID, user.id().hex());
        json.put(USERNAME, user.username());
        ArrayNode roles = json.putArray(ROLES);
        user.roles().stream().sorted().forEach(roles::add);
        json.put(STATUS, user.status().text());
        json.put(VERSION, user.version());
        json.put(CREATED_AT, IsoTime.format(user.createdAt()));
        json.put(UPDATED_AT, IsoTime.format(user.updatedAt()));
        if (user.lastLogin() != null) {
            json.put(LAST_LOGIN, IsoTime.format(user.lastLogin()));
        }
        json.setAll(user.fields());
        if (user.emailVerified() != null) {
            json.put(EMAIL_VERIFIED, IsoTime.format(user.emailVerified()));
        }
        if (user.deletedAfter() != null) {
            json.put(DELETED_AFTER, IsoTime.format(user.deletedAfter()));
        }
        return json;
    }

    /** Returns the codec of cached users. */
    public static DocumentCache.Codec<User> codec() {
        return new DocumentCache.Codec<>() {
            @Override
            public byte[] encode(User user) {
                ObjectNode json = UserJson.write(user);
                json.put(UserDocument.SESSION_EPOCH, user.epoch().number());
                SessionId exempt = user.epoch().exempt();
                if (exempt != null) {
                    json.put(UserDocument.SESSION_EXEMPT, exempt.text());
                }
                // An earlier version treats emailVerified as a custom field, so the field itself is not trusted.
                ObjectNode serverData = json.putObject(UserDocument.SERVER_DATA);
                if (user.emailVerified() != null) {
                    serverData.put(EMAIL_VERIFIED, user.emailVerified().toEpochMilli());
                }
                serverData.put(HAS_FACTOR, user.hasFactor());
                if (user.deletedAfter() != null) {
                    // An earlier version does not know the status, and treats the time as a custom field.
                    json.put(STATUS, user.status().stored());
                    json.remove(DELETED_AFTER);
                    serverData.put(DELETED_AFTER, user.deletedAfter().toEpochMilli());
                }
                return Json.write(json);
            }

            @Override
            public Optional<User> decode(String id, byte[] entry) {
                return UserJson.read(entry).filter(user -> user.id().hex().equals(id));
            }

            @Override
            public long version(User user) {
                return user.version();
            }
        };
    }

    /** @param verified false if a field {@code emailVerified} is a custom field of an earlier version */
    private static ObjectNode customFields(ObjectNode entry, boolean verified) {
        ObjectNode fields = CredentialFields.without(entry.remove(NEVER_CUSTOM));
        if (verified) {
            fields.remove(EMAIL_VERIFIED);
        }
        NewlyReserved.rename(fields);
        return fields;
    }

    /** Reads the user in a cache entry; empty if this version does not understand the entry. */
    private static Optional<User> read(byte[] json) {
        try {
            ObjectNode fields = (ObjectNode) Json.MAPPER.readTree(json);
            Set<String> roles = new LinkedHashSet<>();
            fields.path(ROLES).forEach(role -> roles.add(role.textValue()));
            JsonNode lastLogin = fields.path(LAST_LOGIN);
            // In an entry of an earlier version, every user seems to have no factor. Checks that would then permit more
            // read the store.
            JsonNode serverData = fields.path(UserDocument.SERVER_DATA);
            JsonNode verified = serverData.path(EMAIL_VERIFIED);
            JsonNode deletedAfter = serverData.path(DELETED_AFTER);
            boolean leaving = deletedAfter.isIntegralNumber();
            User user = new User(
                    new UserId(fields.path(ID).textValue()),
                    fields.path(USERNAME).textValue(),
                    roles,
                    leaving
                            ? UserStatus.LEAVING
                            : UserStatus.parse(fields.path(STATUS).asText()).orElseThrow(),
                    fields.path(VERSION).longValue(),
                    Instant.parse(fields.path(CREATED_AT).textValue()),
                    Instant.parse(fields.path(UPDATED_AT).textValue()),
                    lastLogin.isTextual() ? Instant.parse(lastLogin.textValue()) : null,
                    new SessionEpoch(
                            fields.required(UserDocument.SESSION_EPOCH).longValue(),
                            Optional.ofNullable(fields.path(UserDocument.SESSION_EXEMPT)
                                            .textValue())
                                    .map(SessionId::new)
                                    .orElse(null)),
                    customFields(fields, verified.isIntegralNumber()),
                    verified.isIntegralNumber() ? Instant.ofEpochMilli(verified.longValue()) : null,
                    serverData.path(HAS_FACTOR).booleanValue(),
                    leaving ? Instant.ofEpochMilli(deletedAfter.longValue()) : null,
                    new UserAnswer());
            return Optional.of(user);
        } catch (IOException | RuntimeException foreign) {
            return Optional.empty();
        }
    }
}
