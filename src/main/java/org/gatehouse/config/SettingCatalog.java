package org.gatehouse.config;

import io.netty.util.NetUtil;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.gatehouse.identity.Roles;

/**
 * The catalog of settings: name, type, bounds, default and description of each. A test compares it with
 * {@code docs/configuration.md} and {@code .env.example}.
 */
public final class SettingCatalog {
    /** RFC 7518, section 3.2: a key for HS256 must be at least as long as the output of SHA-256. */
    private static final int AUTH_KEY_MIN_BYTES = 32;

    static final String KEY_COMMAND = "openssl rand -base64 48";

    private static final Pattern STORE_NAME = Pattern.compile("[A-Za-z0-9_-]{1,60}");

    static final String STORE_NAME_RULE = "may hold letters, digits, - and _, at most 60 of them";

    /** A host name or an IPv4 address. IPv6 addresses are checked separately. */
    private static final Pattern HOST_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}");

    static final int PASSWORD_MIN_LENGTH_MIN = 8;

    private static final Pattern METRICS_TOKEN_PATTERN = Pattern.compile("[!-~]{16,}");

    /** MongoDB allows 64 indexes in a collection, and each index makes writes slower. */
    private static final int MAX_SEARCH_FIELDS = 8;

    private static final Pattern FIELD_NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]{0,63}");

    static final Setting<Secret> AUTH_KEY = Setting.secret(
            "AUTH_KEY",
            "Required secret of at least 32 bytes, the same on every node; it encrypts the stored signing keys, or signs tokens with `HS256`.",
            SettingCatalog::authKey);
    static final Setting<Secret> AUTH_KEY_PREVIOUS = Setting.secret(
            "AUTH_KEY_PREVIOUS",
            "A second `AUTH_KEY` while `AUTH_KEY` is being changed; signing keys and tokens of both are accepted.",
            SettingCatalog::authKey);
    static final Setting<Settings.TokenAlgorithm> AUTH_ALG = Setting.choice(
            "AUTH_ALG",
            Settings.TokenAlgorithm.ES256,
            "Algorithm of token signatures: `ES256` with keys that Gatehouse creates, or `HS256` with `AUTH_KEY` itself.");
    static final Setting<Duration> AUTH_KEY_ROTATION = Setting.span(
            "AUTH_KEY_ROTATION",
            Duration.ofDays(30),
            Duration.ofHours(1),
            Duration.ofDays(366),
            "Time for which an `ES256` key signs until the next one replaces it, as an ISO-8601 duration or in ms, from `PT1H` to `P366D`.");
    static final Setting<Integer> AUTH_EXPIRY = Setting.number(
            "AUTH_EXPIRY", 600_000, 1_000, 86_400_000, "Lifetime of an access token in ms, from 1000 to 86400000.");
    static final Setting<Integer> STEP_UP_MAX_AGE = Setting.number(
            "STEP_UP_MAX_AGE",
            600_000,
            1_000,
            86_400_000,
            "Time in ms after a login in which sensitive calls need no further authentication, from 1000 to 86400000.");
    static final Setting<PublicUrl> PUBLIC_URL = new Setting<>(
            "PUBLIC_URL",
            "Address under which clients reach Gatehouse, such as `https://login.example.com/accounts`, without a final slash; a URL in `AUTH_ISSUER` is the default.",
            null,
            false,
            PublicUrl::parse);
    static final Setting<String> AUTH_ISSUER = Setting.text(
            "AUTH_ISSUER",
            "gatehouse",
            "Value of the claim `iss` of new tokens; `PUBLIC_URL`, if it is set, is the default.");
    static final Setting<String> AUTH_ISSUER_PREVIOUS = Setting.text(
            "AUTH_ISSUER_PREVIOUS",
            null,
            "A second issuer while `AUTH_ISSUER` or `PUBLIC_URL` is being changed; tokens of both are accepted.");
    static final Setting<String> AUTH_TOKEN_TYPE = new Setting<>(
            "AUTH_TOKEN_TYPE",
            "The `typ` of new tokens: `at+jwt` as in RFC 9068, or `JWT` for services that reject `at+jwt`; Gatehouse accepts both.",
            "at+jwt",
            false,
            SettingCatalog::tokenType);
    static final Setting<String> AUTH_AUDIENCE = new Setting<>(
            "AUTH_AUDIENCE",
            "Value of the claim `aud`, which every token must have.",
            "gatehouse",
            false,
            SettingCatalog::audience);
    static final Setting<Duration> REFRESH_IDLE = Setting.span(
            "REFRESH_IDLE",
            Duration.ofDays(7),
            Duration.ofSeconds(1),
            Duration.ofDays(366),
            "Time after which a session without a refresh ends, as an ISO-8601 duration or in ms, up to `P366D`.");
    static final Setting<Duration> REFRESH_MAX = Setting.span(
            "REFRESH_MAX",
            Duration.ofDays(30),
            Duration.ofSeconds(1),
            Duration.ofDays(366),
            "Time after which every session ends, as an ISO-8601 duration or in ms, up to `P366D`.");
    static final Setting<MongoUri> DB_HOST = Setting.secret(
            "DB_HOST",
            "Required connection string of MongoDB, which begins with `mongodb://` or `mongodb+srv://`.",
            MongoUri::parse);
    static final Setting<String> DB_NAME = name(
            "DB_NAME", "gatehouse", "Name of the database; the path of `DB_HOST`, if it names one, is the default.");
    static final Setting<String> DB_COLLECTION_USERS =
            name("DB_COLLECTION_USERS", "users", "Name of the collection that holds the users.");
    static final Setting<Integer> AUDIT_DAYS = Setting.number(
            "AUDIT_DAYS", 365, 1, 3_650, "Number of days for which new audit entries are kept, from 1 to 3650.");
    static final Setting<String> REDIS_HOST = new Setting<>(
            "REDIS_HOST",
            "Host of a single Redis without a password, required unless `REDIS_URL` is set.",
            null,
            false,
            SettingCatalog::hostName);
    static final Setting<Integer> REDIS_PORT =
            Setting.number("REDIS_PORT", 6379, 1, 65_535, "Port of `REDIS_HOST`, from 1 to 65535.");
    static final Setting<RedisUrl> REDIS_URL = Setting.secret(
            "REDIS_URL",
            "Address of Redis in place of `REDIS_HOST`: `redis://[user:password@]host:port[/database]`, `redis://host:port,host:port` for a Cluster, or `redis-sentinel://host:port,host:port#name`; `rediss` instead of `redis` selects TLS.",
            RedisUrl::parse);
    static final Setting<Integer> REDIS_EXPIRY_SECS = Setting.number(
            "REDIS_EXPIRY_SECS",
            3_600,
            1,
            604_800,
            "Time in seconds for which a user or a session stays in the cache, from 1 to 604800.");
    static final Setting<Integer> NEAR_CACHE_MIB = Setting.number(
            "NEAR_CACHE_MIB",
            16,
            0,
            1_024,
            "Memory in MiB for copies of cached users and sessions in the node itself, from 0 to 1024; 0 keeps no copies.");
    static final Setting<Boolean> READS_WITHOUT_DB = Setting.either(
            "READS_WITHOUT_DB",
            "brief",
            "lasting",
            "Use of the cache while MongoDB is unavailable: `brief` for 2 s, or `lasting` until it returns, although another node may have changed the data.");
    static final Setting<Integer> PASSWORD_MIN_LENGTH = Setting.number(
            "PASSWORD_MIN_LENGTH",
            15,
            PASSWORD_MIN_LENGTH_MIN,
            64,
            "Minimum length of a new password in code points, from 8 to 64.");
    static final Setting<Integer> ARGON2_MEMORY_KIB = Setting.number(
            "ARGON2_MEMORY_KIB", 19_456, 19_456, 1_048_576, "Memory of Argon2id in KiB, from 19456 to 1048576.");
    static final Setting<Integer> ARGON2_ITERATIONS =
            Setting.number("ARGON2_ITERATIONS", 2, 2, 20, "Passes of Argon2id, from 2 to 20.");
    static final Setting<Boolean> REGISTRATION = Setting.either(
            "REGISTRATION",
            "closed",
            "open",
            "Clients that may create users: `closed` for administrators only, or `open` for all clients.");
    static final Setting<String> ADMIN_USERNAME = Setting.text(
            "ADMIN_USERNAME",
            null,
            "Name of the administrator that the start creates if none exists; needs `ADMIN_PASSWORD`.");
    static final Setting<Secret> ADMIN_PASSWORD = Setting.secret(
            "ADMIN_PASSWORD",
            "Password of `ADMIN_USERNAME`, used only if the start creates or resets this user.",
            Secret::new);
    static final Setting<Boolean> ADMIN_RESET = Setting.either(
            "ADMIN_RESET",
            "false",
            "true",
            "At the start, `true` makes `ADMIN_USERNAME` an active administrator with `ADMIN_PASSWORD` and ends this user's sessions; remove the setting afterwards.");
    static final Setting<Set<String>> SEARCH_FIELDS = new Setting<>(
            "SEARCH_FIELDS",
            "Names of at most 8 custom fields, separated by commas, in which `GET /user?search=` searches; the start creates an index for each.",
            null,
            false,
            SettingCatalog::fieldNames);
    static final Setting<Set<String>> FACTOR_REQUIRED_ROLES = new Setting<>(
            "FACTOR_REQUIRED_ROLES",
            "Roles, separated by commas, whose users need a second factor; until they add one, they can call nothing else.",
            null,
            false,
            SettingCatalog::roles);
    static final Setting<List<AddressRange>> TRUSTED_PROXIES = new Setting<>(
            "TRUSTED_PROXIES",
            "IP addresses and CIDR ranges, separated by commas, of the proxies whose headers about the client's address are trusted.",
            null,
            false,
            AddressRange::parseAll);
    static final Setting<Set<String>> CORS_ORIGINS = new Setting<>(
            "CORS_ORIGINS",
            "Origins whose pages may call from a browser, such as `https://app.example.com`, separated by commas, or `*` for all.",
            null,
            false,
            CorsOrigins::parse);
    static final Setting<String> RP_ID = new Setting<>(
            "RP_ID",
            "Domain that passkeys belong to, such as `example.com`; the host of `PUBLIC_URL` is the default.",
            null,
            false,
            PasskeySettings::parseRpId);
    static final Setting<Set<String>> RP_ORIGINS = new Setting<>(
            "RP_ORIGINS",
            "Origins that may use passkeys, separated by commas: pages at `RP_ID` or below it, such as `https://app.example.com`, and apps, such as `android:apk-key-hash:…`; the origin of `PUBLIC_URL` is the default.",
            null,
            false,
            PasskeySettings::parseOrigins);

    static final Setting<Long> IMPORT_MAX_BYTES = Setting.longNumber(
            "IMPORT_MAX_BYTES",
            1L << 30,
            1L << 16,
            1L << 40,
            "Maximum size of an import's body in bytes, from 65536 to 1099511627776; the body is held in a temporary file.");

    static final Setting<SmtpUrl> SMTP_URL = Setting.secret(
            "SMTP_URL",
            "Address of the mail server: `smtp://[user:password@]host[:port]` with `?starttls=required` (the default), `offered` or `never`, or `smtps://…`; without it, Gatehouse sends no mail.",
            SmtpUrl::parse);
    static final Setting<MailFrom> MAIL_FROM = new Setting<>(
            "MAIL_FROM",
            "Sender of mails, an address or `Name <address>`; the user of `SMTP_URL`, if it is an address, is the default.",
            null,
            false,
            MailFrom::parse);
    static final Setting<MailLinks> MAIL_LINKS = new Setting<>(
            "MAIL_LINKS",
            "Pattern of the links in mails, such as `https://app.example.com/{purpose}#proof={proof}`; `{PUBLIC_URL}/account/{purpose}#proof={proof}` is the default.",
            null,
            false,
            MailLinks::parse);
    static final Setting<Path> MAIL_TEMPLATES = new Setting<>(
            "MAIL_TEMPLATES",
            "Directory with templates and texts that replace those of Gatehouse.",
            null,
            false,
            MailSettings::parseDirectory);
    static final Setting<Set<MailSettings.Notice>> MAIL_NOTICES = new Setting<>(
            "MAIL_NOTICES",
            "Events about which users get a mail: some of `password`, `email`, `device` and `factor`, separated by commas, or `none`.",
            "password,email,device,factor",
            false,
            MailSettings::parseNotices);
    static final Setting<Long> PROOF_RESET_EXPIRY =
            proofExpiry("PROOF_RESET_EXPIRY", Duration.ofMinutes(10), "Lifetime of a link that resets a password");
    static final Setting<Long> PROOF_CHANGE_EXPIRY = proofExpiry(
            "PROOF_CHANGE_EXPIRY", Duration.ofMinutes(30), "Lifetime of a link that confirms a change of address");
    static final Setting<Long> PROOF_VERIFICATION_EXPIRY = proofExpiry(
            "PROOF_VERIFICATION_EXPIRY", Duration.ofHours(24), "Lifetime of a link that verifies an address");
    static final Setting<Long> PROOF_INVITATION_EXPIRY =
            proofExpiry("PROOF_INVITATION_EXPIRY", Duration.ofDays(7), "Lifetime of an invitation");
    static final Setting<Long> PROOF_UNDO_EXPIRY =
            proofExpiry("PROOF_UNDO_EXPIRY", Duration.ofDays(3), "Lifetime of a link that undoes a change of address");

    static final Setting<Secret> METRICS_TOKEN = Setting.secret(
            "METRICS_TOKEN",
            "Bearer token of `GET /metrics`, at least 16 visible ASCII characters; without it, only calls from the same machine are accepted.",
            SettingCatalog::metricsToken);

    static final Setting<Duration> SHUTDOWN_DELAY = Setting.span(
            "SHUTDOWN_DELAY",
            Duration.ZERO,
            Duration.ZERO,
            Duration.ofMinutes(5),
            "Time for which a stopping node is not ready but serves requests, as an ISO-8601 duration or in ms, up to `PT5M`.");

    static final Setting<Boolean> LOG_FORMAT = Setting.either(
            "LOG_FORMAT", "text", "json", "Format of log lines: `text`, or `json` with one object per line.");

    // Only the development server uses APP_HOST and APP_PORT. In a deployment, the container chooses address and port.
    static final Setting<String> APP_HOST =
            Setting.text("APP_HOST", "localhost", "Address on which `mvn jetty:run` listens; not used elsewhere.");
    static final Setting<Integer> APP_PORT =
            Setting.number("APP_PORT", 8080, 1, 65_535, "Port on which `mvn jetty:run` listens; not used elsewhere.");

    /** Returns every setting, in the order of {@code docs/configuration.md}. */
    static List<Setting<?>> all() {
        return List.of(
                AUTH_KEY,
                AUTH_KEY_PREVIOUS,
                AUTH_ALG,
                AUTH_KEY_ROTATION,
                AUTH_EXPIRY,
                STEP_UP_MAX_AGE,
                PUBLIC_URL,
                AUTH_ISSUER,
                AUTH_ISSUER_PREVIOUS,
                AUTH_AUDIENCE,
                AUTH_TOKEN_TYPE,
                REFRESH_IDLE,
                REFRESH_MAX,
                DB_HOST,
                DB_NAME,
                DB_COLLECTION_USERS,
                AUDIT_DAYS,
                REDIS_HOST,
                REDIS_PORT,
                REDIS_URL,
                REDIS_EXPIRY_SECS,
                NEAR_CACHE_MIB,
                READS_WITHOUT_DB,
                PASSWORD_MIN_LENGTH,
                ARGON2_MEMORY_KIB,
                ARGON2_ITERATIONS,
                REGISTRATION,
                ADMIN_USERNAME,
                ADMIN_PASSWORD,
                ADMIN_RESET,
                SEARCH_FIELDS,
                FACTOR_REQUIRED_ROLES,
                TRUSTED_PROXIES,
                CORS_ORIGINS,
                RP_ID,
                RP_ORIGINS,
                IMPORT_MAX_BYTES,
                SMTP_URL,
                MAIL_FROM,
                MAIL_LINKS,
                MAIL_TEMPLATES,
                MAIL_NOTICES,
                PROOF_RESET_EXPIRY,
                PROOF_CHANGE_EXPIRY,
                PROOF_VERIFICATION_EXPIRY,
                PROOF_INVITATION_EXPIRY,
                PROOF_UNDO_EXPIRY,
                METRICS_TOKEN,
                SHUTDOWN_DELAY,
                LOG_FORMAT,
                APP_HOST,
                APP_PORT);
    }

    /** Returns the names of all settings without the prefix. A secret also has a name with the suffix {@code _FILE}. */
    public static List<String> names() {
        return all().stream()
                .flatMap(setting -> setting.secret()
                        ? Stream.of(setting.name(), setting.name() + SettingSources.FILE_SUFFIX)
                        : Stream.of(setting.name()))
                .toList();
    }

    private SettingCatalog() {}

    private static Secret authKey(String text) {
        Secret key = new Secret(text);
        if (key.bytes().length < AUTH_KEY_MIN_BYTES) {
            throw new IllegalArgumentException("is shorter than " + AUTH_KEY_MIN_BYTES
                    + " bytes, so it can be guessed. Make a good one with: " + KEY_COMMAND);
        }
        return key;
    }

    /** The token must be long, because the number of attempts to guess it is not limited. */
    private static Secret metricsToken(String text) {
        if (!METRICS_TOKEN_PATTERN.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "must have 16 visible ASCII characters or more. Make one with: " + KEY_COMMAND);
        }
        return new Secret(text);
    }

    private static String tokenType(String text) {
        if (!text.equals("at+jwt") && !text.equals("JWT")) {
            throw new IllegalArgumentException("must be at+jwt or JWT");
        }
        return text;
    }

    private static Set<String> roles(String text) {
        List<String> roles =
                Arrays.stream(text.split(",", -1)).map(String::strip).toList();
        Roles.violation(roles).ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
        });
        return Set.copyOf(roles);
    }

    private static Set<String> fieldNames(String text) {
        Set<String> names = Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .collect(Collectors.toCollection(LinkedHashSet::new));
        if (names.size() > MAX_SEARCH_FIELDS) {
            throw new IllegalArgumentException("must have at most " + MAX_SEARCH_FIELDS + " names");
        }
        if (!names.stream().allMatch(name -> FIELD_NAME.matcher(name).matches())) {
            throw new IllegalArgumentException(
                    "must be names of custom fields at the top level, separated by commas: a letter first, then letters,"
                            + " digits or _, at most 64 in all");
        }
        return Collections.unmodifiableSet(names);
    }

    private static String audience(String text) {
        if (text.equals(Settings.ENROLMENT_AUDIENCE)) {
            throw new IllegalArgumentException(
                    "must not be " + text + ", which is the audience of tokens that only allow to add a second factor");
        }
        return text;
    }

    private static String hostName(String text) {
        if (!HOST_NAME.matcher(text).matches() && !NetUtil.isValidIpV6Address(text)) {
            throw new IllegalArgumentException("must be the name or the IP address of a host; the port is REDIS_PORT,"
                    + " and an address such as redis://host:6379 is REDIS_URL");
        }
        return text;
    }

    static boolean isStoreName(String text) {
        return STORE_NAME.matcher(text).matches();
    }

    private static Setting<Long> proofExpiry(String name, Duration defaultExpiry, String subject) {
        return Setting.longNumber(
                name,
                defaultExpiry.toMillis(),
                Duration.ofMinutes(1).toMillis(),
                Duration.ofDays(30).toMillis(),
                subject + ", in ms, from 60000 to 2592000000.");
    }

    private static Setting<String> name(String name, String defaultText, String meaning) {
        return new Setting<>(name, meaning, defaultText, false, text -> {
            if (!isStoreName(text)) {
                throw new IllegalArgumentException(STORE_NAME_RULE);
            }
            return text;
        });
    }
}
