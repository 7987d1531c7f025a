package org.gatehouse.user;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Applies a JSON Merge Patch (RFC 7396, section 2): null removes, objects merge, other values replace. */
final class MergePatch {
    private MergePatch() {}

    /** Returns the target after the patch; does not modify its arguments. */
    static ObjectNode apply(ObjectNode patch, JsonNode target) {
        ObjectNode merged =
                target instanceof ObjectNode object ? object.deepCopy() : JsonNodeFactory.instance.objectNode();
        patch.properties().forEach(change -> {
            String name = change.getKey();
            JsonNode value = change.getValue();
            if (value.isNull()) {
                merged.remove(name);
            } else if (value instanceof ObjectNode inner) {
                merged.set(name, apply(inner, merged.path(name)));
            } else {
                merged.set(name, value);
            }
        });
        return merged;
    }
}
