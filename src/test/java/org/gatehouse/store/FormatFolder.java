package org.gatehouse.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.Document;
import org.bson.json.JsonMode;
import org.bson.json.JsonWriterSettings;
import org.gatehouse.json.Json;
import org.gatehouse.testing.SettableClock;

/**
 * A folder that contains everything that one version of Gatehouse wrote to the stores. Each document is a line of
 * canonical Extended JSON. Each index and each Redis key is a line of JSON. {@code callers.json} contains the passwords
 * and tokens of the clients, and recorded responses.
 */
public final class FormatFolder {
    static final Path ALL = Path.of("src", "test", "resources", "format");

    private static final JsonWriterSettings CANONICAL =
            JsonWriterSettings.builder().outputMode(JsonMode.EXTENDED).build();
    private static final String DOCUMENTS = ".jsonl";
    private static final String REDIS = "redis.json";
    private static final String CALLERS = "callers.json";
    private static final String INDEXES = "indexes.json";

    /**
     * Matches a count of the throttle, and the end of the time for which the throttle counts. The folder contains a
     * placeholder for the end, because a recorded end would be in the past.
     */
    private static final Pattern WINDOW_COUNT = Pattern.compile("(\\d+) \\d{13}");

    private static final String END = "{end}";

    private final Path folder;

    FormatFolder(Path folder) {
        this.folder = folder;
    }

