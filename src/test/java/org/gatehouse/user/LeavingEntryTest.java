package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.gatehouse.cache.DocumentCache;
import org.gatehouse.json.Json;
import org.junit.jupiter.api.Test;

/** Tests the cache entries of leaving users, which nodes of an earlier version also read and write. */
class LeavingEntryTest {
    private static final String ID = "6b04b3b7e9cfde2681108d5e";
    private static final Instant TIME = Instant.parse("2026-11-30T10:00:00Z");
    private static final DocumentCache.Codec<User> codec = UserJson.codec();

    /** An entry as a node of an earlier version writes it. */
    private static final String EARLIER = """
            {"_id":"%s","username":"alice","roles":["user"],"status":"disabled","version":3,
            "createdAt":"2026-11-23T10:00:00.000Z","updatedAt":"2026-11-23T10:00:00.000Z",
            "sessionCutoff":1,"_server":{"hasFactor":true}}""".formatted(ID);

    @Test
    void anEntryContainsTheStatusAndTheTime() {
        User leaving = read(EARLIER).leaving(TIME);

        User found = codec.decode(ID, codec.encode(leaving)).orElseThrow();

        assertThat(found).isEqualTo(leaving);
        assertThat(found.status()).isEqualTo(UserStatus.LEAVING);
        assertThat(found.deletedAfter()).isEqualTo(TIME);
        assertThat(found.isActive()).isFalse();
        assertThat(found.epoch().number()).isEqualTo(2);
    }

    @Test
    void anEarlierVersionReadsADisabledUserWithoutACustomField() throws IOException {
        JsonNode entry = Json.MAPPER.readTree(codec.encode(read(EARLIER).leaving(TIME)));

        assertThat(entry.path("status").asText()).isEqualTo("disabled");
        assertThat(entry.has("deletedAfter")).isFalse();
    }

    @Test
    void aCustomFieldOfAnEarlierVersionIsNotTrusted() {
        User user = read(EARLIER.replace("\"sessionCutoff\"", "\"deletedAfter\":\"2026\",\"sessionCutoff\""));

        assertThat(user.status()).isEqualTo(UserStatus.DISABLED);
        assertThat(user.deletedAfter()).isNull();
        assertThat(user.fields().path("original_deletedAfter").asText()).isEqualTo("2026");
    }

    private static User read(String entry) {
        return codec.decode(ID, entry.getBytes(StandardCharsets.UTF_8)).orElseThrow();
    }
}
