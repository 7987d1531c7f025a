package org.gatehouse.factor;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.bson.BsonArray;
import org.bson.BsonBinary;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.gatehouse.store.BsonValues;
import org.gatehouse.user.ServerDataStore;
import org.gatehouse.user.UserDocument;
import org.jspecify.annotations.Nullable;

/** Converts between factors and the server data of a user. */
final class FactorDocument {
    static final String TYPE = "type";
    static final String NAME = "name";
    static final String CREATED_AT = "createdAt";
    static final String LAST_USED_AT = "lastUsedAt";
    static final String SECRET = "secret";
    static final String STEP = "step";
    static final String CREDENTIAL_ID = "credentialId";
    static final String PUBLIC_KEY = "publicKey";
    static final String COUNTER = "counter";
    static final String BACKUP_ELIGIBLE = "backupEligible";
    static final String BACKED_UP = "backedUp";
    static final String TRANSPORTS = "transports";
    static final String AAGUID = "aaguid";

    /** The time of the latest mail about a decreased counter; absent if there was none. */
    static final String NOTICED_AT = "noticedAt";

    private FactorDocument() {}

    /** Returns a new id of a factor. */
    static String newId() {
        return BsonValues.newId().getValue().toHexString();
    }

    /** Returns the path of a field of a factor in the document of its user. */
    static String path(String factorId, String field) {
        return UserDocument.FACTORS + "." + factorId + "." + field;
    }

    /**
     * Returns the confirmed factors in the server data of a user, by id, oldest first. Factors of a type that a later
     * version may have added are omitted, but count in {@link org.gatehouse.user.User#hasFactor}.
     */
    static Map<String, Factor> read(BsonDocument serverData) {
        Map<String, Factor> factors = new LinkedHashMap<>();
        documents(serverData, UserDocument.FACTORS).entrySet().stream()
                .filter(entry -> isKnown(entry.getValue()))
                .sorted(Map.Entry.comparingByKey())
                .forEach(entry -> factors.put(
                        entry.getKey(), read(entry.getKey(), entry.getValue().asDocument())));
        return factors;
    }

    /** Returns the encrypted secret of a TOTP device; empty if this is something else. */
    static Optional<String> secret(BsonValue factor) {
        return factor.isDocument()
                        && factor.asDocument().isString(SECRET)
                        && new BsonString(FactorType.TOTP.text())
                                .equals(factor.asDocument().get(TYPE))
                ? Optional.of(factor.asDocument().getString(SECRET).getValue())
                : Optional.empty();
    }

    private static boolean isKnown(BsonValue factor) {
        return factor.isDocument()
                && factor.asDocument().isString(TYPE)
                && FactorType.parse(factor.asDocument().getString(TYPE).getValue())
                        .filter(type -> type != FactorType.RECOVERY)
                        .isPresent();
    }

    /** Reads a user and the factors. */
    static StoredFactors read(ServerDataStore.Found found) {
        Map<String, Factor> factors = read(found.data());
        return new StoredFactors(
                found.user(),
                factors,
                documents(found.data(), UserDocument.FACTORS).size() - factors.size(),
                documents(found.data(), UserDocument.RECOVERY_CODES).keySet(),
                EnrolmentDocument.read(found.data()));
    }

    /** Returns the document at a path below the server data; empty if there is none. */
    static BsonDocument documents(BsonDocument serverData, String path) {
        String name = path.substring(UserDocument.SERVER_DATA.length() + 1);
        return serverData.isDocument(name) ? serverData.getDocument(name) : new BsonDocument();
    }

    private static Factor read(String id, BsonDocument document) {
        String name = document.getString(NAME).getValue();
        Instant createdAt = BsonValues.instant(document.getDateTime(CREATED_AT));
        @Nullable
        Instant lastUsedAt =
                document.containsKey(LAST_USED_AT) ? BsonValues.instant(document.getDateTime(LAST_USED_AT)) : null;
        if (document.getString(TYPE).getValue().equals(FactorType.TOTP.text())) {
            return new Factor.Totp(
                    id,
                    name,
                    createdAt,
                    lastUsedAt,
                    document.getString(SECRET).getValue(),
                    document.getNumber(STEP).longValue());
        }
        return new Factor.Passkey(
                id,
                name,
                createdAt,
                lastUsedAt,
                document.getString(CREDENTIAL_ID).getValue(),
                document.getBinary(PUBLIC_KEY).getData(),
                document.getNumber(COUNTER).longValue(),
                document.getBoolean(BACKUP_ELIGIBLE).getValue(),
                document.getBoolean(BACKED_UP).getValue(),
                document.getArray(TRANSPORTS).stream()
                        .map(value -> value.asString().getValue())
                        .toList(),
                UUID.fromString(document.getString(AAGUID).getValue()));
    }

    static BsonDocument of(Factor factor) {
        BsonDocument document = new BsonDocument(
                        TYPE, new BsonString(factor.type().text()))
                .append(NAME, new BsonString(factor.name()))
                .append(CREATED_AT, BsonValues.time(factor.createdAt()));
        Instant used = factor.lastUsedAt();
        if (used != null) {
            document.append(LAST_USED_AT, BsonValues.time(used));
        }
        if (factor instanceof Factor.Totp totp) {
            return document.append(SECRET, new BsonString(totp.secret())).append(STEP, new BsonInt64(totp.step()));
        }
        Factor.Passkey passkey = (Factor.Passkey) factor;
        List<BsonString> transports =
                passkey.transports().stream().map(BsonString::new).toList();
        return document.append(CREDENTIAL_ID, new BsonString(passkey.credentialId()))
                .append(PUBLIC_KEY, new BsonBinary(passkey.publicKey()))
                .append(COUNTER, new BsonInt64(passkey.counter()))
                .append(BACKUP_ELIGIBLE, BsonBoolean.valueOf(passkey.backupEligible()))
                .append(BACKED_UP, BsonBoolean.valueOf(passkey.backedUp()))
                .append(TRANSPORTS, new BsonArray(List.<BsonValue>copyOf(transports)))
                .append(AAGUID, new BsonString(passkey.aaguid().toString()));
    }
}
