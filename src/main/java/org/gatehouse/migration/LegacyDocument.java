package org.gatehouse.migration;

import com.mongodb.client.model.UpdateOneModel;
import com.mongodb.client.model.Updates;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bson.BsonDocument;
import org.bson.BsonInt64;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.Username;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.Sha256;
import org.gatehouse.user.ReservedUsernames;
import org.gatehouse.user.UserDocument;
import org.gatehouse.user.UserJson;
import org.gatehouse.user.UserStatus;

/**
 * Determines the changes that turn a document of the legacy service into the document of a user.
 *
 * <p>Clients of the legacy service could write any field. A value in a field of Gatehouse is therefore not trusted. The
 * migration renames the field to {@code original_…}.
 */
final class LegacyDocument {
    private static final int MAX_SHOWN = 80;
    private static final String KEPT = UserDocument.ORIGINAL;

    /** Fields that only Gatehouse writes or interprets, and that a new user does not have. */
    private static final List<String> RESERVED_FIELDS = List.of(
            UserDocument.SESSION_EPOCH,
            UserDocument.SESSION_EXEMPT,
            UserDocument.SOURCES,
            UserDocument.SERVER_DATA,
            UserJson.EMAIL_VERIFIED,
            UserJson.FACTORS,
            UserJson.RECOVERY_CODES,
            UserJson.LOCALE);

    private LegacyDocument() {}

    /** Returns a write that migrates the document unless it has changed; empty if it is already migrated. */
    static Optional<UpdateOneModel<BsonDocument>> migration(BsonDocument document) {
        List<Bson> changes = settingFields(document);
        if (changes.isEmpty()) {
            return Optional.empty();
        }
        changes.addAll(renamingFields(document));
        if (document.containsKey(UserDocument.PASSWORD_HASH)) {
            // This field is deleted, because the password field of the legacy service is authoritative.
            changes.add(Updates.unset(UserDocument.PASSWORD_HASH));
        }
        Bson unchanged =
                UserDocument.unchanged(document, UserDocument.CANONICAL_USERNAME, UserJson.VERSION, UserJson.USERNAME);
        return Optional.of(new UpdateOneModel<>(unchanged, Updates.combine(changes)));
    }

    private static List<Bson> settingFields(BsonDocument document) {
        BsonValue id = UserDocument.anyId(document);
        String name = id.isObjectId()
                ? UserDocument.text(document, UserJson.USERNAME)
                        .flatMap(Username::fold)
                        .map(Username::canonical)
                        .orElse("")
                : "";
        BsonDocument fields = new BsonDocument(
                        UserDocument.CANONICAL_USERNAME, new BsonString(reservedUsername(name, document)))
                .append(UserJson.VERSION, new BsonInt64(1))
                .append(UserJson.ROLES, UserDocument.roles(Set.of(Roles.USER)))
                .append(UserJson.STATUS, new BsonString(UserStatus.ACTIVE.text()));
        if (!document.isDateTime(UserJson.CREATED_AT)) {
            Instant created =
                    id.isObjectId() ? id.asObjectId().getValue().getDate().toInstant() : Instant.EPOCH;
            fields.append(UserJson.CREATED_AT, BsonValues.time(created));
        }
        List<Bson> changes = new ArrayList<>();
        fields.forEach((field, value) -> {
            BsonValue theirs = document.get(field);
            if (value.equals(theirs)) {
                return;
            }
            changes.add(Updates.set(field, value));
            if (theirs != null && !document.containsKey(KEPT + field)) {
                changes.add(Updates.set(KEPT + field, theirs));
            }
        });
        return changes;
    }

    private static List<Bson> renamingFields(BsonDocument document) {
        List<Bson> changes = new ArrayList<>();
        for (String name : RESERVED_FIELDS) {
            if (document.containsKey(name)) {
                changes.add(Updates.rename(name, KEPT + name));
            }
        }
        for (String name : document.keySet()) {
            // JSON parsers that ignore case would confuse this name with a field of Gatehouse.
            boolean otherCase =
                    UserJson.reservedName(name).filter(own -> !own.equals(name)).isPresent();
            if (otherCase) {
                String kept = KEPT + name;
                while (document.containsKey(kept)) {
                    kept = KEPT + kept;
                }
                changes.add(Updates.rename(name, kept));
            }
        }
        return changes;
    }

    /** Returns the reserved form of this name for the document; see {@link ReservedUsernames}. */
    static String reservedUsername(String name, BsonDocument document) {
        BsonValue id = UserDocument.anyId(document);
        return ReservedUsernames.reserve(
                name,
                id.isObjectId()
                        ? id.asObjectId().getValue().toHexString()
                        : Sha256.hex(new BsonDocument(UserJson.ID, id).toJson()));
    }

    /** Describes the document for the log, by its id and the beginning of its name. */
    static String describe(BsonDocument document) {
        String id = document.isObjectId(UserJson.ID)
                ? document.getObjectId(UserJson.ID).getValue().toHexString()
                : cut(new BsonDocument(UserJson.ID, UserDocument.anyId(document)).toJson());
        return UserDocument.text(document, UserJson.USERNAME)
                .map(name -> id + " (" + cut(name) + ")")
                .orElse(id);
    }

    private static String cut(String text) {
        return text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) + "…" : text;
    }
}
