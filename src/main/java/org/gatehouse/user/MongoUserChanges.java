package org.gatehouse.user;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.mongodb.client.model.Updates;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.conversions.Bson;
import org.gatehouse.identity.Username;
import org.gatehouse.store.BsonJson;
import org.jspecify.annotations.Nullable;

/**
 * The difference between two users.
 *
 * @param newName the name after the change; null if the name does not change
 * @param updates the updates of the changed fields, except the fields in {@code close}
 * @param voidsProofs whether proofs in mails become void, because the address or the status changes
 * @param close the new values of changed fields whose old and new values are equal as doubles; not in {@code updates}
 */
record MongoUserChanges(@Nullable Username newName, List<Bson> updates, boolean voidsProofs, BsonDocument close) {
    /** Treats 1 and 1.0 as the same number, because the store and the parser may choose different types. */
    private static final Comparator<JsonNode> BY_VALUE = (one, other) -> one.isNumber() && other.isNumber()
            ? one.decimalValue().compareTo(other.decimalValue())
            : one.equals(other) ? 0 : 1;

    /** Compares numbers as doubles, as a store may do. Digits beyond the precision of a double are ignored. */
    private static final Comparator<JsonNode> AS_DOUBLES = (one, other) -> one.isNumber() && other.isNumber()
            ? (one.doubleValue() == other.doubleValue() ? 0 : 1)
            : one.equals(other) ? 0 : 1;

    /** Returns the changes from the first user to the second; empty if the users are equal. */
    static MongoUserChanges between(User before, User after) {
        List<Bson> updates = new ArrayList<>();
        // The roles and the status of a user with a version are trusted. Therefore the first change, which sets the
        // version, overwrites the roles and the status that another service stored.
        boolean first = before.version() == 0;
        Username newName = after.username().equals(before.username())
                ? null
                : Username.parse(after.username()).orElseThrow();
        if (newName != null) {
            updates.add(Updates.set(UserJson.USERNAME, new BsonString(newName.typed())));
            updates.add(Updates.set(UserDocument.CANONICAL_USERNAME, new BsonString(newName.canonical())));
        }
        if (first || !after.roles().equals(before.roles())) {
            updates.add(Updates.set(UserJson.ROLES, UserDocument.roles(after.roles())));
        }
        if (first || after.status() != before.status()) {
            updates.add(
                    Updates.set(UserJson.STATUS, new BsonString(after.status().stored())));
        }
        boolean leaves = after.deletedAfter() != null && !after.epoch().equals(before.epoch());
        if (leaves || !Objects.equals(after.deletedAfter(), before.deletedAfter())) {
            updates.add(UserDocument.leaving(after));
        }
        boolean sameAddress = after.email().equals(before.email());
        if (!sameAddress || !Objects.equals(after.emailVerified(), before.emailVerified())) {
            updates.addAll(UserDocument.address(after));
        }
        if (!after.epoch().equals(before.epoch())) {
            updates.addAll(UserDocument.epoch(after.epoch()));
        }
        BsonDocument close = new BsonDocument();
        addFields(before.fields(), after.fields(), updates, close);
        boolean voidsProofs = !sameAddress || after.status() != before.status();
        return new MongoUserChanges(newName, updates, voidsProofs, close);
    }

    private static void addFields(ObjectNode before, ObjectNode after, List<Bson> updates, BsonDocument close) {
        ObjectNode written = CredentialFields.without(after);
        after.properties().forEach(field -> {
            String name = field.getKey();
            if (field.getValue().equals(BY_VALUE, before.path(name))) {
                return;
            }
            NewlyReserved.storedName(name).map(Updates::unset).ifPresent(updates::add);
            JsonNode value = written.path(name);
            if (value.isMissingNode()) {
                updates.add(Updates.unset(name));
            } else if (value.equals(AS_DOUBLES, before.path(name))) {
                close.put(name, BsonJson.toBson(value));
            } else {
                updates.add(Updates.set(name, BsonJson.toBson(value)));
            }
        });
        before.fieldNames().forEachRemaining(name -> {
            if (!after.has(name)) {
                updates.add(Updates.unset(name));
                NewlyReserved.storedName(name).map(Updates::unset).ifPresent(updates::add);
            }
        });
    }

    boolean isEmpty() {
        return updates.isEmpty() && close.isEmpty();
    }
}
