package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.bson.RawBsonDocument;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.mail.MailServer;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Calls every operation with secrets in the expected places, and also in wrong places. Then searches for the secrets in
 * all stored, logged and returned data.
 *
 * <p>The WAR runs three times in one Tomcat: with each of the two log formats at debug level, and without its stores.
 */
class SecretsIT {
    /** The example of a Logback file. The test changes the level of Gatehouse's own loggers to debug. */
    private static final Path LOGBACK = Path.of("deploy", "logback.xml");

    private static final String SMTP_USER = "gatehouse";

    private static final Secrets.Kinds kinds = Secrets.Kinds.none();
    private static final Secrets secrets = kinds.secrets();
    private static final Secrets hashes = kinds.hashes();
    private static final Secrets misplaced = kinds.misplaced();

    private static final String authKey = secrets.make("AUTH_KEY") + " and more than 32 bytes";
    private static final String adminPassword = secrets.make("ADMIN_PASSWORD");
    private static final String metricsToken = secrets.make("METRICS_TOKEN");
    private static final String redisPassword = secrets.make("the password of REDIS_URL");
    private static final String smtpPassword = secrets.make("the password of SMTP_URL");

    private static SecretCalls text;
    private static SecretCalls json;
    private static String log = "";
    private static String cached = "";
    private static String stored = "";
    private static String users = "";
    private static String audit = "";
    private static String metrics = "";

    @BeforeAll
    static void callEverything(@TempDir Path folder) throws IOException {
        Path logback = Files.writeString(
                folder.resolve("logback.xml"),
                Files.readString(LOGBACK)
                        .replace("<root level", "<logger name=\"org.gatehouse\" level=\"DEBUG\"/>\n  <root level"));
        try (Stores stores = new Stores();
                EmbeddedRedis redis = EmbeddedRedis.start(
                        Path.of("target", "test-redis", "secrets"),
                        "--save",
                        "",
                        "--appendonly",
                        "no",
                        "--rdbcompression",
                        "no",
                        "--requirepass",
                        redisPassword);
                MailServer mails = MailServer.start();
                AppServer server = AppServer.start(
                        Distribution.TOMCAT_11,
                        Jdk.own(),
                        Map.of("JAVA_OPTS", "-Dlogback.configurationFile=" + logback),
                        List.of(
                                new Deployment("/text", settings(stores, redis, mails, "text"), Map.of()),
                                new Deployment("/json", settings(stores, redis, mails, "json"), Map.of()),
                                new Deployment("/away", withoutStores(redis), Map.of())))) {
            mails.addUser(SMTP_USER, smtpPassword);
            byte[] login = ("\0" + SMTP_USER + "\0" + smtpPassword).getBytes(StandardCharsets.UTF_8);
            secrets.add(
                    "the credentials of SMTP_URL, encoded", Base64.getEncoder().encodeToString(login));
            json = calls(server, "json", stores, mails);
            text = calls(server, "text", stores, mails);
            text.callEverything();
            json.callEverything();
            mails.stop();
            json.retryMail();
            json.revokeKey();

            cached = contentOf(redis);
            stored = contentOf(stores, name -> !name.equals("users"));
            users = contentOf(stores, "users"::equals);
            audit = json.call("GET", "/audit?limit=1000", "", "auth", json.adminToken())
                    .body();
            metrics = json.call("GET", "/metrics", "", "Authorization", "Bearer " + metricsToken)
                    .body();
            server.awaitLog("MongoDB cannot be reached", 1);
            server.awaitLog("Redis cannot be used", 1);
            server.stop();
            log = server.log();
        }
    }

    private static SecretCalls calls(AppServer server, String instance, Stores stores, MailServer mails) {
        ServiceClient service = server.awaitReady("/" + instance);
        return new SecretCalls(service, instance, stores, kinds, adminPassword, metricsToken, mails);
    }

    private static Map<String, String> settings(Stores stores, EmbeddedRedis redis, MailServer mails, String format) {
        Map<String, String> settings = new HashMap<>(mails.settings());
        settings.putAll(Map.of(
                "AUTH_KEY",
                authKey,
                "REDIS_URL",
                "redis://:" + redisPassword + "@127.0.0.1:" + redis.port(),
                "ADMIN_PASSWORD",
                adminPassword,
                "METRICS_TOKEN",
                metricsToken,
                "REGISTRATION",
                "open",
                "PUBLIC_URL",
                "https://login.example.com/" + format,
                "SMTP_URL",
                "smtp://" + SMTP_USER + ":" + smtpPassword + "@127.0.0.1:" + mails.port() + "?starttls=never",
                "LOG_FORMAT",
                format));
        return ServiceClient.settings(stores, settings);
    }

    private static Map<String, String> withoutStores(EmbeddedRedis redis) {
        return Map.of(
                "AUTH_KEY",
                authKey,
                "DB_HOST",
                "mongodb://gatehouse:" + secrets.make("the password of DB_HOST") + "@127.0.0.1:"
                        + EmbeddedRedis.freePort() + "/?serverSelectionTimeoutMS=500",
                "REDIS_URL",
                "redis://gatehouse:" + secrets.make("a wrong password of REDIS_URL") + "@127.0.0.1:" + redis.port(),
                "LOG_FORMAT",
                "json");
    }

