package org.gatehouse.mail;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;

/**
 * Accepts mail requests. A request that was accepted is stored, and some node sends it later; callers never wait for the
 * mail server.
 */
public final class MailQueue {
    /** More hand-overs than this are left to the sweep of the worker. */
    private static final int MAX_PENDING = 10_000;

    /** Wakes the worker without a user. */
    private static final UserId NONE = new UserId("0".repeat(24));

    private final boolean configured;
    private final MongoMailDao mails;
    private final BlockingQueue<UserId> changed = new LinkedBlockingQueue<>(MAX_PENDING);

    MailQueue(boolean configured, MongoMailDao mails) {
        this.configured = configured;
        this.mails = mails;
    }

    /** Whether this server sends mail. If not, callers make no requests. */
    public boolean isConfigured() {
        return configured;
    }

    /**
     * Rejects the request if this server does not send mail.
     *
     * @throws GatehouseException {@code MAIL_NOT_CONFIGURED}
     */
    public void requireConfigured() {
        if (!configured) {
            throw new GatehouseException(ErrorCode.MAIL_NOT_CONFIGURED);
        }
    }

    /**
     * Stores a request that is not part of a change.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    public void add(MailRequest request) {
        mails.insert(request);
        wake();
    }

    /** Tells the worker that a change of this user requested mails. The change is stored already. */
    public void handOverSoon(UserId user) {
        if (configured) {
            boolean unused = changed.offer(user);
        }
    }

    /** Wakes the worker. If it is about to be awake, this method changes nothing, so users keep their places. */
    void wake() {
        if (changed.isEmpty()) {
            boolean unused = changed.offer(NONE);
        }
    }

    /** Returns the users whose documents contain requests, as far as this node knows. */
    BlockingQueue<UserId> changed() {
        return changed;
    }

    static boolean isUser(UserId id) {
        return !id.equals(NONE);
    }
}
