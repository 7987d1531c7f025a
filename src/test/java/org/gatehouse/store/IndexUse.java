package org.gatehouse.store;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.bson.BsonDocument;
import org.bson.BsonNull;
import org.bson.BsonValue;

/**
 * Checks that an index can serve a query without a separate sort and without reading keys of documents outside the
 * result. In such an index, equality fields come first, then the sort fields in one direction, then ranges. This class
 * reports a mismatch if a query combines a range with a sort on another field. Therefore every key that the index reads
 * is part of the result.
 *
 * <p>{@code $in} counts as equality, because MongoDB reads up to 200 values one after the other and merges the results
 * in order.
 */
public final class IndexUse {
    private static final Set<String> RANGE = Set.of("$gt", "$gte", "$lt", "$lte");
    private static final int MAX_MERGED = 200;

    private final Set<String> equal = new HashSet<>();
    private final Set<String> ranged = new HashSet<>();

    /**
     * The conditions that are neither an equality nor a range, by field. A condition inside an {@code $or} is listed
     * under its own field.
     */
    private final Map<String, String> others = new TreeMap<>();

    private final BsonDocument sort;

    private IndexUse(BsonDocument filter, BsonDocument sort) {
        this.sort = sort;
        conditions(filter).forEach(this::classify);
    }

    /**
     * Returns, for each index, the reason why the index cannot serve the query. The list is empty if one of the indexes
     * can serve the query.
     *
     * @param tolerated fields whose conditions need no index
     */
    public static List<String> mismatches(
            BsonDocument filter, BsonDocument sort, Collection<BsonDocument> indexes, Set<String> tolerated) {
        IndexUse use = new IndexUse(filter, sort);
        List<String> mismatches = new ArrayList<>();
        for (BsonDocument index : indexes) {
            String mismatch = use.mismatch(index, tolerated);
            if (mismatch.isEmpty()) {
                return List.of();
            }
            mismatches.add(index + ": " + mismatch);
        }
        mismatches.add("filter " + filter + ", sort " + sort);
        return mismatches;
    }

    private String mismatch(BsonDocument index, Set<String> tolerated) {
        List<String> fields = List.copyOf(index.keySet());
        Set<String> leading = new HashSet<>();
        while (leading.size() < fields.size() && equal.contains(fields.get(leading.size()))) {
            leading.add(fields.get(leading.size()));
        }
        List<String> sorted = List.copyOf(sort.keySet());
        int end = leading.size() + sorted.size();
        if (end > fields.size() || !fields.subList(leading.size(), end).equals(sorted)) {
            return "not in this order";
        }
        Set<Integer> directions = new HashSet<>();
        sorted.forEach(field -> directions.add(direction(index, field) * direction(sort, field)));
        if (directions.size() > 1) {
            return "not in one direction";
        }
        // A query without a sort, such as a count, may have one range after the equality fields.
        String first = end < fields.size() && sorted.isEmpty()
                ? fields.get(end)
                : sorted.stream().findFirst().orElse("");
        if (!Set.of(first).containsAll(without(ranged, tolerated))) {
            return "a range of " + ranged + " is not on the sort field";
        }
        if (!leading.containsAll(without(equal, tolerated))) {
            return "the equality fields " + equal + " are not all first";
        }
        for (String field : without(others.keySet(), tolerated)) {
            boolean coveredByTheIndex = sorted.contains(field) && ranged.contains(first);
            if (!coveredByTheIndex) {
                return "no index covers " + others.get(field);
            }
        }
        return "";
    }

    private static int direction(BsonDocument keys, String field) {
        return Integer.signum(keys.getNumber(field).intValue());
    }

    private static Set<String> without(Set<String> fields, Set<String> tolerated) {
        Set<String> rest = new HashSet<>(fields);
        rest.removeAll(tolerated);
        return rest;
    }

    /** Splits a filter into conditions. Each condition has one operator on one field, and all conditions must match. */
    private static List<BsonDocument> conditions(BsonDocument filter) {
        List<BsonDocument> conditions = new ArrayList<>();
        filter.forEach((name, value) -> {
            if (name.equals("$and")) {
                value.asArray().forEach(part -> conditions.addAll(conditions(part.asDocument())));
            } else if (value.isDocument()
                    && value.asDocument().keySet().stream().allMatch(key -> key.startsWith("$"))) {
                value.asDocument()
                        .forEach((operator, operand) ->
                                conditions.add(new BsonDocument(name, new BsonDocument(operator, operand))));
            } else {
                conditions.add(new BsonDocument(name, value));
            }
        });
        return conditions;
    }

    private void classify(BsonDocument condition) {
        String name = condition.getFirstKey();
        BsonValue value = condition.getOrDefault(name, BsonNull.VALUE);
        if (name.equals("$or")) {
            value.asArray()
                    .forEach(
                            branch -> branch.asDocument().keySet().forEach(field -> others.put(field, "" + condition)));
            return;
        }
        if (!value.isDocument()) {
            equal.add(name);
            return;
        }
        String operator = value.asDocument().getFirstKey();
        if (RANGE.contains(operator)) {
            ranged.add(name);
        } else if (operator.equals("$in")
                && value.asDocument().getArray(operator).size() <= MAX_MERGED) {
            equal.add(name);
        } else {
            others.put(name, "" + condition);
        }
    }
}
