package org.gatehouse.store;

import com.mongodb.connection.ServerDescription;
import com.mongodb.connection.ServerType;
import com.mongodb.event.ServerDescriptionChangedEvent;
import com.mongodb.event.ServerListener;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * Records the servers that do not belong to the replica set that the connection string names.
 *
 * <p>The driver removes such a server from its list without an exception, so later errors do not show the reason.
 */
final class ReplicaSetNames implements ServerListener {
    private final @Nullable String required;
    private final Map<String, String> problems = new ConcurrentSkipListMap<>();

    /** @param required the name in the connection string; if it is null, nothing is recorded */
    ReplicaSetNames(@Nullable String required) {
        this.required = required;
    }

    @Override
    public void serverDescriptionChanged(ServerDescriptionChangedEvent event) {
        ServerDescription server = event.getNewDescription();
        if (required == null || server.getType() == ServerType.UNKNOWN) {
            return;
        }
        String address = server.getAddress().toString();
        String actual = server.getSetName();
        if (required.equals(actual) || server.getType() == ServerType.REPLICA_SET_GHOST) {
            problems.remove(address);
        } else {
            String problem =
                    actual == null ? " is not a member of a replica set" : " is a member of the replica set " + actual;
            problems.put(
                    address, address + problem + ", but DB_HOST has replicaSet=" + required + " (setName mismatch)");
        }
    }

    /** Returns one sentence for each recorded server, sorted by address. */
    List<String> problems() {
        return List.copyOf(problems.values());
    }
}
