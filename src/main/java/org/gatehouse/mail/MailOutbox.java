package org.gatehouse.mail;

import java.time.Instant;
import java.util.function.Consumer;
import org.gatehouse.identity.UserId;

/**
 * Moves mail requests from the documents whose changes requested them to the queue. A request is removed from its
 * document after it is in the queue.
 */
public interface MailOutbox {
    /** Moves the requests of one user. */
    void handOver(UserId user, Consumer<MailRequest> queue);

    /** Moves the requests of all users that are older than the given time, because the node that made them may have ended. */
    void handOverAll(Instant before, Consumer<MailRequest> queue);
}
