package org.gatehouse.mail;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.gatehouse.config.Secret;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Sha256;
import org.gatehouse.store.Stores;

/** Stores rows of the queue as a node does that sends them: an invitation that is sent, and a test mail that waits. */
public final class StoredMails {
    private StoredMails() {}

    public static void store(Stores stores, Clock clock) {
        try (MongoConnection mongo =
                new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics())) {
            MongoMailDao mails = new MongoMailDao(mongo);
            Instant now = clock.instant();
            MailRequest.Invitation invitation =
                    new MailRequest.Invitation(Set.of("user"), "invited", "6b04b3b7e9cfde2681108d5e");
            mails.insert(request(
                    MailKind.INVITATION, now, new MailRequest.Details(null, null, 0, null, null, invitation, null)));
            MailRow row = mails.lease(now, now.plus(Duration.ofMinutes(2))).orElseThrow();
            if (!mails.addProof(row, Sha256.hex("a proof of an invitation"))) {
                throw new AssertionError("the row is not leased");
            }
            mails.setCounted(row);
            mails.finish(row, MailStatus.SENT, "guest@example.com", null);
            mails.insert(request(MailKind.TEST, now, MailRequest.Details.NONE));
        }
    }

    /** Returns the queue as a node sees it that sends mails. */
    public static MailQueue queue(MongoConnection mongo) {
        return new MailQueue(true, new MongoMailDao(mongo));
    }

    private static MailRequest request(MailKind kind, Instant now, MailRequest.Details details) {
        return new MailRequest(
                MongoMailDao.newId(),
                kind,
                new MailRequest.Receiver(EmailAddress.parse("guest@example.com").orElseThrow(), null, null),
                "de",
                kind == MailKind.INVITATION,
                now,
                now.plus(Duration.ofDays(7)),
                details);
    }
}