    /** Returns the folders of all versions. The oldest version is first. */
    static List<FormatFolder> all() {
        try (Stream<Path> folders = Files.list(ALL)) {
            return folders.filter(Files::isDirectory)
                    .sorted(Comparator.comparing(FormatFolder::order))
                    .map(FormatFolder::new)
                    .toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    public static FormatFolder latest() {
        List<FormatFolder> all = all();
        return all.get(all.size() - 1);
    }

    /** Returns a sort key that orders version 0.10.0 after version 0.9.0. */
    private static String order(Path folder) {
        StringBuilder order = new StringBuilder();
        for (String part : folder.getFileName().toString().split("\\.", -1)) {
            order.append("%6s".formatted(part));
        }
        return order.toString();
    }

    /** Writes the contents of these stores to a folder, together with the data of the clients. */
    static FormatFolder write(Path folder, Stores stores, ObjectNode callers) {
        try {
            Files.createDirectories(folder);
            documents(stores)
                    .forEach((collection, documents) -> write(
                            folder.resolve(collection + DOCUMENTS),
                            documents.stream()
                                    .map(document -> document.toJson(CANONICAL))
                                    .toList()));
            write(folder.resolve(INDEXES), indexes(stores));
            write(
                    folder.resolve(REDIS),
                    entries(stores).stream().map(JsonNode::toString).toList());
            Files.writeString(
                    folder.resolve(CALLERS),
                    Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(callers) + "\n");
            return new FormatFolder(folder);
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
    }

    /** Returns all documents of these stores, by collection. */
    public static Map<String, List<BsonDocument>> documents(Stores stores) {
        Map<String, List<BsonDocument>> documents = new TreeMap<>();
        for (String name : stores.collections()) {
            documents.put(
                    name,
                    stores.collection(name)
                            .withDocumentClass(BsonDocument.class)
                            .find()
                            .sort(new BsonDocument("_id", new BsonInt32(1)))
                            .into(new ArrayList<>()));
        }
        return documents;
    }

    /** Returns the indexes of these stores. The format is the argument of the command {@code createIndexes}. */
    static List<String> indexes(Stores stores) {
        List<String> indexes = new ArrayList<>();
        for (String collection : stores.collections()) {
            stores.collection(collection).listIndexes().forEach(index -> {
                if (!index.getString("name").equals("_id_")) {
                    Document stored = new Document("collection", collection);
                    for (String property : List.of("key", "name", "unique", "sparse", "expireAfterSeconds")) {
                        if (index.containsKey(property)) {
                            stored.append(property, index.get(property));
                        }
                    }
                    indexes.add(stored.toJson());
                }
            });
        }
        indexes.sort(Comparator.naturalOrder());
        return indexes;
    }

    /** Returns all Redis keys and values of these stores. A placeholder replaces the end time of each count. */
    static List<JsonNode> entries(Stores stores) {
        List<JsonNode> entries = new ArrayList<>();
        try (RedisText redis = new RedisText(stores.redis().uri())) {
            RedisCommands<String, String> commands = redis.commands();
            commands.keys("*").stream().sorted().forEach(key -> {
                ObjectNode entry = Json.MAPPER.createObjectNode().put("key", key);
                entries.add(entry);
                if (commands.type(key).equals("hash")) {
                    ObjectNode fields = entry.putObject("fields");
                    new TreeMap<>(commands.hgetall(key))
                            .forEach((name, value) -> fields.put(
                                    name,
                                    WINDOW_COUNT.matcher(value).matches()
                                            ? value.split(" ", 2)[0] + " " + END
                                            : value));
                } else {
                    entry.put("value", commands.get(key));
                }
            });
        }
        return entries;
    }

    public JsonNode callers() {
        try {
            return Json.MAPPER.readTree(Files.readString(folder.resolve(CALLERS)));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Returns a clock that is set to the time at which the version wrote the folder. */
    public SettableClock clock() {
        return new SettableClock(Instant.parse(callers().path("now").asText()));
    }

    /** Returns the documents in this folder, by collection. */
    Map<String, List<BsonDocument>> documents() {
        Map<String, List<BsonDocument>> documents = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            files.filter(file -> file.getFileName().toString().endsWith(DOCUMENTS))
                    .forEach(file -> documents.put(
                            file.getFileName().toString().replace(DOCUMENTS, ""),
                            lines(file).stream().map(BsonDocument::parse).toList()));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        return documents;
    }

    /** Returns the Redis entries in this folder. */
    List<JsonNode> entries() {
        return lines(folder.resolve(REDIS)).stream().map(FormatFolder::json).toList();
    }

    /** Returns the indexes in this folder. */
    List<String> indexes() {
        return lines(folder.resolve(INDEXES));
    }

    /**
     * Loads the contents of this folder into empty stores. Then stores the run id of the Redis server, so that the
     * cache accepts this server.
     */
    public void load(Stores stores) {
        indexes().forEach(line -> {
            Document index = Document.parse(line);
            Object collection = index.remove("collection");
            stores.command(new Document("createIndexes", collection).append("indexes", List.of(index)));
        });
        documents().forEach((collection, documents) -> {
            if (!documents.isEmpty()) {
                stores.collection(collection)
                        .withDocumentClass(BsonDocument.class)
                        .insertMany(documents);
            }
        });
        String end = Long.toString(Instant.now().plus(Duration.ofMinutes(10)).toEpochMilli());
        try (RedisText redis = new RedisText(stores.redis().uri())) {
            RedisCommands<String, String> commands = redis.commands();
            entries().forEach(entry -> {
                String key = entry.path("key").asText();
                entry.path("fields")
                        .properties()
                        .forEach(field -> commands.hset(
                                key, field.getKey(), field.getValue().asText().replace(END, end)));
                if (entry.has("value")) {
                    commands.set(key, entry.path("value").asText());
                }
            });
            BsonDocument runIds =
                    new BsonDocument("redisRunIds", new BsonArray(List.of(new BsonString(redis.runId()))));
            stores.meta().updateOne(new BsonDocument("_id", new BsonString("cache")), new BsonDocument("$set", runIds));
        }
    }

    @Override
    public String toString() {
        return folder.toString();
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static void write(Path file, List<String> lines) {
        try {
            Files.write(file, lines);
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
    }

    private static JsonNode json(String line) {
        try {
            return Json.MAPPER.readTree(line);
        } catch (IOException malformed) {
            throw new UncheckedIOException(malformed);
        }
    }
}
