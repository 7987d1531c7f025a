package org.gatehouse.leaving;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.gatehouse.concurrent.RepeatedTask;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.user.MongoLeavingUsers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes leaving users when they are due, in the background. Every node does this, because each deletion is one
 * conditional write.
 */
final class DueDeletions implements AutoCloseable {
    /** A deletion after seven days need not be punctual, and a server without range indexes reads all users. */
    private static final Duration INTERVAL = Duration.ofSeconds(20);

    private static final int BATCH = 100;
    private static final Logger log = LoggerFactory.getLogger(DueDeletions.class);

    private final MongoLeavingUsers users;
    private final Consumer<UserId> deletion;
    private final Clock clock;
    private final RepeatedTask task = new RepeatedTask("leaving-users", this::run);

    /** @param deletion deletes a user who is still leaving and due */
    DueDeletions(MongoLeavingUsers users, Consumer<UserId> deletion, Clock clock) {
        this.users = users;
        this.deletion = deletion;
        this.clock = clock;
    }

    void start() {
        task.start();
    }

    @Override
    public void close() {
        task.close();
    }

    private Duration run() {
        try {
            List<UserId> due = users.findDue(clock.instant(), BATCH);
            boolean failed = false;
            for (UserId id : due) {
                if (task.awaitStop(Duration.ZERO)) {
                    return INTERVAL;
                }
                failed |= !delete(id);
            }
            return failed || due.size() < BATCH ? INTERVAL : Duration.ZERO;
        } catch (GatehouseException notNow) {
            log.debug("Leaving users are deleted later: {}", notNow.code());
            return INTERVAL;
        }
    }

    /** Deletes one user. A failure must not prevent the deletion of the others. */
    private boolean delete(UserId id) {
        try {
            deletion.accept(id);
            return true;
        } catch (GatehouseException notNow) {
            log.debug("The leaving user {} is deleted later: {}", id, notNow.code());
        } catch (RuntimeException failed) {
            log.error("The leaving user {} could not be deleted; another attempt follows", id, failed);
        }
        return false;
    }
}
