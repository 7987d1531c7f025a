package org.gatehouse.factor;

import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Projections;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.bson.BsonArray;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonObjectId;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.user.ServerDataDocument;
import org.gatehouse.user.UserDocument;
import org.gatehouse.user.UserJson;

/** Reads the factors of many users for an export, and converts imported factors to their stored form. */
final class MongoFactorTransfer {
    /** As long as the other reads of an export. */
    private static final long TIMEOUT_SECONDS = 20;

    private final MongoConnection mongo;
    private final MongoCollection<BsonDocument> users;

    MongoFactorTransfer(MongoConnection mongo, String collection) {
        this.mongo = mongo;
        this.users = mongo.collection(collection).withTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    /**
     * The factors of a user.
     *
     * @param recoveryCodes the hashes of the unused recovery codes
     */
    record Stored(Collection<Factor> factors, Set<String> recoveryCodes) {}

    /** Returns the factors of these users. Users who do not exist are omitted. */
    Map<UserId, Stored> find(Collection<UserId> ids) {
        if (ids.isEmpty()) {
            return Map.of();
        }
        List<BsonObjectId> wanted = ids.stream().map(id -> BsonValues.id(id)).toList();
        Map<UserId, Stored> found = new HashMap<>();
        find(Filters.in(UserJson.ID, wanted), UserDocument.FACTORS, UserDocument.RECOVERY_CODES)
                .forEach(document -> {
                    BsonDocument data = UserDocument.serverData(document);
                    Stored stored = new Stored(
                            FactorDocument.read(data).values(),
                            FactorDocument.documents(data, UserDocument.RECOVERY_CODES)
                                    .keySet());
                    found.put(BsonValues.userId(UserDocument.anyId(document)), stored);
                });
        return found;
    }

    /** Returns which of these credential ids belong to a passkey of a user. */
    Set<String> known(Collection<String> credentialIds) {
        if (credentialIds.isEmpty()) {
            return Set.of();
        }
        List<BsonString> wanted = credentialIds.stream().map(BsonString::new).toList();
        Set<String> known = new HashSet<>();
        find(Filters.in(UserDocument.CREDENTIAL_IDS, wanted), UserDocument.CREDENTIAL_IDS)
                .forEach(document -> UserDocument.serverData(document)
                        .getArray(lastName(UserDocument.CREDENTIAL_IDS))
                        .forEach(id -> known.add(id.asString().getValue())));
        known.retainAll(credentialIds);
        return known;
    }

    private List<BsonDocument> find(Bson filter, String... paths) {
        return mongo.call(
                () -> users.find(filter).projection(Projections.include(paths)).into(new ArrayList<>()));
    }

    /** Returns the stored form of factors and recovery codes. An empty list leaves no field. */
    static ServerDataDocument serverData(List<Factor> factors, Set<String> recoveryCodes) {
        BsonDocument data = new BsonDocument();
        BsonDocument stored = new BsonDocument();
        BsonArray credentialIds = new BsonArray();
        for (Factor factor : factors) {
            stored.append(factor.id(), FactorDocument.of(factor));
            if (factor instanceof Factor.Passkey passkey) {
                credentialIds.add(new BsonString(passkey.credentialId()));
            }
        }
        if (!stored.isEmpty()) {
            data.append(lastName(UserDocument.FACTORS), stored);
        }
        if (!credentialIds.isEmpty()) {
            data.append(lastName(UserDocument.CREDENTIAL_IDS), credentialIds);
        }
        BsonDocument codes = new BsonDocument();
        recoveryCodes.forEach(hash -> codes.append(hash, BsonBoolean.TRUE));
        if (!codes.isEmpty()) {
            data.append(lastName(UserDocument.RECOVERY_CODES), codes);
        }
        return new ServerDataDocument(data);
    }

    private static String lastName(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }
}
