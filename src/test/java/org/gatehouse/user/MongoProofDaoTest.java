package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.config.Secret;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.Username;
import org.gatehouse.json.Json;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.gatehouse.user.UserProofs.NewProof;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests the rules of stored proofs that depend on the order of writes. */
class MongoProofDaoTest {
    private static final EmailAddress OWNER = address("owner@example.com");
    private static final EmailAddress THIEF = address("thief@example.com");

    private static final Stores stores = new Stores();
    private static final MongoConnection mongo =
            new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics());
    private static final Clock clock = Clock.systemUTC();
    private static final MongoUserDao users = new MongoUserDao(mongo, "users", clock);
    private static final MongoProofDao proofs = new MongoProofDao(mongo, "users", clock);
    private static int number;

    private final User user = users.insert(newUser());

    @BeforeAll
    static void createIndexes() {
        MongoProofDao.createIndexes(mongo, "users");
    }

    @AfterAll
    static void stop() {
        mongo.close();
        stores.close();
    }

    @Test
    void aNoticeThatLeavesTheQueueAfterAnUndoGetsNoProof() {
        assertThat(issueUndo("a", OWNER, 1)).isPresent();
        change(THIEF);
        change(address("third@example.com"));

        assertThat(proofs.use(user.id(), ProofPurpose.UNDO, "a", AddressUndo::restore))
                .isPresent();

        assertThat(issueUndo("b", THIEF, 2)).isEmpty();
        assertThat(issue(ProofPurpose.CHANGE, "c", THIEF, 1)).isEmpty();
        long now = users.findLinearizable(user.id()).orElseThrow().version();
        assertThat(issueUndo("d", OWNER, now)).isPresent();
    }

    @Test
    void furtherChangesDoNotReplaceTheProofOfTheOwner() {
        assertThat(issueUndo("a", OWNER, 1)).isPresent();
        for (int i = 0; i < 30; i++) {
            assertThat(issueUndo("b" + i, THIEF, 2 + i)).isPresent();
        }

        assertThat(proofs.find(user.id(), ProofPurpose.UNDO, "a")).isPresent();
    }

    @Test
    void manyAttemptsToSendOneNoticeKeepTheDocumentSmall() {
        for (int i = 0; i < 50; i++) {
            assertThat(issueUndo("a" + i, OWNER, 1)).isPresent();
        }

        assertThat(proofs.find(user.id(), ProofPurpose.UNDO, "a0")).isEmpty();
        assertThat(proofs.find(user.id(), ProofPurpose.UNDO, "a49")).isPresent();
    }

    private static class AddressUndo {
        static UserEdit restore(ProvenUser proven) {
            return UserEdit.of(proven.user().withEmail(proven.address(), proven.verifiedAt()), List.of());
        }
    }

    private Optional<User> issueUndo(String hash, EmailAddress address, long version) {
        return issue(ProofPurpose.UNDO, hash, address, version);
    }

    private Optional<User> issue(ProofPurpose purpose, String hash, EmailAddress address, long version) {
        Instant now = clock.instant();
        NewProof proof = new NewProof(purpose, hash, address, now, version, now.plus(Duration.ofHours(1)));
        return proofs.issue(user.id(), proof, known -> true);
    }

    private void change(EmailAddress address) {
        assertThat(proofs.change(
                        user.id(), current -> UserEdit.of(current.withEmail(address, clock.instant()), List.of())))
                .isPresent();
    }

    private static NewUser newUser() {
        return new NewUser(
                Username.parse("user-" + ++number).orElseThrow(),
                "$argon2id$x",
                Set.of("user"),
                UserStatus.ACTIVE,
                Json.MAPPER.createObjectNode());
    }

    private static EmailAddress address(String text) {
        return EmailAddress.parse(text).orElseThrow();
    }
}
