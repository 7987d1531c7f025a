package org.gatehouse.store;

import static java.util.stream.Collectors.joining;

import com.mongodb.MongoException;
import com.mongodb.MongoSecurityException;
import com.mongodb.connection.ClusterDescription;
import com.mongodb.connection.ServerDescription;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.gatehouse.store.MongoErrors.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Logs outages of MongoDB, its temporary errors and missing permissions, each with the reason that operators need. */
final class MongoFailureLog {
    /**
     * A success ends an outage only if nothing has failed for this time, because failures and successes may alternate.
     * For example, an account may lack only one permission, or an error of a server may last less than a second.
     */
    private static final Duration ERROR_QUIET_PERIOD = Duration.ofSeconds(10);

    private static final Logger log = LoggerFactory.getLogger(MongoConnection.class);

    private final ReplicaSetNames replicaSetNames;
    private final OutageLog outages = new OutageLog(log, "MongoDB is available again", Duration.ZERO, System::nanoTime);
    private final OutageLog errors =
            new OutageLog(log, "MongoDB accepts operations again", ERROR_QUIET_PERIOD, System::nanoTime);

    MongoFailureLog(ReplicaSetNames replicaSetNames) {
        this.replicaSetNames = replicaSetNames;
    }

    void succeeded() {
        outages.ended();
        errors.succeeded();
    }

    /** @param cluster the driver's descriptions of the servers, with the reasons why they cannot be reached */
    void failed(Kind kind, MongoException failure, ClusterDescription cluster) {
        switch (kind) {
            case UNREACHABLE -> reportOutage(failure, cluster);
            case TEMPORARY -> report(Level.WARN, "MongoDB returned a temporary error: ", failure);
            case FORBIDDEN -> reportMissingPermission(failure);
        }
    }

    private void reportOutage(MongoException failure, ClusterDescription cluster) {
        List<ServerDescription> servers = cluster.getServerDescriptions();
        for (ServerDescription server : servers) {
            if (server.getException() instanceof MongoSecurityException rejected
                    && MongoErrors.kind(rejected).equals(Optional.of(Kind.FORBIDDEN))) {
                reportMissingPermission(rejected);
                return;
            }
        }
        String reason = Stream.of(
                        replicaSetNames.problems().stream(),
                        Stream.ofNullable(cluster.getSrvResolutionException()).map(MongoErrors::summary),
                        servers.stream()
                                .filter(server -> server.getException() != null)
                                .map(MongoFailureLog::describe)
                                .sorted())
                .flatMap(problems -> problems)
                .collect(joining("; "));
        String shown = reason.isEmpty() ? MongoErrors.summary(failure) : reason;
        outages.failed(Level.WARN, shown.replaceAll("\\d+", "0"), "MongoDB cannot be reached: " + shown);
    }

    private void reportMissingPermission(MongoException failure) {
        report(Level.ERROR, "MongoDB rejects the account in DB_HOST, or does not permit an operation: ", failure);
    }

    private void report(Level level, String sentence, MongoException failure) {
        errors.failed(level, MongoErrors.reason(failure), sentence + MongoErrors.summary(failure));
    }

    private static String describe(ServerDescription server) {
        StringBuilder text = new StringBuilder(server.getAddress().toString());
        for (Throwable next = server.getException(); next != null; next = next.getCause()) {
            text.append(": ").append(next.getClass().getSimpleName());
            if (next.getMessage() != null) {
                text.append(" (")
                        .append(MongoErrors.redacted(next.getMessage()))
                        .append(')');
            }
        }
        return text.toString();
    }
}
