package org.gatehouse.mail;

import java.time.Duration;
import java.util.List;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.store.Sha256;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.Throttle;

/**
 * Limits the mails that strangers can cause: the requests of one source, and the mails to one address.
 *
 * <p>The limit of a source applies before anything about the account is read, so an error does not show whether the
 * account exists. The limit of an address applies when the mail is sent, and the client does not notice it.
 */
public final class MailLimits {
    /** An office behind one address may have many users who forgot a password; a program sends thousands of requests. */
    private static final Quota BY_SOURCE = new Quota("mails", 60, Duration.ofHours(1));

    /** Users repeat a request once or twice if they do not find the mail. More would only annoy the receiver. */
    private static final List<Quota> BY_ADDRESS =
            List.of(new Quota("hour", 3, Duration.ofHours(1)), new Quota("day", 10, Duration.ofDays(1)));

    private final Throttle throttle;
    private final MongoMailDao mails;

    MailLimits(Throttle throttle, MongoMailDao mails) {
        this.throttle = throttle;
        this.mails = mails;
    }

    /**
     * Counts a request of a client that causes a mail.
     *
     * @param source the source of the request, from {@code ClientInfo.source()}
     * @throws GatehouseException {@code TOO_MANY_REQUESTS}
     */
    public void requireCapacity(String source) {
        var unused = throttle.acquire("source:" + source, List.of(BY_SOURCE), ErrorCode.TOO_MANY_REQUESTS);
    }

    /** Counts a mail to an address, once for all attempts. Returns false if the mail must not be sent. */
    public boolean admit(MailRow row, EmailAddress to) {
        if (!row.request().limited() || row.counted()) {
            return true;
        }
        try {
            var unused =
                    throttle.acquire("mails:" + Sha256.hex(to.canonical()), BY_ADDRESS, ErrorCode.TOO_MANY_REQUESTS);
        } catch (GatehouseException full) {
            if (full.code() != ErrorCode.TOO_MANY_REQUESTS) {
                throw full;
            }
            return false;
        }
        mails.setCounted(row);
        return true;
    }
}
