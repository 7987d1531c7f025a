package org.gatehouse.factor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.json.Json;
import org.jspecify.annotations.Nullable;

/** One factor of an import line, and the violations that are found in it. Values are never part of a message. */
final class FactorLineEntry {
    private final ObjectNode members;
    private final String path;
    private final FieldErrors errors;
    private boolean invalid;

    /** @param path the place of the entry in the line, for errors */
    FactorLineEntry(JsonNode entry, String path, FieldErrors errors) {
        this.path = path;
        this.errors = errors;
        this.members = entry instanceof ObjectNode object ? object : Json.MAPPER.createObjectNode();
        if (!entry.isObject()) {
            reject("must be an object");
        }
    }

    /** Returns whether a violation was found. */
    boolean isInvalid() {
        return invalid;
    }

    void reject(String member, String violation) {
        invalid = true;
        errors.add(path + "." + member, violation);
    }

    private void reject(String violation) {
        invalid = true;
        errors.add(path, violation);
    }

    /** Reads a required text; null after a violation. */
    <T> @Nullable T text(String member, String violation, Function<String, Optional<T>> reader) {
        T value = Optional.ofNullable(members.path(member).textValue())
                .flatMap(reader)
                .orElse(null);
        if (value == null && members.isObject()) {
            reject(member, violation);
        }
        return value;
    }

    /** Reads an optional member; null if it is absent or null, or after a violation. */
    <T> @Nullable T optional(String member, String violation, Function<JsonNode, Optional<T>> reader) {
        if (!members.hasNonNull(member)) {
            return null;
        }
        T value = reader.apply(members.path(member)).orElse(null);
        if (value == null) {
            reject(member, violation);
        }
        return value;
    }

    String name() {
        FieldErrors ofName = new FieldErrors();
        String name = FactorName.require(members, ofName);
        if (ofName.hasErrorFor(FactorName.FIELD)) {
            reject(FactorName.FIELD, FactorName.VIOLATION);
        }
        return name;
    }

    boolean flag(String member) {
        if (!members.path(member).isBoolean()) {
            reject(member, "must be true or false");
        }
        return members.path(member).booleanValue();
    }

    /** Reads an optional array of different texts, which are returned in alphabetical order. */
    List<String> texts(String member, Pattern pattern, int max) {
        JsonNode array = members.path(member);
        if (array.isMissingNode() || array.isNull()) {
            return List.of();
        }
        Set<String> texts = new LinkedHashSet<>();
        for (JsonNode text : array) {
            if (text.isTextual() && pattern.matcher(text.textValue()).matches()) {
                texts.add(text.textValue());
            }
        }
        if (!array.isArray() || array.size() > max || texts.size() < array.size()) {
            reject(member, "must be an array of at most " + max + " different names");
        }
        List<String> sorted = new ArrayList<>(texts);
        sorted.sort(null);
        return sorted;
    }

    /** Rejects members with other names than these. */
    void rejectOthers(Set<String> names) {
        if (members.properties().stream().anyMatch(member -> !names.contains(member.getKey()))) {
            reject("must have no other members than "
                    + String.join(", ", names.stream().sorted().toList()));
        }
    }
}
