package org.gatehouse.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.bson.Document;
import org.gatehouse.fault.NodeProcess;
import org.gatehouse.json.Json;
import org.gatehouse.password.ForeignHashes;
import org.gatehouse.store.Stores;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Imports many users into an empty database, and exports these users. Then imports the export into another database.
 * The long form moves 100,000 users.
 */
class MoveTest {
    private static final int USERS = Boolean.getBoolean("gatehouse.long") ? 100_000 : 1_000;

    /** The number of users with a password. The remaining users have hashes in the formats of other services. */
    private static final int WITH_PASSWORD = 20;

    private static final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @Test
    void theExportAfterAMoveEqualsTheExportBeforeIt(@TempDir Path folder) throws IOException {
        Path users = folder.resolve("users.ndjson");
        write(users);
        Path first = folder.resolve("first.ndjson");
        Path second = folder.resolve("second.ndjson");

        try (Stores stores = new Stores();
                NodeProcess node = start(stores)) {
            assertImported(node, users, USERS);
            export(node, first);
            ForeignHashes.passwords().forEach((scheme, password) -> assertLogsIn(node, stores, scheme, password));
            Path after = folder.resolve("after.ndjson");
            assertImported(node, users, 0);
            export(node, after);
        }
        try (Stores stores = new Stores();
                NodeProcess node = start(stores)) {
            // The file contains the administrator of the first database. The second database already has a user of that
            // name, so the import does not create this user.
            assertThat(last(importFile(node, first)).path("created").asInt()).isEqualTo(USERS);
            export(node, second);
        }

        assertThat(withoutAdministrator(second)).containsExactlyElementsOf(withoutAdministrator(first));
        assertThat(withoutAdministrator(first)).hasSize(USERS);
    }

    /** Starts a node in a separate process with a limited heap. */
    private static NodeProcess start(Stores stores) {
        return NodeProcess.start(ServiceClient.settings(stores, Map.of()));
    }

    private static void write(Path file) throws IOException {
        Random random = new Random(1);
        List<String> hashes = List.copyOf(ForeignHashes.all().values());
        List<String> schemes = List.copyOf(ForeignHashes.all().keySet());
        try (BufferedWriter writer = Files.newBufferedWriter(file)) {
            for (int i = 0; i < USERS; i++) {
                int kind = i % schemes.size();
                ObjectNode user = Json.MAPPER.createObjectNode();
                user.put("username", i < schemes.size() ? schemes.get(kind) : "moved." + i);
                if (i >= schemes.size() && i < schemes.size() + WITH_PASSWORD) {
                    user.put("password", "a passphrase of user " + random.nextLong());
                } else {
                    user.put("passwordHash", hashes.get(kind));
                }
                user.put("email", "user" + i + "@example.com");
                user.putObject("address").put("city", "Zürich").put("number", i);
                user.put("note", Base64.getEncoder().encodeToString(new byte[random.nextInt(200)]));
                user.putArray("roles").add("user").add("group-" + i % 7);
                writer.write(user.toString());
                writer.write('\n');
            }
        }
    }

    private static void assertImported(NodeProcess node, Path file, int created) {
        JsonNode last = last(importFile(node, file));
        assertThat(last.path("status").asText()).as(last.toString()).isEqualTo("done");
        assertThat(last.path("created").asInt()).as(last.toString()).isEqualTo(created);
        assertThat(last.path("unchanged").asInt()).as(last.toString()).isEqualTo(USERS - created);
    }

    /** Imports a file. Returns the result lines in order: one for each line of the file, then the summary. */
    private static List<String> importFile(NodeProcess node, Path file) {
        try {
            HttpRequest request = request(node, "/user/import")
                    .header("Content-Type", "application/x-ndjson")
                    .POST(BodyPublishers.ofFile(file))
                    .build();
            HttpResponse<Stream<String>> response = send(request, BodyHandlers.ofLines());
            assertThat(response.statusCode()).isEqualTo(200);
            List<String> results = response.body().toList();
            for (int i = 0; i < results.size() - 1; i++) {
                assertThat(results.get(i)).startsWith("{\"line\":" + (i + 1) + ",");
            }
            return results;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static JsonNode last(List<String> results) {
        try {
            return Json.MAPPER.readTree(results.get(results.size() - 1));
        } catch (IOException malformed) {
            throw new UncheckedIOException(malformed);
        }
    }

    private static void export(NodeProcess node, Path file) throws IOException {
        HttpRequest request = request(node, "/user/export?hashes=true").build();
        assertThat(send(request, BodyHandlers.ofFile(file)).statusCode()).isEqualTo(200);
    }

    private static HttpRequest.Builder request(NodeProcess node, String path) {
        return HttpRequest.newBuilder(URI.create(node.baseUri() + path))
                .timeout(Duration.ofMinutes(10))
                .header("auth", node.adminToken());
    }

    private static <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> body) throws IOException {
        try {
            return http.send(request, body);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
    }

    /** Checks that the user can log in with this password. Afterwards the stored hash must be an Argon2id hash. */
    private static void assertLogsIn(NodeProcess node, Stores stores, String name, String password) {
        assertThat(node.login(name, "not " + password).status()).as(name).isEqualTo(401);
        assertThat(node.login(name, password).status()).as(name).isEqualTo(200);
        Document stored = stores.users().find(new Document("username", name)).first();
        assertThat(stored).isNotNull();
        assertThat(stored.getString("passwordHash")).as(name).startsWith("$argon2id$v=19$");
        assertThat(node.login(name, password).status()).as(name).isEqualTo(200);
    }

    private static List<String> withoutAdministrator(Path export) throws IOException {
        try (Stream<String> lines = Files.lines(export, StandardCharsets.UTF_8)) {
            return lines.filter(line -> !line.contains("\"" + ServiceClient.ADMIN + "\""))
                    .toList();
        }
    }
}
