package org.gatehouse.json;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JsonRecordsTest {
    private record Zone(@Nullable String name, Instant at) {}

    private record Example(
            String zulu,
            @JsonProperty("_id") String id,
            @Nullable Instant end,
            List<Zone> alpha,
            JsonNode custom) {
        boolean hasZones() {
            return !alpha.isEmpty();
        }
    }

    @Test
    void areWrittenAsObjectsInTheOrderOfTheirComponents() {
        Instant at = Instant.parse("2026-11-23T10:00:00.120456Z");
        Example example = new Example(
                "z",
                "i",
                null,
                List.of(new Zone(null, at)),
                Json.MAPPER.createObjectNode().set("kept", NullNode.getInstance()));

        assertThat(example.hasZones()).isTrue();
        assertThat(new String(Json.write(example), StandardCharsets.UTF_8))
                .isEqualTo("{\"zulu\":\"z\",\"_id\":\"i\",\"alpha\":[{\"at\":\"2026-11-23T10:00:00.120Z\"}],"
                        + "\"custom\":{\"kept\":null}}");
    }
}
