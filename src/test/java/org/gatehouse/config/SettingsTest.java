package org.gatehouse.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    private static final String KEY = "a key for tests, longer than 32 bytes";

    private static final Map<String, String> REQUIRED =
            Map.of("AUTH_KEY", KEY, "DB_HOST", "mongodb://db.example:27017", "REDIS_HOST", "cache.example");

    @Test
    void haveDefaultsForAllThatIsNotRequired() {
        Settings settings = read(Map.of());

        assertThat(settings.authAlgorithm()).isEqualTo(Settings.TokenAlgorithm.ES256);
        assertThat(settings.authKeyRotation()).isEqualTo(Duration.ofDays(30));
        assertThat(settings.authKeyPrevious()).isEmpty();
        assertThat(settings.authExpiry()).isEqualTo(Duration.ofMinutes(10));
        assertThat(settings.authIssuer()).isEqualTo("gatehouse");
        assertThat(settings.databaseName()).isEqualTo("gatehouse");
        assertThat(settings.usersCollection()).isEqualTo("users");
        assertThat(settings.redis()).isEqualTo(RedisUrl.parse("redis://cache.example:6379"));
        assertThat(settings.cacheExpiry()).isEqualTo(Duration.ofHours(1));
        assertThat(settings.passwordMinLength()).isEqualTo(15);
        assertThat(settings.argon2MemoryKib()).isEqualTo(19_456);
        assertThat(settings.firstAdministrator()).isEmpty();
        assertThat(settings.trustedProxies()).isEmpty();
    }

    @Test
    void mayBeListsOfAddressRanges() throws UnknownHostException {
        List<AddressRange> ranges = read(Map.of("TRUSTED_PROXIES", "10.1.0.0/16, 192.0.2.7 ,2001:db8::/33, ::1"))
                .trustedProxies();

        assertThat(ranges)
                .extracting(AddressRange::toString)
                .containsExactly("10.1.0.0/16", "192.0.2.7", "2001:db8::/33", "::1");
        assertThat(ranges.get(0).contains(InetAddress.getByName("10.1.255.255")))
                .isTrue();
        assertThat(ranges.get(0).contains(InetAddress.getByName("10.2.0.0"))).isFalse();
        assertThat(ranges.get(0).contains(InetAddress.getByName("2001:db8::1"))).isFalse();
        assertThat(ranges.get(1).contains(InetAddress.getByName("192.0.2.7"))).isTrue();
        assertThat(ranges.get(1).contains(InetAddress.getByName("192.0.2.6"))).isFalse();
        assertThat(ranges.get(2).contains(InetAddress.getByName("2001:db8:7fff:ffff::1")))
                .isTrue();
        assertThat(ranges.get(2).contains(InetAddress.getByName("2001:db8:8000::")))
                .isFalse();
    }

    @Test
    void mayBeAListOfOriginsOrAll() {
        CorsOrigins listed = read(Map.of(
                        "CORS_ORIGINS", "https://a.example, http://localhost:5173,capacitor://localhost"))
                .corsOrigins();
        assertThat(listed.listed())
                .containsExactlyInAnyOrder("https://a.example", "http://localhost:5173", "capacitor://localhost");
        assertThat(listed.contains("https://b.example")).isFalse();
        assertThat(read(Map.of("CORS_ORIGINS", "*")).corsOrigins().contains("https://b.example"))
                .isTrue();
        assertThat(read(Map.of()).corsOrigins().none()).isTrue();
    }

    @Test
    void areTakenWithThePrefixFirst() {
        Settings settings = read(Map.of(
                "DB_NAME", "somebody-elses", "GATEHOUSE_DB_NAME", "ours", "GATEHOUSE_DB_HOST", "mongodb://ours:1"));

        assertThat(settings.databaseName()).isEqualTo("ours");
        assertThat(settings.mongoUri().reveal()).isEqualTo("mongodb://ours:1");
    }

    @Test
    void areAbsentWhenEmpty() {
        assertThat(read(Map.of("DB_NAME", "  ")).databaseName()).isEqualTo("gatehouse");
        assertThatThrownBy(() -> read(Map.of("AUTH_KEY", ""))).hasMessageContaining("AUTH_KEY is missing");
    }

    @Test
    void areTakenLiterally() {
        assertThat(read(Map.of("AUTH_KEY", "a ${dollar} and a \\ are just characters"))
                        .authKey()
                        .reveal())
                .isEqualTo("a ${dollar} and a \\ are just characters");
    }

    @Test
    void mayBeSecretsInFiles(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("key"), "another key for tests, longer than 32 bytes\n");
        Map<String, String> settings = new HashMap<>(REQUIRED);
        settings.remove("AUTH_KEY");
        settings.put("AUTH_KEY_FILE", file.toString());

        Settings read = Settings.read(SettingSources.of(settings));

        assertThat(read.authKey().reveal()).isEqualTo("another key for tests, longer than 32 bytes");
        assertThatThrownBy(() -> read(Map.of("AUTH_KEY_FILE", file.toString())))
                .hasMessageContaining("AUTH_KEY and AUTH_KEY_FILE are both set");
        settings.put("AUTH_KEY_FILE", folder.resolve("absent").toString());
        assertThatThrownBy(() -> Settings.read(SettingSources.of(settings)))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("AUTH_KEY cannot be read from the file");
    }

    @ParameterizedTest
    @CsvSource({
        "AUTH_KEY, 31 bytes are not enough for us!, AUTH_KEY is shorter than 32 bytes",
        "AUTH_KEY_PREVIOUS, short, AUTH_KEY_PREVIOUS is shorter than 32 bytes",
        "AUTH_ALG, none, AUTH_ALG must be ES256 or HS256",
        "AUTH_ALG, es256, AUTH_ALG must be ES256 or HS256",
        "AUTH_KEY_ROTATION, PT59M, AUTH_KEY_ROTATION must be a time span",
        "AUTH_EXPIRY, 999, AUTH_EXPIRY must be a whole number from 1000",
        "AUTH_EXPIRY, 10m, AUTH_EXPIRY must be a whole number",
        "DB_HOST, localhost, DB_HOST is not a MongoDB connection string",
        "DB_HOST, mongodb://a:b@c@d, DB_HOST is not a MongoDB connection string",
        "DB_NAME, a/b, DB_NAME may hold letters",
        "REDIS_PORT, 65536, REDIS_PORT must be a whole number from 1 to 65535",
        "REDIS_URL, redis://other, REDIS_URL and REDIS_HOST are both set",
        "REDIS_URL, http://other, REDIS_URL must start with redis://",
        "REDIS_URL, redis-sentinel://a:26379, REDIS_URL is not a Redis address",
        "REDIS_URL, 'redis://a:6379,b:6379/2', 'REDIS_URL names a database, but a Cluster has only the first'",
        "READS_WITHOUT_DB, always, READS_WITHOUT_DB must be",
        "REDIS_EXPIRY_SECS, 0, REDIS_EXPIRY_SECS must be a whole number from 1",
        "PASSWORD_MIN_LENGTH, 7, PASSWORD_MIN_LENGTH must be a whole number from 8",
        "ARGON2_MEMORY_KIB, 1024, ARGON2_MEMORY_KIB must be a whole number from 19456",
        "ARGON2_ITERATIONS, 1, ARGON2_ITERATIONS must be a whole number from 2",
        "CORS_ORIGINS, app.example.com, 'CORS_ORIGINS has \"app.example.com\", which is not an origin'",
        "CORS_ORIGINS, 'https://a.example,', 'CORS_ORIGINS has \"\", which is not an origin'",
        "CORS_ORIGINS, https://a.example/, which is not an origin",
        "CORS_ORIGINS, https://a.example/path, which is not an origin",
        "CORS_ORIGINS, https://me@a.example, which is not an origin",
        "CORS_ORIGINS, https://a.example?x, which is not an origin",
        "CORS_ORIGINS, https://*.example, which is not an origin",
        "CORS_ORIGINS, null, which is not an origin",
        "CORS_ORIGINS, 'https://a.example https://b.example', which is not an origin",
        "CORS_ORIGINS, 'https://a.example,*', 'CORS_ORIGINS has \"*\", which can only stand alone'",
        "CORS_ORIGINS, https://App.example, which no browser sends: origins are in lower case",
        "CORS_ORIGINS, https://a.example:443, which no browser sends: leave the port out",
        "TRUSTED_PROXIES, proxy.example, 'TRUSTED_PROXIES has \"proxy.example\", which is neither an IP address'",
        "TRUSTED_PROXIES, '10.0.0.1,,::1', 'TRUSTED_PROXIES has \"\", which is neither'",
        "TRUSTED_PROXIES, '10.0.0.1 10.0.0.2', TRUSTED_PROXIES has",
        "TRUSTED_PROXIES, 10.0.0.0/33, 'TRUSTED_PROXIES has \"10.0.0.0/33\", whose prefix is not from 1 to 32'",
        "TRUSTED_PROXIES, 0.0.0.0/0, whose prefix is not from 1 to 32",
        "TRUSTED_PROXIES, '::/0', whose prefix is not from 1 to 128",
        "TRUSTED_PROXIES, 10.0.0.0/-8, which is neither",
        "TRUSTED_PROXIES, 10.0.0.0/8/8, which is neither",
        "ADMIN_PASSWORD, alone, ADMIN_USERNAME and ADMIN_PASSWORD go together"
    })
    void areRefusedOutOfBounds(String name, String value, String complaint) {
        assertThatThrownBy(() -> read(Map.of(name, value)))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(complaint);
    }

    @Test
    void neverPrintASecret() {
        Settings settings = read(Map.of(
                "DB_HOST", "mongodb://user:hunter2@db", "ADMIN_USERNAME", "root", "ADMIN_PASSWORD", "hunter2hunter2"));

        assertThat(settings.toString())
                .doesNotContain("hunter2")
                .doesNotContain(KEY)
                .contains("[REDACTED]");
    }

    private static Settings read(Map<String, String> more) {
        Map<String, String> all = new HashMap<>(REQUIRED);
        all.putAll(more);
        return Settings.read(SettingSources.of(all));
    }
}
