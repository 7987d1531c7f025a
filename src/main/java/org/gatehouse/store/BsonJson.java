package org.gatehouse.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.Base64;
import org.bson.BsonArray;
import org.bson.BsonBoolean;
import org.bson.BsonDecimal128;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.types.Decimal128;
import org.gatehouse.json.IsoTime;

/**
 * Converts JSON to BSON and back.
 *
 * <p>Numbers keep their exact value or are rejected. Integers of up to 64 bits become {@code int64}; decimals become
 * {@code double} if the double is exact, otherwise {@code decimal128}. Documents of other applications may contain BSON
 * types without a JSON equivalent. Such values become strings: dates in ISO-8601, ids in hex, binary in Base64.
 */
public final class BsonJson {
    private static final JsonNodeFactory json = JsonNodeFactory.instance;

    private BsonJson() {}

    /** Converts JSON to BSON; all numbers in the JSON must be {@link #isExact exact}. */
    public static BsonValue toBson(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> {
                BsonDocument document = new BsonDocument();
                node.properties().forEach(entry -> document.put(entry.getKey(), toBson(entry.getValue())));
                yield document;
            }
            case ARRAY -> {
                BsonArray array = new BsonArray();
                node.forEach(element -> array.add(toBson(element)));
                yield array;
            }
            case STRING -> new BsonString(node.textValue());
            case BOOLEAN -> BsonBoolean.valueOf(node.booleanValue());
            case NUMBER -> number(node);
            default -> BsonNull.VALUE;
        };
    }

    public static JsonNode toJson(BsonValue value) {
        return switch (value.getBsonType()) {
            case DOCUMENT -> {
                ObjectNode object = json.objectNode();
                value.asDocument().forEach((name, member) -> object.set(name, toJson(member)));
                yield object;
            }
            case ARRAY -> {
                ArrayNode array = json.arrayNode();
                value.asArray().forEach(element -> array.add(toJson(element)));
                yield array;
            }
            case STRING -> json.textNode(value.asString().getValue());
            case BOOLEAN -> json.booleanNode(value.asBoolean().getValue());
            case INT32 -> json.numberNode(value.asInt32().getValue());
            case INT64 -> json.numberNode(value.asInt64().getValue());
            case DOUBLE -> decimal(value.asDouble().getValue());
            case DECIMAL128 -> decimal(value.asDecimal128().getValue());
            case DATE_TIME -> json.textNode(IsoTime.format(BsonValues.instant(value)));
            case OBJECT_ID -> json.textNode(value.asObjectId().getValue().toHexString());
            case BINARY ->
                json.textNode(
                        Base64.getEncoder().encodeToString(value.asBinary().getData()));
            case NULL, UNDEFINED -> json.nullNode();
            default -> json.textNode(value.toString());
        };
    }

    /** Returns whether BSON can represent this number without loss. */
    public static boolean isExact(JsonNode number) {
        try {
            number(number);
            return true;
        } catch (NumberFormatException inexact) {
            return false;
        }
    }

    private static BsonValue number(JsonNode node) {
        if (node.isIntegralNumber() && node.canConvertToLong()) {
            return new BsonInt64(node.longValue());
        }
        BigDecimal exact = node.decimalValue();
        double nearest = exact.doubleValue();
        if (Double.isFinite(nearest) && new BigDecimal(Double.toString(nearest)).compareTo(exact) == 0) {
            return new BsonDouble(nearest);
        }
        return new BsonDecimal128(new Decimal128(exact));
    }

    private static JsonNode decimal(double value) {
        // With a decimal, the JSON is the same whether the number was read from the store or from the cache.
        return Double.isFinite(value)
                ? json.numberNode(new BigDecimal(Double.toString(value)))
                : json.textNode(Double.toString(value));
    }

    private static JsonNode decimal(Decimal128 value) {
        return value.isFinite() ? json.numberNode(value.bigDecimalValue()) : json.textNode(value.toString());
    }
}
