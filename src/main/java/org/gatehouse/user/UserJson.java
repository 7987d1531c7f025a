package org.gatehouse.user;

import static java.util.stream.Collectors.toUnmodifiableMap;

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

    /** Names of the fields that callers cannot set and that are not custom fields; responses contain some of them. */
    static final Set<String> RESERVED_FIELDS = Set.of(
            ID,
            VERSION,
            CREATED_AT,
            UPDATED_AT,
            LAST_LOGIN,
            PASSWORD,
            UserDocument.PASSWORD_HASH,
            UserDocument.CANONICAL_USERNAME,
            UserDocument.SESSION_EPOCH,
            UserDocument.SESSION_EXEMPT,
            UserDocument.SOURCES,
            UserDocument.SERVER_DATA);

    /** The fields that every user has and callers may set. Other fields are custom fields or reserved. */
    static final Set<String> SETTABLE = Set.of(USERNAME, ROLES, STATUS);

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

    /** Reads the user in a cache entry; empty if this version does not understand the entry. */
    private static Optional<User> read(byte[] json) {
        try {
            ObjectNode fields = (ObjectNode) Json.MAPPER.readTree(json);
            Set<String> roles = new LinkedHashSet<>();
            fields.path(ROLES).forEach(role -> roles.add(role.textValue()));
            JsonNode lastLogin = fields.path(LAST_LOGIN);
            User user = new User(
                    new UserId(fields.path(ID).textValue()),
                    fields.path(USERNAME).textValue(),
                    roles,
                    UserStatus.parse(fields.path(STATUS).asText()).orElseThrow(),
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
                    CredentialFields.without(fields.remove(RESERVED_FIELDS).remove(SETTABLE)),
                    new UserAnswer());
            return Optional.of(user);
        } catch (IOException | RuntimeException foreign) {
            return Optional.empty();
        }
    }
}