    @Test
    void everyOperationIsCalled() {
        Set<String> described = new TreeSet<>();
        ApiDescription.built()
                .document()
                .path("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .fieldNames()
                        .forEachRemaining(method -> described.add(method + " " + path.getKey())));

        assertThat(text.called()).isSubsetOf(json.called());
        assertThat(json.called()).containsAll(described);
        assertThat(secrets.count()).isGreaterThan(150);
    }

    @Test
    void noLogHoldsASecret() {
        assertThat(log).contains(" rejected: TOKEN_INVALID", "[request-text-7 ", "\"requestId\":\"request-json-7\"");
        assertThat(secrets.in(log)).isEmpty();
        assertThat(hashes.in(log)).isEmpty();
        assertThat(misplaced.in(log)).isEmpty();
    }

    @Test
    void theCacheHoldsNoSecret() {
        assertThat(cached).contains("u:", "s:", "throttle:", WarServer.ADMIN);
        assertThat(secrets.in(cached)).isEmpty();
        assertThat(hashes.in(cached)).isEmpty();
    }

    @Test
    void theStoreHoldsNoSecretInPlainText() {
        assertThat(users).contains(WarServer.ADMIN);
        assertThat(hashes.in(users)).isNotEmpty();
        assertThat(misplaced.in(users)).isNotEmpty();
        assertThat(stored).contains("refreshHash", "kid", "notice-email");
        assertThat(secrets.in(users)).isEmpty();
        assertThat(secrets.in(stored)).isEmpty();
        assertThat(hashes.in(stored)).isEmpty();
    }

    @Test
    void theAuditLogHoldsNoSecret() {
        assertThat(audit).contains("LOGIN_FAILED", "request-json-0", "PASSWORD_CHANGED");
        assertThat(secrets.in(audit)).isEmpty();
        assertThat(hashes.in(audit)).isEmpty();
    }

    @Test
    void noMetricHoldsASecret() {
        assertThat(metrics).contains("/user/{id}");
        assertThat(secrets.in(metrics)).isEmpty();
        assertThat(hashes.in(metrics)).isEmpty();
        assertThat(misplaced.in(metrics)).isEmpty();
    }

    @Test
    void noResponseHoldsAnUnintendedSecret() {
        List<String> responses = new ArrayList<>(text.responses());
        responses.addAll(json.responses());
        assertThat(responses).hasSizeGreaterThan(300);
        for (String response : responses) {
            String body = response.substring(response.indexOf('\n'));
            assertThat(secrets.in(body)).as(response).isEmpty();
            assertThat(hashes.in(body)).as(response).isEmpty();
        }
    }

    @Test
    void eachRequestCausesOneLogLineOfText() {
        Pattern line = Pattern.compile("(?m)^\\d{4}-\\S+ (?:INFO |DEBUG) \\[(request-text-\\d+) " + SecretCalls.TRACE
                + "] org\\.gatehouse\\.access [A-Za-z]+ \\S+ \\d{3} \\d+ ms(?: by [0-9a-f]{24})?$");

        assertThat(line.matcher(log).results().map(found -> found.group(1)).filter(text.requestIds()::contains))
                .containsExactlyInAnyOrderElementsOf(text.requestIds());
    }

    @Test
    void eachRequestCausesOneLogLineOfJson() {
        List<JsonNode> lines = log.lines()
                .filter(line -> line.startsWith("{"))
                .map(Response::json)
                .toList();

        assertThat(lines)
                .allMatch(line ->
                        line.path("time").asText().matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z"));
        List<JsonNode> access = lines.stream()
                .filter(line -> line.path("logger").asText().equals("org.gatehouse.access"))
                .filter(line -> line.path("requestId").asText().startsWith("request-json"))
                .toList();
        assertThat(access)
                .extracting(line -> line.path("requestId").asText())
                .containsExactlyInAnyOrderElementsOf(json.requestIds());
        assertThat(access).allSatisfy(line -> {
            assertThat(line.path("traceId").asText()).isEqualTo(SecretCalls.TRACE);
            assertThat(line.path("status").isInt()).isTrue();
            assertThat(line.path("ms").isIntegralNumber()).isTrue();
            assertThat(line.path("route").asText()).matches("unmatched|/.*");
        });
        assertThat(access).filteredOn(line -> line.has("user")).hasSizeGreaterThan(50);
    }

    /** Returns all keys and values of a Redis that does not compress values, with one character per byte. */
    private static String contentOf(EmbeddedRedis redis) {
        StringBuilder content = new StringBuilder();
        RedisClient client = RedisClient.create("redis://:" + redisPassword + "@127.0.0.1:" + redis.port());
        try (StatefulRedisConnection<byte[], byte[]> connection = client.connect(ByteArrayCodec.INSTANCE)) {
            for (byte[] key : connection.sync().keys("*")) {
                content.append(text(key)).append('\n');
                byte[] value = connection.sync().dump(key);
                content.append(value == null ? "" : text(value)).append('\n');
            }
        } finally {
            client.shutdown();
        }
        return content.toString();
    }

    /** Returns all documents of the matching collections as text with one character per byte. */
    private static String contentOf(Stores stores, Predicate<String> collections) {
        StringBuilder content = new StringBuilder();
        for (String name : stores.collections()) {
            if (collections.test(name)) {
                for (RawBsonDocument document : stores.collection(name)
                        .withDocumentClass(RawBsonDocument.class)
                        .find()) {
                    byte[] bytes = new byte[document.getByteBuffer().remaining()];
                    document.getByteBuffer().get(bytes);
                    content.append(text(bytes)).append('\n');
                }
            }
        }
        return content.toString();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
