package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.BsonDocument;
import org.gatehouse.app.Node;
import org.gatehouse.config.MailFrom;
import org.gatehouse.config.MailLinks;
import org.gatehouse.config.MailSettings;
import org.gatehouse.config.MailSettings.Notice;
import org.gatehouse.config.Secret;
import org.gatehouse.config.SmtpUrl;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.mail.MailQueue;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.mail.MailServer;
import org.gatehouse.mail.StoredMails;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.BsonValues;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests notices about second factors, from the request to the received mail. */
class FactorNoticeTest {
    private static final Stores stores = new Stores();
    private static final MailServer mails = MailServer.start();
    private static final Node node = Node.start(stores, mails.settings());
    private static final MongoConnection mongo =
            new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics());
    private static final MailQueue queue = StoredMails.queue(mongo);
    private static final AtomicInteger number = new AtomicInteger();

    private static final ClientInfo CLIENT = new ClientInfo(
            "2001:db8::7", "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "r", "de, en");

    private final String address = "user-" + number.incrementAndGet() + "@example.com";

    @AfterAll
    static void stop() {
        mongo.close();
        node.close();
        mails.close();
        stores.close();
    }

    @ParameterizedTest
    @EnumSource(FactorEvent.class)
    void theMailDescribesTheEvent(FactorEvent event) {
        User user = create(true);

        factorNotice(user, event, "Pixel 9 <i>").forEach(queue::add);

        MailServer.Received mail = mails.await(address, "notice-factor");
        assertThat(mail.text()).startsWith("Hallo ").doesNotContain("#proof=");
        boolean named = event != FactorEvent.RECOVERY_CODE_USED && event != FactorEvent.RECOVERY_CODES_REPLACED;
        assertThat(mail.text().contains("„Pixel 9 <i>“")).isEqualTo(named);
        boolean own = event != FactorEvent.REMOVED_BY_ADMINISTRATOR;
        assertThat(mail.text().contains("Firefox on Linux")).isEqualTo(own);
        assertThat(mail.text().contains("2001:db8::7")).isEqualTo(own);
        assertThat(mail.html()).doesNotContain("<i>");
    }

    @Test
    void aNameContainsNeitherALinkNorAHeaderNorALongText() {
        String evil = "https://evil.example/\uff0ex@y\\z\r\nBcc: a@b.example " + "\ud83d\ude00".repeat(2000);

        MailRequest notice = factorNotice(create(true), FactorEvent.ADDED, evil).get(0);

        String name = Objects.requireNonNull(
                Objects.requireNonNull(notice.details().factor()).name());
        assertThat(name).startsWith("https---evil-example--x-y-z\r\nBcc- a-b-example ");
        assertThat(name.codePointCount(0, name.length())).isEqualTo(64);
        assertThat(name).endsWith("\ud83d\ude00");
        queue.add(notice);
        MailServer.Received mail = mails.await(address, "notice-factor");
        assertThat(mail.subject()).isEqualTo("Ein zweiter Faktor wurde hinzugefügt");
        assertThat(mail.text()).contains("„https---evil-example--x-y-z Bcc- a-b-example ");
    }

    @Test
    void aNoticeIsNotLimitedAndExpiresAfterThreeDays() {
        assertThat(factorNotice(create(true), FactorEvent.REMOVED, "x"))
                .singleElement()
                .satisfies(notice -> {
                    assertThat(notice.limited()).isFalse();
                    assertThat(Duration.between(notice.createdAt(), notice.expiresAt()))
                            .isEqualTo(Duration.ofDays(3));
                });
    }

    @Test
    void thereIsNoNoticeWithoutAVerifiedAddressOrWithoutTheSetting() {
        User verified = create(true);
        EnumSet<Notice> others = EnumSet.complementOf(EnumSet.of(Notice.FACTOR));

        assertThat(factorNotice(create(false), FactorEvent.ADDED, "x")).isEmpty();
        assertThat(userMails(others).factorNotice(verified, FactorEvent.ADDED, "x", CLIENT))
                .isEmpty();
        assertThat(new UserMails(queue, null, Clock.systemUTC()).factorNotice(verified, FactorEvent.ADDED, "x", CLIENT))
                .isEmpty();
    }

    private static List<MailRequest> factorNotice(User user, FactorEvent event, String name) {
        return userMails(EnumSet.of(Notice.FACTOR)).factorNotice(user, event, name, CLIENT);
    }

    private static UserMails userMails(Set<Notice> notices) {
        Duration hour = Duration.ofHours(1);
        MailSettings settings = new MailSettings(
                SmtpUrl.parse("smtp://mail"),
                MailFrom.parse("a@b.example"),
                null,
                MailLinks.parse("https://app.example.com/{purpose}#proof={proof}"),
                notices,
                new MailSettings.ProofExpiry(hour, hour, hour, hour, hour));
        return new UserMails(queue, settings, Clock.systemUTC());
    }

    private User create(boolean verified) {
        String id = node.create(node.adminToken(), "name-" + number.incrementAndGet(), "correct horse battery staple");
        if (verified) {
            String body = "{\"email\":\"" + address + "\",\"verified\":true}";
            assertThat(node.send(
                                    "PUT",
                                    "/user/" + id + "/email",
                                    body,
                                    "Content-Type",
                                    "application/json",
                                    "auth",
                                    node.adminToken())
                            .status())
                    .isEqualTo(204);
        }
        BsonDocument stored = Objects.requireNonNull(mongo.call(() -> mongo.collection("users")
                .find(new BsonDocument("_id", BsonValues.id(id)))
                .first()));
        return UserDocument.read(stored);
    }
}
