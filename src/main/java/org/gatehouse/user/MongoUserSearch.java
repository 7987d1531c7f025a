package org.gatehouse.user;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexModel;
import com.mongodb.client.model.Indexes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.bson.BsonBoolean;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.gatehouse.config.SettingsException;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;
import org.gatehouse.store.BsonJson;
import org.gatehouse.store.BsonValues;

/**
 * Builds the condition of a search. A user matches if the text is the id, or the beginning of the username or of the
 * address, or if a search field equals the text or begins with it.
 *
 * <p>Each branch of the condition is an equality or a range on the first field of an index. Ranges are used rather than
 * regular expressions, because DocumentDB does not use an index for a regular expression by itself.
 */
final class MongoUserSearch {
    /** A number in JSON (RFC 8259, section 6). */
    private static final Pattern NUMBER = Pattern.compile("-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?");

    private static final Pattern NOT_LITERAL = Pattern.compile("[^A-Za-z0-9\\x80-\\x{10ffff}]");

    private final Set<String> fields;

    /**
     * Creates the search in these custom fields.
     *
     * @throws SettingsException if a name is not allowed for custom fields
     */
    MongoUserSearch(Set<String> fields) {
        List<String> problems = fields.stream()
                .filter(MongoUserSearch::isNotCustom)
                .map(name -> "SEARCH_FIELDS contains " + name + ", which is not a name of a custom field.")
                .toList();
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
        this.fields = fields;
    }

    private static boolean isNotCustom(String name) {
        return UserJson.reservedName(name).isPresent()
                || NewlyReserved.storedName(name).isPresent()
                || CredentialFields.isCredential(name);
    }

    /** Returns the indexes of the search fields. Lists and proofs have the other indexes. */
    List<IndexModel> indexes() {
        return fields.stream()
                .map(field -> new IndexModel(Indexes.ascending(field)))
                .toList();
    }

    Bson condition(SearchText search) {
        String text = search.text();
        List<Bson> branches = new ArrayList<>();
        UserId.parse(text).ifPresent(id -> branches.add(Filters.eq(UserJson.ID, BsonValues.id(id))));
        PrefixRange.ofUsernames(text).ifPresent(names -> branches.add(within(UserDocument.CANONICAL_USERNAME, names)));
        branches.add(within(UserDocument.ADDRESS, PrefixRange.of(EmailAddress.foldBeginning(text))));
        Optional<BsonValue> value = literal(text);
        for (String field : fields) {
            branches.add(beginsWith(field, text));
            value.ifPresent(equal -> branches.add(Filters.eq(field, equal)));
        }
        return Filters.or(branches);
    }

    /** Matches users whose field is in the range. The field must not be an array. */
    static Bson within(String field, PrefixRange range) {
        Bson first = Filters.gte(field, new BsonString(range.first()));
        return range.end() == null ? first : Filters.and(first, Filters.lt(field, new BsonString(range.end())));
    }

    /**
     * Matches users whose field begins with the text, or has an element that does. Two elements of an array could meet
     * one bound of the range each, so the regular expression checks again.
     */
    private static Bson beginsWith(String field, String text) {
        String literal = NOT_LITERAL.matcher(text).replaceAll("\\\\$0");
        return Filters.and(within(field, PrefixRange.of(text)), Filters.regex(field, "^" + literal));
    }

    /** Returns the number or boolean that the text is in JSON. */
    private static Optional<BsonValue> literal(String text) {
        if (text.equals("true") || text.equals("false")) {
            return Optional.of(BsonBoolean.valueOf(text.equals("true")));
        }
        if (!NUMBER.matcher(text).matches()) {
            return Optional.empty();
        }
        try {
            JsonNode number = Json.MAPPER.readTree(text);
            return BsonJson.isExact(number) ? Optional.of(BsonJson.toBson(number)) : Optional.empty();
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
