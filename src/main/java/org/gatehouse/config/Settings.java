package org.gatehouse.config;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.gatehouse.config.EffectiveSetting.Derived;
import org.jspecify.annotations.Nullable;

/**
 * The values of the settings. Required values are present, and every value is within its bounds, so other code does not
 * check values again.
 *
 * @param stepUpMaxAge the age of an authentication up to which sensitive calls accept it
 * @param publicUrl the address under which clients reach the service, if it is known
 * @param previousIssuer a second accepted issuer
 * @param tokenType the {@code typ} of new tokens
 * @param searchFields the custom fields in which administrators can search
 * @param factorRequiredRoles the roles whose users need a second factor
 * @param corsOrigins the allowed origins, or {@code *} for all
 * @param mail the settings of mails; null if no mail server is set
 * @param passkeys the relying party of passkeys; null if passkeys are not configured
 * @param effective all settings of the catalog as operators may see them, in its order
 */
public record Settings(
        AuthKeys authKeys,
        TokenAlgorithm authAlgorithm,
        Duration authKeyRotation,
        Duration authExpiry,
        Duration stepUpMaxAge,
        @Nullable PublicUrl publicUrl,
        String authIssuer,
        @Nullable String previousIssuer,
        String authAudience,
        String tokenType,
        Duration refreshIdle,
        Duration refreshMax,
        Secret mongoUri,
        String databaseName,
        String usersCollection,
        Duration auditKept,
        RedisUrl redis,
        boolean readingWithoutStore,
        Duration cacheExpiry,
        long nearCacheBytes,
        int passwordMinLength,
        int argon2MemoryKib,
        int argon2Iterations,
        boolean registrationOpen,
        @Nullable FirstAdministrator firstAdministrator,
        Set<String> searchFields,
        Set<String> factorRequiredRoles,
        List<AddressRange> trustedProxies,
        Set<String> corsOrigins,
        long importMaxBytes,
        @Nullable Secret metricsToken,
        Duration shutdownDelay,
        boolean logAsJson,
        @Nullable MailSettings mail,
        @Nullable PasskeySettings passkeys,
        List<EffectiveSetting> effective) {
    /** The audience of a token that only allows to add a second factor. No other service accepts it. */
    public static final String ENROLMENT_AUDIENCE = "urn:gatehouse:enrolment";

    /**
     * The account that is created if no administrator exists.
     *
     * @param reset whether the account is created or reset even if an administrator exists
     */
    public record FirstAdministrator(String username, Secret password, boolean reset) {}

    /** The rules for the account of the first administrator. The package {@code admin} implements them. */
    @FunctionalInterface
    public interface AccountRules {
        /**
         * Returns the problems with {@code ADMIN_USERNAME} and {@code ADMIN_PASSWORD}. Each problem is a sentence that
         * begins with the setting's name and omits the password. The argument of a missing or invalid setting is null.
         */
        List<String> problems(@Nullable String username, @Nullable Secret password, int passwordMinLength);
    }

    /** The algorithm of token signatures: ECDSA with P-256, or HMAC with a shared secret (RFC 7518, section 3.1). */
    public enum TokenAlgorithm {
        ES256,
        HS256
    }

    /**
     * Reads and checks every setting.
     *
     * @throws SettingsException with a message that names every missing or invalid setting
     */
    public static Settings read(SettingSources sources, AccountRules rules) {
        SettingsReader reader = new SettingsReader(sources);
        Secret authKey = reader.required(
                SettingCatalog.AUTH_KEY, new Secret(""), " Make one with: " + SettingCatalog.KEY_COMMAND);
        int passwordMinLength = reader.withDefault(SettingCatalog.PASSWORD_MIN_LENGTH);
        PublicUrl publicUrl = reader.optional(SettingCatalog.PUBLIC_URL);
        String issuer = issuerFrom(reader, publicUrl);
        PublicUrl address = publicUrl == null ? PublicUrl.ofIssuer(issuer).orElse(null) : publicUrl;
        MongoUri mongo = reader.required(SettingCatalog.DB_HOST, new MongoUri(new Secret(""), null), "");
        PasskeySettings passkeys = PasskeySettings.from(reader, address);
        Settings settings = new Settings(
                new AuthKeys(authKey, reader.optional(SettingCatalog.AUTH_KEY_PREVIOUS)),
                reader.withDefault(SettingCatalog.AUTH_ALG),
                reader.withDefault(SettingCatalog.AUTH_KEY_ROTATION),
                Duration.ofMillis(reader.withDefault(SettingCatalog.AUTH_EXPIRY)),
                Duration.ofMillis(reader.withDefault(SettingCatalog.STEP_UP_MAX_AGE)),
                address,
                issuer,
                reader.optional(SettingCatalog.AUTH_ISSUER_PREVIOUS),
                reader.withDefault(SettingCatalog.AUTH_AUDIENCE),
                reader.withDefault(SettingCatalog.AUTH_TOKEN_TYPE),
                reader.withDefault(SettingCatalog.REFRESH_IDLE),
                reader.withDefault(SettingCatalog.REFRESH_MAX),
                mongo.text(),
                databaseFrom(reader, mongo),
                reader.withDefault(SettingCatalog.DB_COLLECTION_USERS),
                Duration.ofDays(reader.withDefault(SettingCatalog.AUDIT_DAYS)),
                redisFrom(reader),
                reader.withDefault(SettingCatalog.READS_WITHOUT_DB),
                Duration.ofSeconds(reader.withDefault(SettingCatalog.REDIS_EXPIRY_SECS)),
                (long) reader.withDefault(SettingCatalog.NEAR_CACHE_MIB) << 20,
                passwordMinLength,
                reader.withDefault(SettingCatalog.ARGON2_MEMORY_KIB),
                reader.withDefault(SettingCatalog.ARGON2_ITERATIONS),
                reader.withDefault(SettingCatalog.REGISTRATION),
                administratorFrom(reader, rules, passwordMinLength),
                Objects.requireNonNullElse(reader.optional(SettingCatalog.SEARCH_FIELDS), Set.of()),
                Objects.requireNonNullElse(reader.optional(SettingCatalog.FACTOR_REQUIRED_ROLES), Set.of()),
                Objects.requireNonNullElse(reader.optional(SettingCatalog.TRUSTED_PROXIES), List.of()),
                Objects.requireNonNullElse(reader.optional(SettingCatalog.CORS_ORIGINS), Set.of()),
                reader.withDefault(SettingCatalog.IMPORT_MAX_BYTES),
                reader.optional(SettingCatalog.METRICS_TOKEN),
                reader.withDefault(SettingCatalog.SHUTDOWN_DELAY),
                reader.withDefault(SettingCatalog.LOG_FORMAT),
                MailSettings.from(reader, address),
                passkeys,
                reader.effective(derived(mongo, issuer, address, passkeys)));
        reader.throwIfAny();
        return settings;
    }

    /** Returns the defaults that follow from other settings, by the name of the setting. They apply only if it is not set. */
    private static Map<String, Derived> derived(
            MongoUri mongo, String issuer, @Nullable PublicUrl address, @Nullable PasskeySettings passkeys) {
        Map<String, Derived> derived = new HashMap<>();
        if (mongo.database() != null) {
            derived.put(SettingCatalog.DB_NAME.name(), new Derived(mongo.database(), SettingCatalog.DB_HOST.name()));
        }
        if (address == null) {
            return derived;
        }
        String publicUrl = SettingCatalog.PUBLIC_URL.name();
        derived.put(publicUrl, new Derived(address.toString(), SettingCatalog.AUTH_ISSUER.name()));
        derived.put(SettingCatalog.AUTH_ISSUER.name(), new Derived(issuer, publicUrl));
        if (passkeys != null) {
            derived.put(SettingCatalog.RP_ID.name(), new Derived(passkeys.rpId(), publicUrl));
            derived.put(SettingCatalog.RP_ORIGINS.name(), new Derived(String.join(",", passkeys.origins()), publicUrl));
        }
        return derived;
    }

    private static String issuerFrom(SettingsReader reader, @Nullable PublicUrl publicUrl) {
        String named = reader.optional(SettingCatalog.AUTH_ISSUER);
        if (named != null) {
            return named;
        }
        return publicUrl == null
                ? Objects.requireNonNull(SettingCatalog.AUTH_ISSUER.defaultText())
                : publicUrl.toString();
    }

    private static RedisUrl redisFrom(SettingsReader reader) {
        RedisUrl url = reader.optional(SettingCatalog.REDIS_URL);
        String host = reader.optional(SettingCatalog.REDIS_HOST);
        int port = reader.withDefault(SettingCatalog.REDIS_PORT);
        if (url != null && host != null) {
            reader.addProblem("REDIS_URL and REDIS_HOST are both set; keep one.");
        }
        if (url == null && host == null && reader.allRead(SettingCatalog.REDIS_URL, SettingCatalog.REDIS_HOST)) {
            reader.addProblem("REDIS_HOST (or REDIS_URL) is missing. " + SettingCatalog.REDIS_HOST.description());
        }
        return url == null ? RedisUrl.of(Objects.requireNonNullElse(host, "localhost"), port) : url;
    }

    private static String databaseFrom(SettingsReader reader, MongoUri mongo) {
        String named = reader.optional(SettingCatalog.DB_NAME);
        String inPath = mongo.database();
        String byDefault = inPath == null ? Objects.requireNonNull(SettingCatalog.DB_NAME.defaultText()) : inPath;
        String database = named == null ? byDefault : named;
        if (!reader.allRead(SettingCatalog.DB_HOST, SettingCatalog.DB_NAME)) {
            return database;
        }
        if (named == null && MongoUri.isServerDatabase(database)) {
            reader.addProblem("DB_HOST names the database " + database
                    + ", which belongs to MongoDB itself. To use it only for authentication, write ?authSource="
                    + database + " instead. To store data in it, set DB_NAME to " + database + ".");
        } else if (inPath != null && !inPath.equals(database)) {
            reader.addProblem(
                    "DB_HOST and DB_NAME name different databases; keep one. If the database in DB_HOST is only for"
                            + " authentication, write it as ?authSource=… instead.");
        }
        return database;
    }

    private static @Nullable FirstAdministrator administratorFrom(
            SettingsReader reader, AccountRules rules, int passwordMinLength) {
        String username = reader.optional(SettingCatalog.ADMIN_USERNAME);
        Secret password = reader.optional(SettingCatalog.ADMIN_PASSWORD);
        boolean reset = reader.withDefault(SettingCatalog.ADMIN_RESET);
        if (reader.allRead(SettingCatalog.ADMIN_USERNAME, SettingCatalog.ADMIN_PASSWORD)) {
            if ((username == null) != (password == null)) {
                reader.addProblem("ADMIN_USERNAME and ADMIN_PASSWORD go together; only one of them is set.");
            } else if (reset && username == null) {
                reader.addProblem("ADMIN_RESET needs ADMIN_USERNAME and ADMIN_PASSWORD.");
            }
        }
        // If the minimum length could not be read, the password is checked against the lowest allowed minimum.
        int minLength = reader.allRead(SettingCatalog.PASSWORD_MIN_LENGTH)
                ? passwordMinLength
                : SettingCatalog.PASSWORD_MIN_LENGTH_MIN;
        rules.problems(username, password, minLength).forEach(reader::addProblem);
        return username == null || password == null ? null : new FirstAdministrator(username, password, reset);
    }
}
