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
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    /** Accepts any name and any password for the first administrator. */
    static final Settings.AccountRules NO_RULES = (username, password, minLength) -> List.of();

    private static final String AUTH_KEY = "a key for tests, longer than 32 bytes";

    private static final Map<String, String> REQUIRED =
            Map.of("AUTH_KEY", AUTH_KEY, "DB_HOST", "mongodb://db.example:27017", "REDIS_HOST", "cache.example");

    @Test
    void hasADefaultForEveryOptionalSetting() {
        Settings settings = read(Map.of());

        assertThat(settings.authAlgorithm()).isEqualTo(Settings.TokenAlgorithm.ES256);
        assertThat(settings.authKeyRotation()).isEqualTo(Duration.ofDays(30));
        assertThat(settings.authKeys().previous()).isNull();
        assertThat(settings.authExpiry()).isEqualTo(Duration.ofMinutes(10));
        assertThat(settings.authIssuer()).isEqualTo("gatehouse");
        assertThat(settings.previousIssuer()).isNull();
        assertThat(settings.publicUrl()).isNull();
        assertThat(settings.tokenType()).isEqualTo("at+jwt");
        assertThat(settings.databaseName()).isEqualTo("gatehouse");
        assertThat(settings.usersCollection()).isEqualTo("users");
        assertThat(settings.redis()).isEqualTo(RedisUrl.parse("redis://cache.example:6379"));
        assertThat(settings.cacheExpiry()).isEqualTo(Duration.ofHours(1));
        assertThat(settings.passwordMinLength()).isEqualTo(15);
        assertThat(settings.argon2MemoryKib()).isEqualTo(19_456);
        assertThat(settings.firstAdministrator()).isNull();
        assertThat(settings.searchFields()).isEmpty();
        assertThat(settings.factorRequiredRoles()).isEmpty();
        assertThat(settings.trustedProxies()).isEmpty();
        assertThat(settings.importMaxBytes()).isEqualTo(1L << 30);
    }

    @Test
    void readsTheSearchFields() {
        assertThat(read(Map.of("SEARCH_FIELDS", "customerNumber, Team_2,customerNumber"))
                        .searchFields())
                .containsExactly("customerNumber", "Team_2");
    }

    @Test
    void readsTheRolesThatNeedAFactor() {
        assertThat(read(Map.of("FACTOR_REQUIRED_ROLES", "admin, billing_2,admin"))
                        .factorRequiredRoles())
                .containsExactlyInAnyOrder("admin", "billing_2");
    }

    @Test
    void readsListsOfAddressRanges() throws UnknownHostException {
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
    void readsAListOfOriginsOrAnAsterisk() {
        assertThat(read(Map.of("CORS_ORIGINS", "https://a.example, http://localhost:5173,capacitor://localhost"))
                        .corsOrigins())
                .containsExactlyInAnyOrder("https://a.example", "http://localhost:5173", "capacitor://localhost");
        assertThat(read(Map.of("CORS_ORIGINS", "*")).corsOrigins()).containsExactly("*");
        assertThat(read(Map.of()).corsOrigins()).isEmpty();
    }

    @Test
    void prefersPrefixedNames() {
        Settings settings = read(
                Map.of("DB_NAME", "of-another", "GATEHOUSE_DB_NAME", "ours", "GATEHOUSE_DB_HOST", "mongodb://ours:1"));

        assertThat(settings.databaseName()).isEqualTo("ours");
        assertThat(settings.mongoUri().reveal()).isEqualTo("mongodb://ours:1");
    }

    @Test
    void treatsEmptyValuesAsMissing() {
        assertThat(read(Map.of("DB_NAME", "  ")).databaseName()).isEqualTo("gatehouse");
        assertThatThrownBy(() -> read(Map.of("AUTH_KEY", ""))).hasMessageContaining("AUTH_KEY is missing");
    }

    @Test
    void readsValuesLiterally() {
        assertThat(read(Map.of("AUTH_KEY", "a ${dollar} and a \\ are just characters"))
                        .authKeys()
                        .current()
                        .reveal())
                .isEqualTo("a ${dollar} and a \\ are just characters");
    }

    @Test
    void readsSecretsFromFiles(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("key"), "another key for tests, longer than 32 bytes\n");
        Map<String, String> settings = new HashMap<>(REQUIRED);
        settings.remove("AUTH_KEY");
        settings.put("AUTH_KEY_FILE", file.toString());

        Settings read = Settings.read(SettingSources.of(settings), NO_RULES);

        assertThat(read.authKeys().current().reveal()).isEqualTo("another key for tests, longer than 32 bytes");
        assertThatThrownBy(() -> read(Map.of("AUTH_KEY_FILE", file.toString())))
                .hasMessageContaining("AUTH_KEY and AUTH_KEY_FILE are both set");
        settings.put("AUTH_KEY_FILE", folder.resolve("absent").toString());
        assertThatThrownBy(() -> Settings.read(SettingSources.of(settings), NO_RULES))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("AUTH_KEY cannot be read from the file")
                .hasMessageContaining("which does not exist");
    }

    @Test
    void skipsAByteOrderMarkInAFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("key"), "\uFEFFanother key for tests, longer than 32 bytes\r\n");

        assertThat(Settings.read(SettingSources.of(replacing("AUTH_KEY", "AUTH_KEY_FILE", file.toString())), NO_RULES)
                        .authKeys()
                        .current()
                        .reveal())
                .isEqualTo("another key for tests, longer than 32 bytes");
    }

    @ParameterizedTest
    @CsvSource({
        "ISO-8859-1, Grün wie das Gras am Morgen und am Abend, is not UTF-8 in the file",
        "UTF-16, a key for tests that is longer than 32 bytes, is not UTF-8 in the file",
        "UTF-16LE, a key for tests that is longer than 32 bytes, 'is not UTF-8 in the file'",
        "UTF-8, a key for tests that is longer than 32 bytes\u200B, begins or ends with an invisible character",
        "UTF-8, '', is empty in the file",
    })
    void reportsTheProblemWithAFile(String charset, String content, String problem, @TempDir Path folder)
            throws IOException {
        Path file = Files.write(folder.resolve("key"), content.getBytes(charset));

        assertThatThrownBy(() -> Settings.read(
                        SettingSources.of(replacing("AUTH_KEY", "AUTH_KEY_FILE", file.toString())), NO_RULES))
                .hasMessageContaining("  - AUTH_KEY " + problem);
    }

    @Test
    void reportsEachProblemOnce(@TempDir Path folder) throws IOException {
        String empty = Files.writeString(folder.resolve("empty"), "").toString();
        Map<String, String> wrong = Map.of(
                "ADMIN_USERNAME", "root",
                "ADMIN_PASSWORD_FILE", empty,
                "ADMIN_RESET", "true",
                "REDIS_URL", "redis://a b",
                "DB_HOST", "mongodb://db/other?authMechanism=X",
                "DB_NAME", "a/b");
        Map<String, String> all = new HashMap<>(wrong);
        all.put("AUTH_KEY_FILE", folder.resolve("absent").toString());

        assertThatThrownBy(() -> Settings.read(SettingSources.of(all), NO_RULES))
                .message()
                .satisfies(message -> assertThat(message.lines().skip(1).map(line -> line.split(" ", -1)[3]))
                        .containsExactlyInAnyOrder("AUTH_KEY", "DB_HOST", "DB_NAME", "REDIS_URL", "ADMIN_PASSWORD"));
    }

    @Test
    void readsTheDatabaseFromTheConnectionString() {
        assertThat(read(Map.of("DB_HOST", "mongodb://db/accounts?replicaSet=rs0"))
                        .databaseName())
                .isEqualTo("accounts");
        assertThat(read(Map.of("DB_HOST", "mongodb://db/accounts", "DB_NAME", "accounts"))
                        .databaseName())
                .isEqualTo("accounts");
        assertThat(read(Map.of("DB_HOST", "mongodb://db/")).databaseName()).isEqualTo("gatehouse");
        assertThat(read(Map.of("DB_HOST", "mongodb://db/?authSource=admin", "DB_NAME", "mine"))
                        .databaseName())
                .isEqualTo("mine");
    }

    @Test
    void reportsViolatedAccountRulesTogetherWithTheOtherProblems() {
        Settings.AccountRules rules = (username, password, minLength) ->
                List.of("ADMIN_USERNAME is " + username, "ADMIN_PASSWORD needs " + minLength + " of " + password);

        assertThatThrownBy(() -> Settings.read(
                        SettingSources.of(Map.of(
                                "AUTH_KEY", "short",
                                "ADMIN_USERNAME", "a b",
                                "ADMIN_PASSWORD", "hunter2",
                                "PASSWORD_MIN_LENGTH", "20")),
                        rules))
                .hasMessageContainingAll(
                        "AUTH_KEY is shorter", "DB_HOST is missing", "REDIS_HOST (or REDIS_URL) is missing")
                .hasMessageContainingAll("ADMIN_USERNAME is a b", "ADMIN_PASSWORD needs 20 of [REDACTED]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "redis://user:hunter2#x@localhost:6399 ?,",
                "redis://user:hunter2?x@h1:6379 ?,",
                "redis://user:hunter2/x@h1:6379 ?,",
                "redis://user:hunter2@x@h1:6379 @",
                "redis://user:hunter2%@h1:6379 encoded",
                "redis://user:hunter2%zz@h1:6379 encoded",
                "redis://user:hunter2[@h1:6379 encoded",
                "redis://user:hunter2\\@h1:6379 encoded",
                "redis://user:hunter2\"@h1:6379 encoded",
                "redis://hunter2:x host:port",
                "redis://user:hunter2 host:port",
                "redis://h1:6379?hunter2=3s /database",
                "redis://h1:6379/0?timeout=hunter2 /database",
                "redis://h1:6379#hunter2 redis-sentinel",
                "redis://h1:6379/hunter2 /database",
                "redis://h1:6379?verifyPeer=CA TLS",
                "redis://u:hunter2@h1:6379,u:hunter2@h2:6379 @",
                "redis://u:hunter2@h1:6379,h2:x host:port",
                "redis://u:hunter2@h1:6379,,h2 host:port",
                "redis://u:hunter2@h1:6379,h2:70000 65535",
                "redis://u:hunter2@h1:0 65535",
                "redis-sentinel://u:hunter2#x@h1:26379,h2:26379#m @",
                "redis-sentinel://u:hunter2@x@h1:26379#m @",
                "redis-sentinel://u:x@h1:26379,h2:hunter2#m host:port",
                "redis-sentinel://u:hunter2?x@h1:26379#m @",
                "redis-sentinel://u:hunter2@h1:26379?sentinelMasterId=m /database",
                "redis-sentinel://u:hunter2@h1:26379 master",
                "rediss://u:hunter2^@h1:6379 encoded",
            })
    void rejectsAnUnencodedPasswordOfRedisWithoutShowingIt(String url, String problem) {
        Map<String, String> settings = replacing("REDIS_HOST", "REDIS_URL", url);

        assertThatThrownBy(() -> Settings.read(SettingSources.of(settings), NO_RULES))
                .message()
                .contains("REDIS_URL is not a Redis address", problem.replace("?,", " ? as %3F"))
                .doesNotContain("hunter2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis://h",
                "redis://h:6379/",
                "redis://h:6379/3",
                "redis://:a%40b%23c%3Fd%2Fe+f@h:6379",
                "redis://user:a:b,c!d@my_redis:6379/0",
                "redis://pässwort@h",
                "redis://[::1]:6379",
                "redis://user:p@h1:6379,h2:6379,h_3",
                "rediss://:p@h:6379?verifyPeer=CA",
                "rediss://:p@h1:6379,h2:6379/0?verifyPeer=NONE",
                "redis-sentinel://:p@h1:26379,h2:26379#my-master.1",
                "rediss-sentinel://user:p@h1,h2/2#m",
            })
    void acceptsARedisUrl(String url) {
        assertThat(Settings.read(SettingSources.of(replacing("REDIS_HOST", "REDIS_URL", url)), NO_RULES)
                        .redis()
                        .seeds())
                .isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "http://user:hunter2@host smtp://",
                "smtp:hunter2 smtp://",
                "smtp://user:hunter2@x@host more",
                "smtp://user:hunter2/x@host @",
                "smtp://user:hunter2?x@host @",
                "smtp://user:hunter2#x@host @",
                "smtp://user:hunter2%@host encoded",
                "smtp://user:hunter2%zz@host encoded",
                "smtp://user:hunter2:x@host user:password",
                "smtp://hunter2@host user:password",
                "smtp://hunter2:@host user:password",
                "smtp://:hunter2@host user:password",
                "smtp://user:hunter2%0D%0AQUIT@host control",
                "smtp://user:hunter2@ host:port",
                "smtp://user:hunter2 host:port",
                "smtp://user:hunter2@host:0 65535",
                "smtp://user:hunter2@host:65536 65535",
                "smtp://user:hunter2@host?starttls=maybe ?starttls=required",
                "smtp://user:hunter2@host?tls=never ?starttls=required",
                "smtp://user:hunter2@host/path ?starttls=required",
                "smtps://user:hunter2@host?starttls=never smtps://",
            })
    void rejectsAnInvalidAddressOfTheMailServerWithoutShowingIt(String url, String problem) {
        assertThatThrownBy(() -> read(Map.of("SMTP_URL", url)))
                .message()
                .contains("- SMTP_URL ", problem.equals("encoded") ? "write % as %25" : problem)
                .doesNotContain("hunter2");
    }

    @ParameterizedTest
    @CsvSource({
        "smtp://mail.example, mail.example, 587, REQUIRED, ",
        "smtp://mail.example/?starttls=required, mail.example, 587, REQUIRED, ",
        "smtp://mail.example:25?starttls=offered, mail.example, 25, OFFERED, ",
        "smtp://my_mail:2525?starttls=never, my_mail, 2525, NEVER, ",
        "smtps://a%40b.example:p%40%2B+s%3As@[::1], ::1, 465, IMPLICIT, a@b.example",
        "smtps://user:p%40+%2Bs%3As@192.0.2.1:8465, 192.0.2.1, 8465, IMPLICIT, user",
    })
    void readsTheAddressOfTheMailServer(String url, String host, int port, SmtpUrl.Tls tls, @Nullable String user) {
        SmtpUrl smtp = SmtpUrl.parse(url);

        assertThat(smtp.host()).isEqualTo(host);
        assertThat(smtp.port()).isEqualTo(port);
        assertThat(smtp.tls()).isEqualTo(tls);
        assertThat(smtp.user()).isEqualTo(user);
        if (user == null) {
            assertThat(smtp.password()).isNull();
        } else {
            assertThat(smtp.password()).extracting(Secret::reveal).isEqualTo("p@++s:s");
        }
        assertThat(smtp.toString()).isEqualTo("[REDACTED]");
    }

    @Test
    void hasNoSettingsOfMailsWithoutAMailServer() {
        assertThat(read(Map.of()).mail()).isNull();
        assertThat(read(Map.of("MAIL_FROM", "a@b.example", "MAIL_LINKS", "https://app.example/{proof}"))
                        .mail())
                .isNull();
    }

    @Test
    void hasADefaultForEveryOptionalSettingOfMails() {
        MailSettings mail =
                mail(Map.of("SMTP_URL", "smtp://a%40b.example:p@mail", "PUBLIC_URL", "https://c.example/d"));

        assertThat(mail.from()).isEqualTo(MailFrom.parse("a@b.example"));
        assertThat(mail.templates()).isNull();
        assertThat(mail.links().link("reset", "abc")).isEqualTo("https://c.example/d/account/reset#proof=abc");
        assertThat(mail.notices()).containsExactly(MailSettings.Notice.values());
        assertThat(mail.expiry())
                .isEqualTo(new MailSettings.ProofExpiry(
                        Duration.ofMinutes(10),
                        Duration.ofMinutes(30),
                        Duration.ofDays(1),
                        Duration.ofDays(7),
                        Duration.ofDays(3)));
    }

    @Test
    void readsEverySettingOfMails() {
        MailSettings mail = mail(Map.of(
                "SMTP_URL", "smtp://mail",
                "AUTH_ISSUER", "https://issuer.example/",
                "MAIL_FROM", "Läden & Söhne <accounts@läden.example>",
                "MAIL_TEMPLATES", "/etc/gatehouse/mail",
                "MAIL_LINKS", "com.example.app:/open/{purpose}?proof={proof}",
                "MAIL_NOTICES", "device, password",
                "PROOF_RESET_EXPIRY", "60000",
                "PROOF_UNDO_EXPIRY", "2592000000"));

        assertThat(mail.from().name()).isEqualTo("Läden & Söhne");
        assertThat(mail.from().address().canonical()).isEqualTo("accounts@xn--lden-loa.example");
        assertThat(mail.templates()).isEqualTo(Path.of("/etc/gatehouse/mail"));
        assertThat(mail.links().link("undo", "a_-1")).isEqualTo("com.example.app:/open/undo?proof=a_-1");
        assertThat(mail.notices()).containsExactlyInAnyOrder(MailSettings.Notice.PASSWORD, MailSettings.Notice.DEVICE);
        assertThat(mail.expiry().reset()).isEqualTo(Duration.ofMinutes(1));
        assertThat(mail.expiry().undo()).isEqualTo(Duration.ofDays(30));
        assertThat(mail(Map.of(
                                "SMTP_URL",
                                "smtp://u:p@mail",
                                "AUTH_ISSUER",
                                "https://issuer.example/",
                                "MAIL_FROM",
                                "\"Accounts, Example\" <a@b.example>",
                                "MAIL_NOTICES",
                                "none"))
                        .notices())
                .isEmpty();
    }

    @Test
    void requiresASenderAndLinksForAMailServer() {
        assertThatThrownBy(() -> read(Map.of("SMTP_URL", "smtp://user:p@mail")))
                .hasMessageContainingAll("MAIL_FROM is missing", "SMTP_URL needs PUBLIC_URL or MAIL_LINKS");
        assertThatThrownBy(() -> read(Map.of("SMTP_URL", "smtp://mail", "MAIL_FROM", "x", "PUBLIC_URL", "x")))
                .message()
                .doesNotContain("MAIL_FROM is missing", "SMTP_URL needs");
    }

    @ParameterizedTest
    @CsvSource({
        "https://login.example.com, login.example.com, https://login.example.com",
        "HTTPS://Login.example.com:443/accounts, login.example.com, https://login.example.com",
        "https://login.example.com:8443/a, login.example.com, https://login.example.com:8443",
        "https://gatehouse, gatehouse, https://gatehouse",
        "http://localhost:8080, localhost, http://localhost:8080",
        "http://app.localhost, app.localhost, http://app.localhost",
    })
    void passkeysBelongToThePublicAddress(String publicUrl, String rpId, String origin) {
        assertThat(read(Map.of("PUBLIC_URL", publicUrl)).passkeys())
                .isEqualTo(new PasskeySettings(rpId, Set.of(origin)));
        assertThat(read(Map.of("AUTH_ISSUER", publicUrl)).passkeys())
                .isEqualTo(new PasskeySettings(rpId, Set.of(origin)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://login.example.com",
                "https://192.0.2.1",
                "https://192.0.2.1:8443/accounts",
                "https://[2001:db8::1]",
                "http://127.0.0.1:8080",
            })
    void passkeysAreNotConfiguredForAnAddressThatBrowsersReject(String publicUrl) {
        assertThat(read(Map.of("PUBLIC_URL", publicUrl)).passkeys()).isNull();
        assertThat(read(Map.of()).passkeys()).isNull();
    }

    @Test
    void readsTheRelyingPartyOfPasskeys() {
        String app = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck";

        assertThat(read(Map.of("RP_ID", "example.com", "PUBLIC_URL", "https://login.example.com/a"))
                        .passkeys())
                .isEqualTo(new PasskeySettings("example.com", Set.of("https://login.example.com")));
        assertThat(read(Map.of(
                                "RP_ID",
                                "example.com",
                                "RP_ORIGINS",
                                "https://example.com, https://a.b.example.com:8443," + app))
                        .passkeys())
                .isEqualTo(new PasskeySettings(
                        "example.com", Set.of("https://example.com", "https://a.b.example.com:8443", app)));
        assertThat(read(Map.of("RP_ORIGINS", "http://localhost:5173", "PUBLIC_URL", "http://localhost:8080"))
                        .passkeys())
                .isEqualTo(new PasskeySettings("localhost", Set.of("http://localhost:5173")));
    }

    @ParameterizedTest
    @CsvSource({
        "example.com, https://example.org, 'RP_ORIGINS has the origin \"https://example.org\"'",
        "example.com, https://myexample.com, 'RP_ORIGINS has the origin \"https://myexample.com\"'",
        "login.example.com, https://example.com, 'RP_ORIGINS has the origin \"https://example.com\"'",
        "com, https://example.com, 'RP_ORIGINS has the origin \"https://example.com\"'",
        "localhost, http://app.localhost, 'RP_ORIGINS has the origin \"http://app.localhost\"'",
    })
    void rejectsAnOriginThatCannotUseTheRelyingParty(String rpId, String origins, String problem) {
        assertThatThrownBy(() -> read(Map.of("RP_ID", rpId, "RP_ORIGINS", origins)))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(problem);
        assertThatThrownBy(() -> read(Map.of("RP_ID", "example.com", "PUBLIC_URL", "https://example.org")))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("PUBLIC_URL has the origin \"https://example.org\"");
    }

    private static MailSettings mail(Map<String, String> settings) {
        return Objects.requireNonNull(read(settings).mail());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "mongodb://h/?compressors=zstd compressors=zstd,",
                "mongodb://h/?compressors=zlib,snappy compressors=snappy,",
                "mongodb://h/?compressors=lz4 compressors",
                "mongodb://%2Ftmp%2Fmongodb-27017.sock socket",
                "mongodb://h/?authMechanism=MONGODB-OIDC ENVIRONMENT",
                "mongodb://h/?authMechanism=hunter2 authMechanism",
                "mongodb://h/?tls=true&tlsCAFile=/etc/hunter2.pem tlsCAFile",
                "mongodb://h/?minPoolSize=10&maxPoolSize=5 PoolSize",
                "mongodb://h/?maxPoolSize=hunter2 maxPoolSize",
                "mongodb://u:12hunter2/x@h1 %2F",
                "mongodb://u:12/hunter2@h1 %2F",
                "mongodb://u:12?hunter2@h1 %2F",
                "mongodb://u:hunter2@x@h1 %2F",
                "mongodb://u:hunter2%@h1 %2F",
                "mongodb://u:hunter2:x@h1 %2F",
                "mongodb://h/db.hunter2 DB_COLLECTION_USERS",
                "mongodb://h/hunter%242 letters",
                "mongodb://h/admin authSource",
                "mongodb://h:hunter2 (mongodb://host:27017)",
                "http://h (mongodb://host:27017)",
            })
    void rejectsAnUnsupportedConnectionStringWithoutShowingIt(String uri, String problem) {
        assertThatThrownBy(() -> read(Map.of("DB_HOST", uri)))
                .message()
                .contains("- DB_HOST ", problem)
                .doesNotContain("hunter2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mongodb://user:p%40ss@h1:27017,h2:27017/?replicaSet=rs0&authSource=admin&w=majority",
                "mongodb+srv://user:p@cluster.example.com/?retryWrites=true&w=majority&appName=Cluster0",
                "mongodb://h/?compressors=zlib",
                "mongodb://h/?authMechanism=MONGODB-AWS",
                "mongodb://user%40REALM@h/?authMechanism=GSSAPI",
                "mongodb://h/?authMechanism=MONGODB-X509&tls=true",
                "mongodb://h/?authMechanism=MONGODB-OIDC&authMechanismProperties=ENVIRONMENT:k8s",
                "mongodb://h/?tls=true&tlsAllowInvalidHostnames=true&proxyHost=p&proxyPort=1080",
                "mongodb://my_mongo:27017",
                "mongodb://[::1]:27017",
            })
    void acceptsAConnectionString(String uri) {
        assertThat(read(Map.of("DB_HOST", uri)).mongoUri().reveal()).isEqualTo(uri);
    }

    @ParameterizedTest
    @CsvSource({
        "AUTH_KEY, 31 bytes are not enough for us!, AUTH_KEY is shorter than 32 bytes",
        "AUTH_KEY_PREVIOUS, short, AUTH_KEY_PREVIOUS is shorter than 32 bytes",
        "AUTH_ALG, none, AUTH_ALG must be ES256 or HS256",
        "AUTH_ALG, es256, AUTH_ALG must be ES256 or HS256",
        "AUTH_KEY_ROTATION, PT59M, AUTH_KEY_ROTATION must be an ISO-8601 duration",
        "AUTH_EXPIRY, 999, AUTH_EXPIRY must be a whole number from 1000",
        "AUTH_EXPIRY, 10m, AUTH_EXPIRY must be a whole number",
        "AUTH_TOKEN_TYPE, jwt, AUTH_TOKEN_TYPE must be at+jwt or JWT",
        "AUTH_TOKEN_TYPE, AT+JWT, AUTH_TOKEN_TYPE must be at+jwt or JWT",
        "PUBLIC_URL, login.example.com, PUBLIC_URL must be an absolute http or https URL",
        "PUBLIC_URL, //login.example.com, PUBLIC_URL must be an absolute http or https URL",
        "PUBLIC_URL, ftp://login.example.com, PUBLIC_URL must be an absolute http or https URL",
        "PUBLIC_URL, https:login.example.com, PUBLIC_URL must be an absolute http or https URL",
        "PUBLIC_URL, https:///accounts, PUBLIC_URL must be an absolute http or https URL",
        "PUBLIC_URL, https://login.example.com/a b, PUBLIC_URL must be an absolute http or https URL",
        "PUBLIC_URL, https://login.example.com/%zz, PUBLIC_URL must be an absolute http or https URL",
        "PUBLIC_URL, https://läden.example, PUBLIC_URL must be an absolute http or https URL",
        "PUBLIC_URL, '\"https://login.example.com\"', PUBLIC_URL must be an absolute http or https URL",
        "PUBLIC_URL, https://a.example>;rel=x, PUBLIC_URL must be an absolute http or https URL",
        "PUBLIC_URL, https://login.example.com/, PUBLIC_URL must not end with /",
        "PUBLIC_URL, https://login.example.com/accounts/, PUBLIC_URL must not end with /",
        "PUBLIC_URL, https://login.example.com?x=1, PUBLIC_URL must not have a query or a fragment",
        "PUBLIC_URL, https://login.example.com/a?, PUBLIC_URL must not have a query or a fragment",
        "PUBLIC_URL, https://login.example.com#x, PUBLIC_URL must not have a query or a fragment",
        "PUBLIC_URL, https://me:hunter2@login.example.com, PUBLIC_URL must not contain a user name",
        "PUBLIC_URL, https://login_1.example.com, PUBLIC_URL must contain a valid host",
        "PUBLIC_URL, https://:8443, PUBLIC_URL must contain a valid host",
        "PUBLIC_URL, https://login.example.com:, PUBLIC_URL must contain a valid host",
        "PUBLIC_URL, https://login.example.com:0, PUBLIC_URL must contain a valid host",
        "PUBLIC_URL, https://login.example.com:65536, PUBLIC_URL must contain a valid host",
        "PUBLIC_URL, https://login.example.com:x, PUBLIC_URL must contain a valid host",
        "PUBLIC_URL, http://[fe80::1%eth0], PUBLIC_URL must contain a valid host",
        "PUBLIC_URL, 'http://::1', PUBLIC_URL must contain a valid host",
        "PUBLIC_URL, https://login.example.com/a/../b, PUBLIC_URL must not have . or ..",
        "PUBLIC_URL, https://login.example.com/./b, PUBLIC_URL must not have . or ..",
        "PUBLIC_URL, https://login.example.com//b, PUBLIC_URL must not have . or ..",
        "DB_HOST, localhost, DB_HOST is not a MongoDB connection string",
        "DB_HOST, mongodb://a:b@c@d, DB_HOST is not a MongoDB connection string",
        "DB_NAME, a/b, DB_NAME may hold letters",
        "REDIS_PORT, 65536, REDIS_PORT must be a whole number from 1 to 65535",
        "REDIS_URL, redis://other, REDIS_URL and REDIS_HOST are both set",
        "REDIS_URL, http://other, REDIS_URL must start with redis://",
        "REDIS_URL, redis-sentinel://a:26379, REDIS_URL is not a Redis address",
        "REDIS_URL, 'redis://a:6379,b:6379/2', 'REDIS_URL names a database other than 0'",
        "READS_WITHOUT_DB, always, READS_WITHOUT_DB must be",
        "REDIS_EXPIRY_SECS, 0, REDIS_EXPIRY_SECS must be a whole number from 1",
        "PASSWORD_MIN_LENGTH, 7, PASSWORD_MIN_LENGTH must be a whole number from 8",
        "ARGON2_MEMORY_KIB, 1024, ARGON2_MEMORY_KIB must be a whole number from 19456",
        "IMPORT_MAX_BYTES, 65535, IMPORT_MAX_BYTES must be a whole number from 65536 to 1099511627776",
        "IMPORT_MAX_BYTES, 1099511627777, IMPORT_MAX_BYTES must be a whole number from 65536 to 1099511627776",
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
        "CORS_ORIGINS, 'https://a.example,*', 'CORS_ORIGINS has \"*\", which must be the only entry'",
        "CORS_ORIGINS, https://App.example, 'which no browser sends, because origins are in lower case'",
        "CORS_ORIGINS, https://a.example:443, which no browser sends; omit the default port",
        "TRUSTED_PROXIES, proxy.example, 'TRUSTED_PROXIES has \"proxy.example\", which is neither an IP address'",
        "TRUSTED_PROXIES, '10.0.0.1,,::1', 'TRUSTED_PROXIES has \"\", which is neither'",
        "TRUSTED_PROXIES, '10.0.0.1 10.0.0.2', TRUSTED_PROXIES has",
        "TRUSTED_PROXIES, 10.0.0.0/33, 'TRUSTED_PROXIES has \"10.0.0.0/33\", whose prefix is not from 1 to 32'",
        "TRUSTED_PROXIES, 0.0.0.0/0, whose prefix is not from 1 to 32",
        "TRUSTED_PROXIES, '::/0', whose prefix is not from 1 to 128",
        "TRUSTED_PROXIES, 10.0.0.0/-8, which is neither",
        "TRUSTED_PROXIES, 10.0.0.0/8/8, which is neither",
        "REDIS_HOST, cache.example:6379, REDIS_HOST must be the name or the IP address of a host",
        "REDIS_HOST, redis://cache.example, REDIS_HOST must be the name or the IP address of a host",
        "REDIS_HOST, user@cache.example, REDIS_HOST must be the name or the IP address of a host",
        "DB_HOST, mongodb://db.example/one, DB_HOST and DB_NAME name different databases",
        "ADMIN_PASSWORD, alone, ADMIN_USERNAME and ADMIN_PASSWORD go together",
        "ADMIN_RESET, true, ADMIN_RESET needs ADMIN_USERNAME and ADMIN_PASSWORD",
        "ADMIN_RESET, yes, ADMIN_RESET must be false or true",
        "FACTOR_REQUIRED_ROLES, Admin, FACTOR_REQUIRED_ROLES must be names of at most 32 characters",
        "FACTOR_REQUIRED_ROLES, 'admin,', FACTOR_REQUIRED_ROLES must be names of at most 32 characters",
        "FACTOR_REQUIRED_ROLES, 'admin user', FACTOR_REQUIRED_ROLES must be names of at most 32 characters",
        "FACTOR_REQUIRED_ROLES, **, FACTOR_REQUIRED_ROLES must be names of at most 32 characters",
        "FACTOR_REQUIRED_ROLES, 'a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q', FACTOR_REQUIRED_ROLES must have at most 16 roles",
        "SEARCH_FIELDS, 'a,', SEARCH_FIELDS must be names of custom fields at the top level",
        "SEARCH_FIELDS, a.b, SEARCH_FIELDS must be names of custom fields at the top level",
        "SEARCH_FIELDS, $where, SEARCH_FIELDS must be names of custom fields at the top level",
        "SEARCH_FIELDS, _server, SEARCH_FIELDS must be names of custom fields at the top level",
        "SEARCH_FIELDS, 'a,b,c,d,e,f,g,h,i', SEARCH_FIELDS must have at most 8 names",
        "AUTH_AUDIENCE, urn:gatehouse:enrolment, AUTH_AUDIENCE must not be urn:gatehouse:enrolment",
        "RP_ID, https://example.com, RP_ID must be a domain in lower case",
        "RP_ID, example.com:443, RP_ID must be a domain in lower case",
        "RP_ID, Example.com, RP_ID must be a domain in lower case",
        "RP_ID, 192.0.2.1, RP_ID must be a domain in lower case",
        "RP_ID, '[::1]', RP_ID must be a domain in lower case",
        "RP_ID, .example.com, RP_ID must be a domain in lower case",
        "RP_ID, example..com, RP_ID must be a domain in lower case",
        "RP_ID, läden.example, RP_ID must be a domain in lower case",
        "RP_ID, example.com, RP_ID needs RP_ORIGINS",
        "RP_ORIGINS, https://example.com, RP_ORIGINS needs RP_ID",
        "RP_ORIGINS, example.com, 'RP_ORIGINS has \"example.com\", which is neither an origin'",
        "RP_ORIGINS, 'https://a.example,', 'RP_ORIGINS has \"\", which is neither an origin'",
        "RP_ORIGINS, *, which is neither an origin",
        "RP_ORIGINS, ftp://a.example, which is neither an origin",
        "RP_ORIGINS, android:apk-key-hash:short, which is neither an origin",
        "RP_ORIGINS, https://a.example/, which no browser sends as an origin",
        "RP_ORIGINS, https://A.example, which no browser sends as an origin",
        "RP_ORIGINS, https://me@a.example, which no browser sends as an origin",
        "RP_ORIGINS, https://a.example:443, which no browser sends as an origin",
        "RP_ORIGINS, https://a.example?x, which no browser sends as an origin",
        "RP_ORIGINS, http://a.example, but browsers allow passkeys only with https",
        "RP_ORIGINS, http://localhost.example, but browsers allow passkeys only with https",
        "MAIL_FROM, accounts, MAIL_FROM must be an address",
        "MAIL_FROM, Example <accounts@example.com> x, MAIL_FROM must be an address",
        "MAIL_FROM, Example <accounts>, MAIL_FROM must be an address",
        "MAIL_FROM, 'a@example.com, b@example.com', MAIL_FROM must be an address",
        "MAIL_FROM, 'Ex\tample <accounts@example.com>', MAIL_FROM must be an address",
        "MAIL_LINKS, https://app.example.com/{purpose}, MAIL_LINKS must contain {proof}",
        "MAIL_LINKS, 'https://app.example.com/{Purpose}#{proof}', MAIL_LINKS must not contain { or } except",
        "MAIL_LINKS, '/reset#{proof}', MAIL_LINKS must be an absolute http or https URL",
        "MAIL_LINKS, 'https:///reset#{proof}', MAIL_LINKS must be an absolute http or https URL",
        "MAIL_LINKS, 'https:reset#{proof}', MAIL_LINKS must be an absolute http or https URL",
        "MAIL_LINKS, 'https://{proof}.example.com/', MAIL_LINKS must be an absolute http or https URL",
        "MAIL_LINKS, 'https://me@app.example.com/#{proof}', MAIL_LINKS must be an absolute http or https URL",
        "MAIL_LINKS, 'https://läden.example/#{proof}', MAIL_LINKS must be an absolute http or https URL",
        "MAIL_LINKS, 'https://app.example.com/a b#{proof}', MAIL_LINKS must be an absolute http or https URL",
        "MAIL_LINKS, 'javascript://app/{proof}', MAIL_LINKS must be an absolute http or https URL",
        "MAIL_LINKS, 'mailto:{proof}', MAIL_LINKS must be an absolute http or https URL",
        "MAIL_NOTICES, phone, MAIL_NOTICES must be none",
        "MAIL_NOTICES, 'password,', MAIL_NOTICES must be none",
        "MAIL_NOTICES, 'password,none', MAIL_NOTICES must be none",
        "PROOF_RESET_EXPIRY, 59999, PROOF_RESET_EXPIRY must be a whole number from 60000 to 2592000000",
        "PROOF_CHANGE_EXPIRY, 59999, PROOF_CHANGE_EXPIRY must be a whole number from 60000 to 2592000000",
        "PROOF_VERIFICATION_EXPIRY, P1D, PROOF_VERIFICATION_EXPIRY must be a whole number from 60000 to 2592000000",
        "PROOF_INVITATION_EXPIRY, 2592000001, PROOF_INVITATION_EXPIRY must be a whole number from 60000 to 2592000000",
        "PROOF_UNDO_EXPIRY, 2592000001, PROOF_UNDO_EXPIRY must be a whole number from 60000 to 2592000000"
    })
    void rejectsValuesOutOfBounds(String name, String value, String problem) {
        assertThatThrownBy(() ->
                        read(name.equals("DB_HOST") ? Map.of(name, value, "DB_NAME", "other") : Map.of(name, value)))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(problem);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://login.example.com",
                "https://login.example.com/accounts",
                "https://login.example.com:8443/a/b-c_d~1",
                "http://localhost:8080",
                "http://192.0.2.1:65535",
                "http://[::1]",
                "http://[2001:db8::1]:8080/accounts",
                "HTTPS://Login.example.com:443",
                "https://xn--lden-loa.example/%C3%A4",
            })
    void thePublicAddressIsTheIssuerAsTheOperatorWroteIt(String url) {
        Settings settings = read(Map.of("PUBLIC_URL", url));

        assertThat(settings.publicUrl()).hasToString(url);
        assertThat(settings.authIssuer()).isEqualTo(url);
        assertThat(read(Map.of("PUBLIC_URL", url, "AUTH_ISSUER", "us")).authIssuer())
                .isEqualTo("us");
    }

    @ParameterizedTest
    @CsvSource({
        "https://id.example, https://id.example",
        "https://id.example/, https://id.example",
        "http://[::1]:8080/accounts/, http://[::1]:8080/accounts",
        "gatehouse,",
        "urn:example:gatehouse,",
        "id.example,",
        "https://id.example//,",
        "https://id.example?tenant=1,",
        "https://me@id.example,",
        "/,",
    })
    void anIssuerThatIsAUrlIsThePublicAddress(String issuer, @Nullable String url) {
        Settings settings = read(Map.of("AUTH_ISSUER", issuer));

        assertThat(settings.authIssuer()).isEqualTo(issuer);
        assertThat(Optional.ofNullable(settings.publicUrl()).map(PublicUrl::toString))
                .isEqualTo(Optional.ofNullable(url));
    }

    @Test
    void thePublicAddressPrevailsOverTheAddressInTheIssuer() {
        Settings settings = read(Map.of("AUTH_ISSUER", "https://id.example", "PUBLIC_URL", "https://a.example/b"));

        assertThat(settings.authIssuer()).isEqualTo("https://id.example");
        assertThat(settings.publicUrl()).hasToString("https://a.example/b");
    }

    @Test
    void neverPrintsASecret() {
        Settings settings = read(Map.of(
                "DB_HOST", "mongodb://user:hunter2@db", "ADMIN_USERNAME", "root", "ADMIN_PASSWORD", "hunter2hunter2"));

        assertThat(settings.toString())
                .doesNotContain("hunter2")
                .doesNotContain(AUTH_KEY)
                .contains("[REDACTED]");
    }

    /** Returns the required settings, with the setting {@code otherName} in place of the setting {@code name}. */
    private static Map<String, String> replacing(String name, String otherName, String value) {
        Map<String, String> settings = new HashMap<>(REQUIRED);
        settings.remove(name);
        settings.put(otherName, value);
        return settings;
    }

    private static Settings read(Map<String, String> overrides) {
        Map<String, String> all = new HashMap<>(REQUIRED);
        all.putAll(overrides);
        return Settings.read(SettingSources.of(all), NO_RULES);
    }
}
