package org.gatehouse.config;

import com.mongodb.ConnectionString;
import com.mongodb.MongoClientSettings;
import com.mongodb.MongoCompressor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A connection string that the driver accepts and can act on with the libraries that are there.
 *
 * <p>No message repeats the text or the driver's sentence about it, because both may hold a password.
 *
 * @param database the one that the path names; empty when it names none
 */
record MongoUri(Secret text, Optional<String> database) {
    private static final String NOT_ONE = "is not a MongoDB connection string (mongodb://host:27017)";

    /** Databases of the server itself. */
    private static final Set<String> OF_SERVER = Set.of("admin", "config", "local");

    /** Of the options about TLS, those that the Java driver reads; it ignores the others, such as a file with keys. */
    private static final Set<String> TLS_OPTIONS =
            Set.of("tls", "ssl", "tlsinsecure", "tlsallowinvalidhostnames", "sslinvalidhostnameallowed");

    /**
     * Reads a connection string.
     *
     * @throws IllegalArgumentException with the reason, as words that follow the name of the setting
     */
    static MongoUri parse(String text) {
        if (text.codePoints().anyMatch(letter -> Character.isWhitespace(letter) || Character.isISOControl(letter))) {
            throw new IllegalArgumentException(NOT_ONE + ": it has a blank or a control character");
        }
        requireNothingOfACredentialAfterTheHosts(text);
        ConnectionString uri = driverReads(text).orElseThrow(() -> new IllegalArgumentException(reason(text)));
        requireLibraries(uri);
        requireTlsOptionsThatAreRead(text);
        if (isOidcWithoutEnvironment(uri)) {
            throw new IllegalArgumentException("names authMechanism=MONGODB-OIDC, which needs"
                    + " authMechanismProperties=ENVIRONMENT:azure, ENVIRONMENT:gcp or ENVIRONMENT:k8s");
        }
        return new MongoUri(new Secret(text), database(uri));
    }

    /** What follows an unencoded {@code /} or {@code ?} in a password would be a database or an option, and be logged. */
    private static void requireNothingOfACredentialAfterTheHosts(String text) {
        int scheme = text.indexOf("://");
        String rest = scheme < 0 ? "" : text.substring(scheme + 3);
        int hostsEnd = rest.split("[/?]", 2)[0].length();
        if (rest.indexOf('@', hostsEnd) >= 0) {
            throw new IllegalArgumentException(NOT_ONE + ": an @ follows a / or ?. " + RedisUrl.ENCODE);
        }
    }

    private static Optional<ConnectionString> driverReads(String text) {
        try {
            ConnectionString uri = new ConnectionString(text);
            // Reads more than the constructor does, such as whether a minimum is above its maximum.
            var unused =
                    MongoClientSettings.builder().applyConnectionString(uri).build();
            return Optional.of(uri);
        } catch (RuntimeException malformed) {
            return Optional.empty();
        }
    }

    private static String reason(String text) {
        if (!text.startsWith("mongodb://") && !text.startsWith("mongodb+srv://")) {
            return NOT_ONE + ": it does not begin with mongodb:// or mongodb+srv://";
        }
        Optional<String> culprit = options(text).stream()
                .filter(option ->
                        driverReads(text.replace(option, "appName=gatehouse")).isPresent())
                .map(MongoUri::name)
                .filter(name -> name.matches("[A-Za-z]{1,40}"))
                .findFirst();
        if (culprit.isPresent()) {
            return NOT_ONE + ": the option " + culprit.get() + " is not valid";
        }
        return text.contains("@") ? NOT_ONE + ". " + RedisUrl.ENCODE : NOT_ONE;
    }

    private static void requireLibraries(ConnectionString uri) {
        for (MongoCompressor compressor : uri.getCompressorList()) {
            requireLibrary("compressors=" + compressor.getName(), libraryOf(compressor.getName()));
        }
        if (uri.getHosts().stream().anyMatch(host -> host.endsWith(".sock"))) {
            requireLibrary("a Unix domain socket", "jnr.unixsocket.UnixSocketAddress");
        }
    }

    private static @Nullable String libraryOf(String compressor) {
        return switch (compressor) {
            case "zstd" -> "com.github.luben.zstd.Zstd";
            case "snappy" -> "org.xerial.snappy.Snappy";
            default -> null; // zlib is part of Java
        };
    }

    private static void requireLibrary(String use, @Nullable String className) {
        if (className == null) {
            return;
        }
        try {
            Class.forName(className, false, ConnectionString.class.getClassLoader());
        } catch (ClassNotFoundException absent) {
            throw new IllegalArgumentException("names " + use + ", which needs a library that is not part of Gatehouse"
                    + " (" + className + ")" + (use.startsWith("compressors") ? "; compressors=zlib works" : ""));
        }
    }

    private static void requireTlsOptionsThatAreRead(String text) {
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

    private static Optional<String> database(ConnectionString uri) {
        if (uri.getCollection() != null) {
            throw new IllegalArgumentException("names a collection after the database; DB_COLLECTION_USERS does that");
        }
        Optional<String> database = Optional.ofNullable(uri.getDatabase());
        database.filter(name -> !Settings.isStoreName(name)).ifPresent(name -> {
            throw new IllegalArgumentException("names a database that " + Settings.STORE_NAME_RULE);
        });
        return database;
    }

    /** Whether this database is the server's own, where a user may be defined but no application keeps its data. */
    static boolean isOfServer(String database) {
        return OF_SERVER.contains(database);
    }

    private static List<String> options(String text) {
        int start = text.indexOf('?');
        return start < 0 ? List.of() : Arrays.asList(text.substring(start + 1).split("[&;]"));
    }

    private static String name(String option) {
        return option.split("=", 2)[0];
    }
}
