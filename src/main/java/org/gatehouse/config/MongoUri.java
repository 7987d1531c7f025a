package org.gatehouse.config;

import com.mongodb.ConnectionString;
import com.mongodb.MongoClientSettings;
import com.mongodb.MongoCompressor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A connection string that the MongoDB driver accepts, and that needs only libraries in the WAR.
 *
 * <p>Error messages contain neither the string nor the driver's message, because both may contain a password.
 *
 * @param database the database in the path of the string; null if absent
 */
record MongoUri(Secret text, @Nullable String database) {
    private static final String NOT_A_URI = "is not a MongoDB connection string (mongodb://host:27017)";

    /** The databases in which MongoDB stores its own data. */
    private static final Set<String> SERVER_DATABASES = Set.of("admin", "config", "local");

    /** The class that each compressor needs. The compressor zlib is not listed, because it is part of Java. */
    private static final Map<String, String> COMPRESSORS =
            Map.of("zstd", "com.github.luben.zstd.Zstd", "snappy", "org.xerial.snappy.Snappy");

    /** The TLS options that the Java driver reads. The driver ignores other TLS options, such as a key file. */
    private static final Set<String> TLS_OPTIONS =
            Set.of("tls", "ssl", "tlsinsecure", "tlsallowinvalidhostnames", "sslinvalidhostnameallowed");

    /**
     * Reads a connection string.
     *
     * @throws IllegalArgumentException if the string is invalid; the message follows the setting's name
     */
    static MongoUri parse(String text) {
        if (text.codePoints().anyMatch(letter -> Character.isWhitespace(letter) || Character.isISOControl(letter))) {
            throw new IllegalArgumentException(NOT_A_URI + ": it has a blank or a control character");
        }
        requireEncodedCredentials(text);
        ConnectionString uri = parseWithDriver(text);
        if (uri == null) {
            throw new IllegalArgumentException(reason(text));
        }
        requireLibraries(uri);
        requireSupportedTlsOptions(text);
        if (isOidcWithoutEnvironment(uri)) {
            throw new IllegalArgumentException("names authMechanism=MONGODB-OIDC, which needs"
                    + " authMechanismProperties=ENVIRONMENT:azure, ENVIRONMENT:gcp or ENVIRONMENT:k8s");
        }
        return new MongoUri(new Secret(text), database(uri));
    }

    /** Rejects unencoded {@code /} and {@code ?} in a password. The log could show what follows them. */
    private static void requireEncodedCredentials(String text) {
        int scheme = text.indexOf("://");
        String rest = scheme < 0 ? "" : text.substring(scheme + 3);
        int hostsEnd = rest.split("[/?]", 2)[0].length();
        if (rest.indexOf('@', hostsEnd) >= 0) {
            throw new IllegalArgumentException(NOT_A_URI + ": an @ follows a / or ?. " + RedisUrl.ENCODE);
        }
    }

    private static @Nullable ConnectionString parseWithDriver(String text) {
        try {
            ConnectionString uri = new ConnectionString(text);
            // The builder checks more than the constructor, for example the minimum and maximum size of the pool.
            var unused =
                    MongoClientSettings.builder().applyConnectionString(uri).build();
            return uri;
        } catch (RuntimeException malformed) {
            return null;
        }
    }

    private static String reason(String text) {
        if (!text.startsWith("mongodb://") && !text.startsWith("mongodb+srv://")) {
            return NOT_A_URI + ": it does not begin with mongodb:// or mongodb+srv://";
        }
        String culprit = options(text).stream()
                .filter(option -> parseWithDriver(text.replace(option, "appName=gatehouse")) != null)
                .map(MongoUri::name)
                .filter(name -> name.matches("[A-Za-z]{1,40}"))
                .findFirst()
                .orElse(null);
        if (culprit != null) {
            return NOT_A_URI + ": the option " + culprit + " is not valid";
        }
        return text.contains("@") ? NOT_A_URI + ". " + RedisUrl.ENCODE : NOT_A_URI;
    }

    private static void requireLibraries(ConnectionString uri) {
        for (MongoCompressor compressor : uri.getCompressorList()) {
            String className = COMPRESSORS.get(compressor.getName());
            if (className != null) {
                requireLibrary("compressors=" + compressor.getName(), className);
            }
        }
        if (uri.getHosts().stream().anyMatch(host -> host.endsWith(".sock"))) {
            requireLibrary("a Unix domain socket", "jnr.unixsocket.UnixSocketAddress");
        }
    }

    private static void requireLibrary(String use, String className) {
        try {
            Class.forName(className, false, ConnectionString.class.getClassLoader());
        } catch (ClassNotFoundException absent) {
            throw new IllegalArgumentException("names " + use + ", which needs a library that is not part of Gatehouse"
                    + " (" + className + ")" + (use.startsWith("compressors") ? "; compressors=zlib works" : ""));
        }
    }

    private static void requireSupportedTlsOptions(String text) {
        String ignored = options(text).stream()
                .map(MongoUri::name)
                .filter(name -> name.matches("(?i)(tls|ssl)[A-Za-z_]{0,40}"))
                .filter(Predicate.not(name -> TLS_OPTIONS.contains(name.toLowerCase(Locale.ROOT))))
                .collect(Collectors.joining(", "));
        if (!ignored.isEmpty()) {
            throw new IllegalArgumentException("has the option " + ignored + ", which the Java driver does not read;"
                    + " certificates come from -Djavax.net.ssl.trustStore and -Djavax.net.ssl.keyStore");
        }
    }

    private static boolean isOidcWithoutEnvironment(ConnectionString uri) {
        return Stream.ofNullable(uri.getCredential())
                .anyMatch(credential -> "MONGODB-OIDC".equals(credential.getMechanism())
                        && credential.getMechanismProperty("ENVIRONMENT", null) == null);
    }

    private static @Nullable String database(ConnectionString uri) {
        if (uri.getCollection() != null) {
            throw new IllegalArgumentException("names a collection after the database; DB_COLLECTION_USERS does that");
        }
        String database = uri.getDatabase();
        if (database != null && !SettingCatalog.isStoreName(database)) {
            throw new IllegalArgumentException("names a database that " + SettingCatalog.STORE_NAME_RULE);
        }
        return database;
    }

    /** Returns whether MongoDB stores its own data in this database, for example the accounts of database users. */
    static boolean isServerDatabase(String database) {
        return SERVER_DATABASES.contains(database);
    }

    private static List<String> options(String text) {
        int start = text.indexOf('?');
        return start < 0 ? List.of() : Arrays.asList(text.substring(start + 1).split("[&;]"));
    }

    private static String name(String option) {
        return option.split("=", 2)[0];
    }
}
