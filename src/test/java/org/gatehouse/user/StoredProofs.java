package org.gatehouse.user;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import org.gatehouse.config.Secret;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.gatehouse.mail.MailKind;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Sha256;
import org.gatehouse.store.Stores;

/** Adds to a user what only an application with a mail server stores: proofs, and mails that are not queued yet. */
public final class StoredProofs {
    private StoredProofs() {}

    /** Stores a proof of each purpose, and one mail. The user must have a verified address. */
    public static void add(Stores stores, String userId, Clock clock) {
        UserId id = new UserId(userId);
        Instant now = clock.instant();
        try (MongoConnection mongo =
                new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics())) {
            MongoProofDao proofs = new MongoProofDao(mongo, "users", clock);
            EmailAddress address = EmailAddress.parse("verified@example.com").orElseThrow();
            MailRequest mail = new MailRequest(
                    UserDocument.newId().hex(),
                    MailKind.NOTICE_PASSWORD,
                    new MailRequest.Receiver(address, id, null),
                    "de",
                    false,
                    now,
                    now.plus(Duration.ofDays(3)),
                    MailRequest.Details.NONE);
            proofs.change(id, user -> UserEdit.of(user, List.of(mail))).orElseThrow();
            for (ProofPurpose purpose :
                    EnumSet.complementOf(EnumSet.of(ProofPurpose.INVITATION))) { // invitations have no user yet
                UserProofs.NewProof proof = new UserProofs.NewProof(
                        purpose,
                        Sha256.hex("a proof for " + purpose.text()),
                        address,
                        purpose == ProofPurpose.UNDO ? now : null,
                        1,
                        now.plus(Duration.ofHours(1)));
                proofs.issue(id, proof, user -> true).orElseThrow();
            }
        }
    }
}
