package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gatehouse.config.RedisUrl;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.metrics.Metrics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Tests connections to all kinds of Redis deployments. The servers are real. */
@Execution(ExecutionMode.CONCURRENT)
class RedisConnectionTest {
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration TIMEOUT = Duration.ofSeconds(1);

    private final List<AutoCloseable> opened = new ArrayList<>();

    @TempDir
    private Path folder;

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    @Test
    void sendsThePasswordAndDoesNotConnectWithAWrongPassword() {
        EmbeddedRedis server = open(EmbeddedRedis.start(folder, "--save", "", "--requirepass", "open sesame"));
        String address = "127.0.0.1:" + server.port();

        assertWorks(connect("redis://:open%20sesame@" + address));
        RedisConnection wrongPassword = connect("redis://:guess@" + address);
        RedisConnection withoutPassword = connect("redis://" + address);
        await().during(Duration.ofSeconds(1))
                .atMost(WAIT_TIMEOUT)
                .until(() -> wrongPassword.topology().isEmpty()
                        && withoutPassword.topology().isEmpty());
    }

    @Test
    void worksWithARestrictedRedisAccount() {
        // A shared Redis may grant only these permissions: Gatehouse's keys, scripts, and the commands that a
        // connection needs.
        String grants = "--user gatehouse on >secret ~u:* ~s:* ~throttle:* +@all -@admin -@dangerous +info";
        EmbeddedRedis server = open(EmbeddedRedis.start(folder, grants.split(" ")));

        assertWorks(connect("redis://gatehouse:secret@127.0.0.1:" + server.port() + "/0"));
    }

    @Test
    void usesTlsAndChecksTheCertificate() throws Exception {
        Certificate certificate = Certificate.make(folder);
        int tlsPort = EmbeddedRedis.freePort();
        open(EmbeddedRedis.start(
                folder,
                "--save",
                "",
                "--tls-port",
                Integer.toString(tlsPort),
                "--tls-auth-clients",
                "no",
                "--tls-cert-file",
                certificate.certificate().toString(),
                "--tls-key-file",
                certificate.key().toString(),
                "--tls-ca-cert-file",
                certificate.certificate().toString()));

        assertWorks(connect("rediss://127.0.0.1:" + tlsPort + "?verifyPeer=NONE"));
        RedisConnection verifying = connect("rediss://127.0.0.1:" + tlsPort);
        await().during(Duration.ofSeconds(1))
                .atMost(WAIT_TIMEOUT)
                .until(() -> verifying.topology().isEmpty());
    }

    @Test
    void failsFastAfterATimeoutUntilTheServerReplies() {
        EmbeddedRedis server = open(EmbeddedRedis.start(folder));
        RedisConnection connection = connect(server.uri());
        assertWorks(connection);
        RedisTopology topology = connection.topology().orElseThrow();
        server.pause();
        try {
            assertThat(topology.execute("u:{1}", Duration.ofMillis(50), commands -> commands.get("u:{1}")))
                    .isEqualTo(new RedisTopology.Reply.Unavailable<>());

            assertThat(topology.execute("u:{1}", WAIT_TIMEOUT, commands -> commands.get("u:{1}")))
                    .isEqualTo(new RedisTopology.Reply.Unavailable<>());
            // The connection is still open. If the last call had waited for a reply, the connection would now be
            // closed.
            assertThat(connection.topology()).hasValue(topology);
        } finally {
            server.resume();
        }
        await().atMost(WAIT_TIMEOUT)
                .until(() -> connection
                        .topology()
                        .filter(now -> now.execute("u:{1}", TIMEOUT, commands -> commands.get("u:{1}"))
                                .isAvailable())
                        .isPresent());
    }

    @Test
    void sendsCommandsAfterALateConfirmation() {
        EmbeddedRedis server = open(EmbeddedRedis.start(folder));
        RedisConnection connection = connect(server.uri());

        // Repeated, because a pause that a busy machine prolongs breaks the connection.
        await().atMost(WAIT_TIMEOUT)
                .until(() -> connection
                        .topology()
                        .filter(topology -> repliesAfterALateConfirmation(topology, server))
                        .isPresent());
    }

    private static boolean repliesAfterALateConfirmation(RedisTopology topology, EmbeddedRedis server) {
        RedisTopology.PendingReply<byte[]> sent;
        server.pause();
        try {
            assertThat(topology.confirmReportsAsync("u:{1}").await(Duration.ofMillis(50)))
                    .isEqualTo(new RedisTopology.Reply.Unavailable<>());
            sent = topology.executeAsync("u:{1}", commands -> commands.get("u:{1}"));
        } finally {
            server.resume();
        }
        return sent.await(TIMEOUT).isAvailable();
    }

