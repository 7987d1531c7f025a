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
 * The shape of documents and cache entries. For each field, the shape contains the types of the values, and whether the
 * field may be missing.
 *
 * <p>In {@code meta}, each document id has its own shape. All entries of a map count as one field with the name
 * {@code *}.
 */
final class FormatShape {
    private static final Set<String> MAPS = Set.of(
            "users.loginSources",
            "users._server.proofs.reset",
            "users._server.proofs.verification",
            "users._server.proofs.change",
            "users._server.undo",
            "users._server.devices");
    private static final Pattern CACHED = Pattern.compile("V\\d+ (\\d+) (.*)", Pattern.DOTALL);

    private final Map<String, Set<String>> types = new TreeMap<>();
    private final Map<String, Integer> fieldCounts = new TreeMap<>();
    private final Map<String, Integer> containerCounts = new TreeMap<>();

    private FormatShape() {}

    static FormatShape of(Map<String, List<BsonDocument>> documents, List<JsonNode> entries) {
        FormatShape shape = new FormatShape();
        documents.forEach((collection, all) -> all.forEach(document -> shape.add(
                collection.equals("meta") ? "meta/" + document.getString("_id").getValue() : collection, document)));
        entries.forEach(shape::addEntry);
        return shape;
    }

    /**
     * Returns the differences that a version with the other shape may be unable to read. The list is empty if there is
     * no such difference.
     */
    List<String> differencesFrom(FormatShape other) {
        List<String> differences = new ArrayList<>();
        types.forEach((field, ours) -> {
            Set<String> theirs = other.types.getOrDefault(field, Set.of());
            if (theirs.isEmpty()) {
                differences.add(field + " is new");
            } else if (!theirs.containsAll(ours)) {
                differences.add(field + " is " + ours + " and was " + theirs);
            }
            if (isOptional(field) && !theirs.isEmpty() && !other.isOptional(field)) {
                differences.add(field + " is missing in some documents, but was in all before");
            }
        });
        other.types.keySet().stream()
                .filter(field -> !types.containsKey(field))
                .forEach(field -> differences.add(field + " is no longer written"));
        return differences;
    }

    private boolean isOptional(String field) {
        int end = field.endsWith("[]") ? field.length() - 2 : field.lastIndexOf('.');
        String container = field.substring(0, Math.max(end, 0));
        return !field.endsWith("[]")
                && !field.endsWith("*")
                && fieldCounts.getOrDefault(field, 0) < containerCounts.getOrDefault(container, 0);
    }

    private void add(String container, BsonDocument document) {
        containerCounts.merge(container, 1, Integer::sum);
        document.forEach((name, value) -> addValue(container + "." + (MAPS.contains(container) ? "*" : name), value));
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
        fieldCounts.merge(field, 1, Integer::sum);
    }

    private void addEntry(JsonNode entry) {
        String container = "Redis " + entry.path("key").asText().replaceFirst("(\\{|(?<=:.{1,40}:)).*", "");
        entry.path("fields").properties().forEach(field -> {
            String name = field.getKey().replaceFirst(" .*", " *");
            add(container + " " + name, field.getValue().asText().replaceAll("\\d+", "0"));
        });
        if (entry.has("value")) {
            String value = entry.path("value").asText();
            Matcher cached = CACHED.matcher(value);
            if (!cached.matches()) {
                add(container, "an unknown entry");
            } else if (cached.group(2).isEmpty()) {
                add(container, "an absence");
            } else {
                add(container, "a document");
                add(container, BsonDocument.parse(cached.group(2)));
            }
        }
    }
}
