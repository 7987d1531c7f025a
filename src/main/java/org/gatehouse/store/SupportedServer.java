package org.gatehouse.store;

import com.mongodb.MongoCommandException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bson.BsonDocument;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rejects servers that are known not to provide the guarantees that Gatehouse needs.
 *
 * <p>FerretDB 1 is rejected, because its findAndModify is not atomic. An acknowledged change could be lost, a refresh
 * token could be used twice, and the cache could return stale data. FerretDB 2 has another storage engine and is
 * accepted.
 */
final class SupportedServer {
    private static final String FERRETDB = "ferretdb";
    private static final Pattern MAJOR = Pattern.compile("v?(\\d{1,4})(?:\\D.*)?");
    private static final Pattern NAMED = Pattern.compile("ferretdb[ /:-]*(v?\\d[\\w.-]*)?", Pattern.CASE_INSENSITIVE);
    private static final int FIRST_SUPPORTED = 2;
    private static final Logger log = LoggerFactory.getLogger(SupportedServer.class);

    private SupportedServer() {}

    /** See {@link MongoConnection#requireSupported}. */
    static void require(MongoConnection mongo) {
        BsonDocument build;
        try {
            build = mongo.buildInfo();
        } catch (MongoCommandException unknown) {
            log.debug("The server does not report its version", unknown);
            return;
        }
        ferretVersion(build).filter(SupportedServer::isOld).ifPresent(version -> {
            throw new UnusableStoreException("DB_HOST leads to FerretDB " + version
                    + ", which is not supported: its findAndModify is not atomic, so acknowledged changes would be lost."
                    + " Use MongoDB 4.4 or later, or FerretDB 2 or later");
        });
    }

    /** FerretDB 1 has {@code ferretdbVersion}, and FerretDB 2 has {@code ferretdb}; other servers have neither. */
    private static Optional<String> ferretVersion(BsonDocument build) {
        for (String name : build.keySet()) {
            BsonValue value = build.get(name);
            String field = name.toLowerCase(Locale.ROOT);
            if (field.equals(FERRETDB) && value.isDocument()) {
                return Optional.ofNullable(value.asDocument().get("version")).map(SupportedServer::text);
            }
            if (field.equals("ferretdbversion") || field.equals(FERRETDB)) {
                return Optional.of(text(value));
            }
        }
        Matcher named = NAMED.matcher(text(build.get("version")));
        return named.find() ? Optional.of(String.valueOf(named.group(1))) : Optional.empty();
    }

    private static String text(@Nullable BsonValue value) {
        return value != null && value.isString() ? value.asString().getValue() : "of an unknown version";
    }

    /** Returns whether the version is too old. Only FerretDB 1 and older have a version without a number. */
    private static boolean isOld(String version) {
        Matcher matcher = MAJOR.matcher(version);
        return !matcher.matches() || Integer.parseInt(matcher.group(1)) < FIRST_SUPPORTED;
    }
}
