package org.gatehouse.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests what operators see of settings. */
class EffectiveSettingTest {
    private static final String KEY = "a key of the tests with 32 bytes and more";

    @TempDir
    Path folder = Path.of("");

    @ParameterizedTest
    @CsvSource({
        "DB_HOST, mongodb://a:27017, mongodb://a:27017",
        "DB_HOST, 'mongodb://user:hunter2@a:27017,b:27018/accounts?authSource=admin', 'mongodb://a:27017,b:27018/accounts'",
        "DB_HOST, 'mongodb://a/?authMechanism=MONGODB-AWS&authMechanismProperties=AWS_SESSION_TOKEN:hunter2', mongodb://a/",
        "DB_HOST, mongodb://us%40er:hun%2Fter2@a, mongodb://a",
        "REDIS_URL, redis://:hunter2@a:6379/3, redis://a:6379/3",
        "REDIS_URL, 'redis://user:hunter2@a:1,b:2', 'redis://a:1,b:2'",
        "REDIS_URL, 'rediss-sentinel://:hunter2@a:1,b:2#main', 'rediss-sentinel://a:1,b:2'",
        "REDIS_URL, rediss://user:hun!$&()*+;=ter2@[::1]:6379?verifyPeer=CA, rediss://[::1]:6379",
        "SMTP_URL, smtp://user:hunter2@[::1]:25?starttls=offered, smtp://[::1]:25",
        "SMTP_URL, smtps://user:hunter2@mail.example.com, smtps://mail.example.com"
    })
    void addressesAreShownWithoutCredentialsAndOptions(String name, String text, String shown) {
        EffectiveSetting setting = read(Map.of(name, text), name);

        assertThat(setting.value()).isEqualTo(shown);
        assertThat(setting.secret()).isTrue();
        assertThat(setting.source()).isEqualTo("the test");
    }

    @Test
    void aFileIsASource() throws IOException {
        Path file = Files.writeString(folder.resolve("token"), "a-token-of-the-metrics\n");

        EffectiveSetting setting = read(Map.of("METRICS_TOKEN_FILE", file.toString()), "METRICS_TOKEN");

        assertThat(setting.set()).isTrue();
        assertThat(setting.value()).isNull();
        assertThat(setting.source()).isEqualTo("a file that the test names");
    }

    @Test
    void theAddressInAFileIsShown() throws IOException {
        Path file = Files.writeString(folder.resolve("uri"), "smtp://user:hunter2@mail.example.com\n");

        EffectiveSetting setting = read(Map.of("SMTP_URL_FILE", file.toString()), "SMTP_URL");

        assertThat(setting.value()).isEqualTo("smtp://mail.example.com");
    }

    @Test
    void aDefaultMayFollowFromAnotherSetting() {
        EffectiveSetting name = read(Map.of("DB_HOST", "mongodb://a/accounts"), "DB_NAME");
        assertThat(name.value()).isEqualTo("accounts");
        assertThat(name.source()).isEqualTo("the default that follows from DB_HOST");
        assertThat(name.set()).isFalse();

        EffectiveSetting url = read(Map.of("AUTH_ISSUER", "https://id.example"), "PUBLIC_URL");
        assertThat(url.value()).isEqualTo("https://id.example");
        assertThat(url.source()).isEqualTo("the default that follows from AUTH_ISSUER");
    }

    @Test
    void theNameWithThePrefixIsRead() {
        assertThat(read(Map.of("GATEHOUSE_AUTH_EXPIRY", "5000", "AUTH_EXPIRY", "6000"), "AUTH_EXPIRY")
                        .value())
                .isEqualTo("5000");
    }

    private static EffectiveSetting read(Map<String, String> more, String name) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "AUTH_KEY", KEY,
                "DB_HOST", "mongodb://a",
                "MAIL_FROM", "accounts@example.com",
                "PUBLIC_URL", "https://id.example"));
        if (more.containsKey("AUTH_ISSUER")) {
            settings.remove("PUBLIC_URL");
        }
        if (!more.containsKey("REDIS_URL")) {
            settings.put("REDIS_HOST", "a");
        }
        settings.putAll(more);
        List<EffectiveSetting> effective = Settings.read(SettingSources.of(settings), SettingsTest.NO_RULES)
                .effective();
        return effective.stream()
                .filter(setting -> setting.name().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
