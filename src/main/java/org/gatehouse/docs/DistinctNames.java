package org.gatehouse.docs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swagger.v3.core.util.Json31;
import io.swagger.v3.oas.models.OpenAPI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Appends the kind of a component to its name, so that a parameter, a body, a response and a schema never share a name.
 * Generators of clients make a type of each, in one namespace. Run by the build; not part of the WAR.
 */
final class DistinctNames {
    private static final Map<String, String> SUFFIXES =
            Map.of("parameters", "Parameter", "requestBodies", "Body", "responses", "Response", "headers", "Header");

    private DistinctNames() {}

    /** The same description with other names in it. */
    static OpenAPI of(OpenAPI description) {
        ObjectMapper mapper = Json31.mapper();
        JsonNode document = mapper.valueToTree(description);
        rename(document);
        SUFFIXES.forEach((section, suffix) -> {
            ObjectNode components = (ObjectNode) document.at("/components/" + section);
            for (String name : names(components)) {
                components.set(name + suffix, components.remove(name));
            }
        });
        try {
            return mapper.treeToValue(document, OpenAPI.class);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static void rename(JsonNode node) {
        if (node instanceof ObjectNode object && object.path("$ref").isTextual()) {
            String[] reference = object.path("$ref").textValue().split("/", -1);
            String suffix = SUFFIXES.getOrDefault(reference[2], "");
            object.put("$ref", String.join("/", reference) + suffix);
        }
        node.forEach(DistinctNames::rename);
    }

    private static List<String> names(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
