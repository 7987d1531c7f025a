package org.gatehouse.mail;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Cursor;
import org.gatehouse.http.Page;
import org.gatehouse.http.PageRequest;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.IsoTime;
import org.gatehouse.json.Json;
import org.jspecify.annotations.Nullable;

/** Shows the queue to administrators, and sends test mails. */
public final class MailRows {
    /** An administrator waits for a test mail. Later, it would only be confusing. */
    private static final Duration TEST_EXPIRY = Duration.ofMinutes(10);

    private static final int ID_LENGTH = 24;

    private final MongoMailDao mails;
    private final MailQueue queue;
    private final Clock clock;

    MailRows(MongoMailDao mails, MailQueue queue, Clock clock) {
        this.mails = mails;
        this.queue = queue;
        this.clock = clock;
    }

    /**
     * Returns one page of rows, latest first. The parameters are those of the URL.
     *
     * @throws GatehouseException {@code VALIDATION_FAILED}
     */
    public Page<MailRow> list(
            @Nullable String limit, @Nullable String after, @Nullable String status, @Nullable String user) {
        FieldErrors errors = new FieldErrors();
        PageRequest page = PageRequest.parse(limit, after, errors);
        String position = page.position(
                        cursor -> Cursor.parse(cursor, 1)
                                .map(parts -> parts.get(0))
                                .filter(MailRows::isId),
                        errors)
                .orElse(null);
        MailStatus known =
                Optional.ofNullable(status).flatMap(MailStatus::parse).orElse(null);
        if (status != null && known == null) {
            errors.add("status", "must be queued, sent, failed, expired or void");
        }
        UserId userId = Optional.ofNullable(user).flatMap(UserId::parse).orElse(null);
        if (user != null && userId == null) {
            errors.add("user", "must be the id of a user, 24 hexadecimal digits");
        }
        errors.throwIfAny();
        List<MailRow> found = mails.list(new MongoMailDao.Selection(known, userId), position, page.limit() + 1);
        return Page.of(found, page.limit());
    }

    /**
     * Returns the mails to a user for the user's own export, latest first.
     *
     * @param last the last mail of the previous page; null for the first page
     */
    public List<ObjectNode> exported(UserId user, @Nullable ObjectNode last, int limit) {
        return mails.exported(user, last, limit);
    }

    /** Returns the latest mails that concern a user, latest first. */
    public Page<MailRow> latest(UserId user, int limit) {
        return Page.of(mails.list(new MongoMailDao.Selection(null, user), null, limit + 1), limit);
    }

    /** Records which user a mail concerns whose request names only an address or a username. */
    public void setUser(MailRow row, UserId user) {
        mails.setAccount(row, user);
    }

    public static String cursor(MailRow row) {
        return Cursor.of(row.request().id());
    }

    /**
     * Makes a mail due now.
     *
     * @throws GatehouseException {@code MAIL_NOT_FOUND}, {@code MAIL_NOT_RETRYABLE}, {@code MAIL_NOT_CONFIGURED}
     */
    public MailRow retry(String id) {
        queue.requireConfigured();
        MailRow row = Optional.of(id)
                .filter(MailRows::isId)
                .flatMap(mails::find)
                .orElseThrow(() -> new GatehouseException(ErrorCode.MAIL_NOT_FOUND));
        if (row.status() == MailStatus.QUEUED && row.lease() != null) {
            return row; // a node is sending it now
        }
        return mails.requeue(id, clock.instant())
                .orElseThrow(() -> new GatehouseException(ErrorCode.MAIL_NOT_RETRYABLE));
    }

    /**
     * Queues a test mail.
     *
     * @param language the language that the client prefers
     * @throws GatehouseException {@code MAIL_NOT_CONFIGURED}
     */
    public MailRow test(EmailAddress to, String language) {
        queue.requireConfigured();
        Instant now = clock.instant();
        MailRequest request = new MailRequest(
                MongoMailDao.newId(),
                MailKind.TEST,
                new MailRequest.Receiver(to, null, null),
                language,
                false,
                now,
                now.plus(TEST_EXPIRY),
                MailRequest.Details.NONE);
        queue.add(request);
        return new MailRow(request, to.typed(), null, MailStatus.QUEUED, 0, now, null, null, false);
    }

    /** Returns the invitation with this proof; empty if it is unknown, used or expired. */
    public Optional<MailRequest> findInvitation(String id, String proofHash) {
        return mails.findInvitation(id, proofHash, clock.instant());
    }

    /** Stores the hash of an invitation's proof. Returns false if this node no longer sends the mail. */
    public boolean addInvitationProof(MailRow row, String proofHash) {
        return mails.addProof(row, proofHash);
    }

    /** Records that an invitation was used. */
    public void setInvitationUsed(String id) {
        mails.setUsed(id, clock.instant());
    }

    private static boolean isId(String text) {
        return text.length() == ID_LENGTH
                && text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    }

    public static ObjectNode json(MailRow row) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put(MailDocument.ID, row.request().id());
        json.put(MailDocument.KIND, row.request().kind().text());
        if (row.to() != null) {
            json.put(MailDocument.TO, row.to());
        }
        if (row.user() != null) {
            json.put("user", row.user().hex());
        }
        json.put(MailDocument.STATUS, row.status().text());
        json.put(MailDocument.ATTEMPTS, row.attempts());
        if (row.nextAt() != null) {
            json.put(MailDocument.NEXT_AT, IsoTime.format(row.nextAt()));
        }
        if (row.lastError() != null) {
            json.put(MailDocument.LAST_ERROR, row.lastError());
        }
        json.put(MailDocument.CREATED_AT, IsoTime.format(row.request().createdAt()));
        return json;
    }
}