    @Test
    void doesNotUseAReplica() {
        EmbeddedRedis master = open(EmbeddedRedis.start(folder.resolve("master"), "--save", ""));
        EmbeddedRedis replica = open(EmbeddedRedis.start(
                folder.resolve("replica"), "--save", "", "--replicaof", "127.0.0.1", Integer.toString(master.port())));

        try (RedisClient client = RedisClient.create(replica.uri());
                StatefulRedisConnection<String, String> observer = client.connect()) {
            long before = connectionsOf(observer);

            RedisConnection connection = connect(replica.uri());

            // Each attempt connects, detects that the server is a replica, and tries again later.
            await().atMost(WAIT_TIMEOUT).until(() -> connectionsOf(observer) >= before + 3);
            assertThat(connection.topology()).isEmpty();
            observer.sync().replicaofNoOne();
            assertWorks(connection);
        }
    }

    private static long connectionsOf(StatefulRedisConnection<String, String> observer) {
        Matcher matcher = Pattern.compile("total_connections_received:(\\d+)")
                .matcher(observer.sync().info("stats"));
        assertThat(matcher.find()).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    @Test
    void findsTheMasterThroughSentinelsBeforeAndAfterAFailover() {
        SentinelRedis redis = open(new SentinelRedis(folder));
        RedisConnection connection = connect(redis.uri());
        assertWorks(connection);
        List<String> before = connection.topology().orElseThrow().runIds();

        redis.servers().get(0).kill();

        await().atMost(WAIT_TIMEOUT).until(() -> connection.topology().isPresent());
        assertThat(connection.topology().orElseThrow().runIds()).isNotEqualTo(before);
        assertWorks(connection);
    }

    @Test
    void usesAllMastersOfAClusterBeforeAndAfterAFailover() {
        ClusterRedis redis = open(new ClusterRedis(folder));
        RedisConnection connection = connect(redis.uri());
        assertWorks(connection);
        List<String> before = connection.topology().orElseThrow().runIds();
        assertThat(before).hasSize(3);
        RedisConnection throughOneServer = connect(redis.servers().get(5).uri());
        assertWorks(throughOneServer);
        assertThat(throughOneServer.topology().orElseThrow().runIds()).isEqualTo(before);

        redis.servers().get(1).kill();

        await().atMost(WAIT_TIMEOUT)
                .until(() -> connection
                        .topology()
                        .filter(topology -> !topology.runIds().equals(before))
                        .isPresent());
        await().atMost(WAIT_TIMEOUT).ignoreExceptions().untilAsserted(() -> assertWorks(connection));

        ClusterRedis.failOver(redis.servers().get(3));
        await().atMost(WAIT_TIMEOUT)
                .until(() -> !ClusterRedis.isMaster(redis.servers().get(0)));
        await().atMost(WAIT_TIMEOUT).ignoreExceptions().untilAsserted(() -> assertWorks(connection));
        assertThat(connection.topology().orElseThrow().runIds()).hasSize(3);
    }

    private RedisConnection connect(String url) {
        return open(new RedisConnection(RedisUrl.parse(url), null, new Metrics()));
    }

    /** Checks that the connection can set, read and delete keys in many hash slots. */
    private static void assertWorks(RedisConnection connection) {
        await().atMost(WAIT_TIMEOUT).until(() -> connection.topology().isPresent());
        RedisTopology topology = connection.topology().orElseThrow();
        RedisScript<byte[]> set = RedisScript.ofValue("redis.call('SET', KEYS[1], ARGV[1]) return ARGV[1]");
        for (int i = 0; i < 50; i++) {
            String key = "u:{" + i + "}";
            byte[] value = RedisScript.bytes("value " + i);
            assertThat(set.execute(topology, key, TIMEOUT, value).value()).isPresent();
            assertThat(text(topology.execute(key, TIMEOUT, commands -> commands.get(key))))
                    .isEqualTo("value " + i);
            assertThat(topology.execute(key, TIMEOUT, commands -> commands.del(key)))
                    .isEqualTo(new RedisTopology.Reply.Value<>(1L));
            assertThat(text(topology.execute(key, TIMEOUT, commands -> commands.get(key))))
                    .isEqualTo("nil");
        }
    }

    private static String text(RedisTopology.Reply<byte[]> reply) {
        assertThat(reply.isAvailable()).isTrue();
        return reply.value()
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                .orElse("nil");
    }

    private <T extends AutoCloseable> T open(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    /** A self-signed certificate for 127.0.0.1 and its private key, in PEM files. */
    private record Certificate(Path certificate, Path key) {
        static Certificate make(Path folder) throws Exception {
            Path store = folder.resolve("keys.p12");
            List<String> command = List.of(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair",
                    "-alias",
                    "redis",
                    "-keyalg",
                    "EC",
                    "-dname",
                    "CN=127.0.0.1",
                    "-ext",
                    "san=ip:127.0.0.1",
                    "-keystore",
                    store.toString(),
                    "-storepass",
                    "changeit");
            assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
                    .isZero();
            KeyStore keys = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
            return new Certificate(
                    pem(
                            folder.resolve("certificate.pem"),
                            "CERTIFICATE",
                            keys.getCertificate("redis").getEncoded()),
                    pem(
                            folder.resolve("key.pem"),
                            "PRIVATE KEY",
                            keys.getKey("redis", "changeit".toCharArray()).getEncoded()));
        }

        private static Path pem(Path file, String kind, byte[] content) throws IOException {
            String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
            return Files.writeString(file, "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n");
        }
    }
}
