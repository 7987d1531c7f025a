package org.gatehouse.store;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bson.BsonDocument;
import org.bson.BsonValue;

/**
 * The shape of documents and cache entries: the types of each field, and whether the field may be missing.
 *
 * <p>Documents in {@code meta} are distinguished by their ids. All entries of a map count as one field, {@code *}.
 */
final class FormatShape {
    private static final Set<String> MAPS = Set.of("users.loginSources");
    private static final Pattern CACHED = Pattern.compile("V\\d+ (\\d+) (.*)", Pattern.DOTALL);

    private final Map<String, Set<String>> types = new TreeMap<>();
    private final Map<String, Integer> found = new TreeMap<>();
    private final Map<String, Integer> places = new TreeMap<>();

    private FormatShape() {}

    static FormatShape of(Map<String, List<BsonDocument>> documents, List<JsonNode> entries) {
        FormatShape shape = new FormatShape();
        documents.forEach((collection, all) -> all.forEach(document -> shape.add(
                collection.equals("meta") ? "meta/" + document.getString("_id").getValue() : collection, document)));
        entries.forEach(shape::addEntry);
        return shape;
    }

    /** Returns the differences that readers of the other shape do not expect; empty if they will not notice any. */
    List<String> differencesFrom(FormatShape other) {
        List<String> surprises = new ArrayList<>();
        types.forEach((field, ours) -> {
            Set<String> theirs = other.types.getOrDefault(field, Set.of());
            if (theirs.isEmpty()) {
                surprises.add(field + " is new");
            } else if (!theirs.containsAll(ours)) {
                surprises.add(field + " is " + ours + " and was " + theirs);
            }
            if (isOptional(field) && !theirs.isEmpty() && !other.isOptional(field)) {
                surprises.add(field + " is missing in some and was in all");
            }
        });
        other.types.keySet().stream()
                .filter(field -> !types.containsKey(field))
                .forEach(field -> surprises.add(field + " is not written any more"));
        return surprises;
    }

    private boolean isOptional(String field) {
        int end = field.endsWith("[]") ? field.length() - 2 : field.lastIndexOf('.');
        String place = field.substring(0, Math.max(end, 0));
        return !field.endsWith("[]")
                && !field.endsWith("*")
                && found.getOrDefault(field, 0) < places.getOrDefault(place, 0);
    }

    private void add(String place, BsonDocument document) {
        places.merge(place, 1, Integer::sum);
        document.forEach((name, value) -> addValue(place + "." + (MAPS.contains(place) ? "*" : name), value));
    }

    private void addValue(String field, BsonValue value) {
        add(field, value.getBsonType().name().toLowerCase(Locale.ROOT));
        if (value.isDocument()) {
            add(field, value.asDocument());
        } else if (value.isArray()) {
            value.asArray().forEach(element -> addValue(field + "[]", element));
        }
    }

    private void add(String field, String type) {
        types.computeIfAbsent(field, first -> new HashSet<>()).add(type);
        found.merge(field, 1, Integer::sum);
    }

    private void addEntry(JsonNode entry) {
        String place = "Redis " + entry.path("key").asText().replaceFirst("(\\{|(?<=:.{1,40}:)).*", "");
        entry.path("fields").properties().forEach(field -> {
            String name = field.getKey().replaceFirst(" .*", " *");
            add(place + " " + name, field.getValue().asText().replaceAll("\\d+", "0"));
        });
        if (entry.has("value")) {
            String value = entry.path("value").asText();
            Matcher cached = CACHED.matcher(value);
            if (!cached.matches()) {
                add(place, "an unknown entry");
            } else if (cached.group(2).isEmpty()) {
                add(place, "that there is none");
            } else {
                add(place, "a document");
                add(place, BsonDocument.parse(cached.group(2)));
            }
        }
    }
}
