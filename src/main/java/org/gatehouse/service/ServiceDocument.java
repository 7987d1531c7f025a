package org.gatehouse.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.identity.ServiceId;
import org.gatehouse.json.Json;
import org.gatehouse.store.BsonValues;
import org.gatehouse.user.UserStatus;

/**
 * Converts service accounts to MongoDB documents and to cache entries, and back. Both contain the SHA-256 of each
 * secret, from which the secret cannot be found.
 */
final class ServiceDocument {
    static final String ID = "_id";
    static final String VERSION = "version";
    private static final String NAME = "name";
    private static final String ROLES = "roles";
    private static final String STATUS = "status";
    private static final String EPOCH = "epoch";
    private static final String CREATED_AT = "createdAt";
    private static final String UPDATED_AT = "updatedAt";
    private static final String SECRETS = "secrets";
    private static final String HASH = "hash";
    private static final String EXPIRES_AT = "expiresAt";

    private ServiceDocument() {}

    static BsonDocument of(ServiceAccount service) {
        BsonArray secrets = new BsonArray();
        service.secrets().forEach(secret -> {
            BsonDocument stored = new BsonDocument(HASH, new BsonBinary(secret.hash()))
                    .append(CREATED_AT, BsonValues.time(secret.createdAt()));
            if (secret.expiresAt() != null) {
                stored.append(EXPIRES_AT, BsonValues.time(secret.expiresAt()));
            }
            secrets.add(stored);
        });
        return new BsonDocument(ID, BsonValues.id(service.id()))
                .append(NAME, new BsonString(service.name()))
                .append(
                        ROLES,
                        new BsonArray(service.roles().stream()
                                .sorted()
                                .map(BsonString::new)
                                .toList()))
                .append(STATUS, new BsonString(service.status().text()))
                .append(VERSION, new BsonInt64(service.version()))
                .append(EPOCH, new BsonInt64(service.epoch()))
                .append(CREATED_AT, BsonValues.time(service.createdAt()))
                .append(UPDATED_AT, BsonValues.time(service.updatedAt()))
                .append(SECRETS, secrets);
    }

    static ServiceAccount read(BsonDocument document) {
        List<StoredSecret> secrets = document.getArray(SECRETS).stream()
                .map(secret -> secret.asDocument())
                .map(secret -> new StoredSecret(
                        secret.getBinary(HASH).getData(),
                        BsonValues.instant(secret.getDateTime(CREATED_AT)),
                        secret.containsKey(EXPIRES_AT) ? BsonValues.instant(secret.getDateTime(EXPIRES_AT)) : null))
                .toList();
        Set<String> roles = new LinkedHashSet<>();
        document.getArray(ROLES).forEach(role -> roles.add(role.asString().getValue()));
        return new ServiceAccount(
                new ServiceId(document.getObjectId(ID).getValue().toHexString()),
                document.getString(NAME).getValue(),
                roles,
                UserStatus.parse(document.getString(STATUS).getValue()).orElse(UserStatus.DISABLED),
                document.getNumber(VERSION).longValue(),
                document.getNumber(EPOCH).longValue(),
                BsonValues.instant(document.getDateTime(CREATED_AT)),
                BsonValues.instant(document.getDateTime(UPDATED_AT)),
                secrets);
    }

    /** Returns the codec of cached accounts. */
    static DocumentCache.Codec<ServiceAccount> codec() {
        return new DocumentCache.Codec<>() {
            @Override
            public byte[] encode(ServiceAccount service) {
                ObjectNode json = Json.MAPPER.createObjectNode();
                json.put(ID, service.id().hex());
                json.put(NAME, service.name());
                service.roles().forEach(json.putArray(ROLES)::add);
                json.put(STATUS, service.status().text());
                json.put(VERSION, service.version());
                json.put(EPOCH, service.epoch());
                json.put(CREATED_AT, service.createdAt().toEpochMilli());
                json.put(UPDATED_AT, service.updatedAt().toEpochMilli());
                var secrets = json.putArray(SECRETS);
                service.secrets().forEach(secret -> {
                    ObjectNode stored = secrets.addObject();
                    stored.put(HASH, secret.hash());
                    stored.put(CREATED_AT, secret.createdAt().toEpochMilli());
                    if (secret.expiresAt() != null) {
                        stored.put(EXPIRES_AT, secret.expiresAt().toEpochMilli());
                    }
                });
                return Json.write(json);
            }

            @Override
            public Optional<ServiceAccount> decode(String id, byte[] entry) {
                try {
                    return Optional.of(read(Json.MAPPER.readTree(entry)))
                            .filter(service -> service.id().hex().equals(id));
                } catch (IOException | RuntimeException foreign) {
                    return Optional.empty();
                }
            }

            @Override
            public long version(ServiceAccount service) {
                return service.version();
            }
        };
    }

    private static ServiceAccount read(JsonNode json) throws IOException {
        List<StoredSecret> secrets = new ArrayList<>();
        for (JsonNode secret : json.required(SECRETS)) {
            secrets.add(new StoredSecret(
                    secret.required(HASH).binaryValue(),
                    instant(secret.required(CREATED_AT)),
                    secret.has(EXPIRES_AT) ? instant(secret.path(EXPIRES_AT)) : null));
        }
        Set<String> roles = new LinkedHashSet<>();
        json.required(ROLES).forEach(role -> roles.add(role.textValue()));
        return new ServiceAccount(
                new ServiceId(json.required(ID).textValue()),
                json.required(NAME).textValue(),
                roles,
                UserStatus.parse(json.required(STATUS).textValue()).orElseThrow(),
                json.required(VERSION).longValue(),
                json.required(EPOCH).longValue(),
                instant(json.required(CREATED_AT)),
                instant(json.required(UPDATED_AT)),
                secrets);
    }

    private static Instant instant(JsonNode millis) {
        return Instant.ofEpochMilli(millis.longValue());
    }
}
